"""Recipe fields of the augmentation of images (`core.data.augment`, `core.data.augment_digits`). Imports without torch."""

from __future__ import annotations

from typing import Literal

from core.messages import N_
from core.training.recipe import Recipe, recipe_field


class AugmentationRecipe(Recipe):
    """Random changes of training images; all are off by default."""

    shift: float = recipe_field(
        0.0,
        N_("Shift"),
        N_("Augmentation: shifts each image by up to this many pixels."),
        unit=N_("pixels"),
        group="augmentation",
        only="images",
        ge=0,
        le=16,
        term="augmentation",
    )
    rotate: float = recipe_field(
        0.0,
        N_("Rotation"),
        N_("Augmentation: rotates each image by up to this many degrees."),
        unit=N_("degrees"),
        group="augmentation",
        only="images",
        ge=0,
        le=180,
        term="augmentation",
    )
    scale: float = recipe_field(
        0.0,
        N_("Scale"),
        N_("Augmentation: scales each image up or down by up to this fraction."),
        group="augmentation",
        only="images",
        ge=0,
        le=0.9,
        term="augmentation",
    )
    shear: float = recipe_field(
        0.0,
        N_("Slant"),
        N_("Augmentation: slants each digit to the left or right by up to this many degrees."),
        unit=N_("degrees"),
        group="augmentation",
        only="digits",
        ge=0,
        le=45,
        term="augmentation",
    )
    elastic: float = recipe_field(
        0.0,
        N_("Elastic deformation"),
        N_("Augmentation: bends each digit smoothly; typical displacement of its pixels."),
        unit=N_("pixels"),
        group="augmentation",
        only="digits",
        ge=0,
        le=4,
        term="augmentation",
    )
    stroke_width: float = recipe_field(
        0.0,
        N_("Stroke width"),
        N_("Augmentation: thickens or thins the strokes. At 1, by up to one pixel on each side."),
        group="augmentation",
        only="digits",
        ge=0,
        le=1,
        term="augmentation",
    )
    pen_strokes: float = recipe_field(
        0.0,
        N_("Extra strokes"),
        N_(
            "Augmentation: adds a flag and a base to 1, a bar to 7 and a tail to 9, as people write "
            "them in many countries. Probability of each stroke."
        ),
        group="augmentation",
        only="digits",
        ge=0,
        le=1,
        term="augmentation",
    )
    flip: Literal["none", "random", "alternating"] = recipe_field(
        "none",
        N_("Horizontal flip"),
        N_(
            "Augmentation: flips half of the images horizontally. “alternating” flips each image "
            "in every second epoch."
        ),
        group="augmentation",
        only="photos",
        term="augmentation",
    )
    crop_padding: int = recipe_field(
        0,
        N_("Random crop"),
        N_("Augmentation: random crop after reflection padding by this many pixels."),
        unit=N_("pixels"),
        group="augmentation",
        only="photos",
        ge=0,
        le=64,
        term="augmentation",
    )
    vertical_flip: bool = recipe_field(
        False,
        N_("Vertical flip"),
        N_("Augmentation: turns half of the images upside down."),
        group="augmentation",
        only="photos",
        term="augmentation",
    )
    resized_crop: float = recipe_field(
        1.0,
        N_("Random resized crop"),
        N_(
            "Augmentation: resizes a random part of each image to full size. Smallest share of the area; "
            "1 disables it."
        ),
        group="augmentation",
        only="photos",
        ge=0.01,
        le=1,
        term="augmentation",
    )
    cutout: int = recipe_field(
        0,
        N_("Cutout"),
        N_("Augmentation: masks a square of this side length at a random position."),
        unit=N_("pixels"),
        group="augmentation",
        only="photos",
        ge=0,
        le=256,
        term="cutout",
    )
    random_erasing: float = recipe_field(
        0.0,
        N_("Random erasing"),
        N_("Augmentation: masks a random rectangle in this fraction of the images."),
        group="augmentation",
        only="photos",
        ge=0,
        le=1,
        term="cutout",
    )
    color_jitter: float = recipe_field(
        0.0,
        N_("Color jitter"),
        N_("Augmentation: changes brightness, contrast and saturation by up to this fraction."),
        group="augmentation",
        only="photos",
        ge=0,
        le=1,
        term="augmentation",
    )
    hue: float = recipe_field(
        0.0,
        N_("Hue"),
        N_(
            "Augmentation: shifts the hue by up to this fraction of half the color wheel. At 1, "
            "the hue is fully random."
        ),
        group="augmentation",
        only="photos",
        ge=0,
        le=1,
        term="augmentation",
    )
    grayscale: float = recipe_field(
        0.0,
        N_("Grayscale"),
        N_("Augmentation: converts this fraction of the images to grayscale."),
        group="augmentation",
        only="photos",
        ge=0,
        le=1,
        term="augmentation",
    )
