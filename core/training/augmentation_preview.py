"""Preview of augmentation: the same training images after each augmentation alone, and after all that a
recipe uses.

Shapes: N images, C H W.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from core.data import ArrayDataset, augment
from core.messages import Message, N_
from core.training.batches import Batches
from core.training.supervised_recipe import SupervisedRecipe

# Each augmentation: title, its recipe fields, and amounts for the preview if the recipe has it disabled.
AUGMENTATIONS: tuple[tuple[str, dict[str, object]], ...] = (
    (N_("Horizontal flip"), {"flip": "random"}),
    (N_("Vertical flip"), {"vertical_flip": True}),
    (N_("Random crop"), {"crop_padding": 4}),
    (N_("Random resized crop"), {"resized_crop": 0.4}),
    (N_("Shift, rotation, scale"), {"shift": 3.0, "rotate": 15.0, "scale": 0.15}),
    (N_("Slant, elastic deformation"), {"shear": 20.0, "elastic": 1.5}),
    (N_("Stroke width"), {"stroke_width": 0.6}),
    (N_("Extra strokes"), {"pen_strokes": 0.8}),
    (N_("Color jitter"), {"color_jitter": 0.4}),
    (N_("Hue and grayscale"), {"hue": 1.0, "grayscale": 0.3}),
    (N_("Cutout"), {"cutout": 10}),
    (N_("Random erasing"), {"random_erasing": 0.7}),
)
_DISABLED_FIELDS = {
    "flip": "none",
    "crop_padding": 0,
    "shift": 0.0,
    "rotate": 0.0,
    "scale": 0.0,
    "shear": 0.0,
    "elastic": 0.0,
    "stroke_width": 0.0,
    "pen_strokes": 0.0,
    "color_jitter": 0.0,
    "hue": 0.0,
    "grayscale": 0.0,
    "cutout": 0,
    "vertical_flip": False,
    "resized_crop": 1.0,
    "random_erasing": 0.0,
}


@dataclass(frozen=True)
class PreviewRow:
    """One row of the preview.

    Attributes:
        title: name of the augmentation.
        images: uint8 (N, H, W, C).
        enabled: whether the recipe uses it.
        amounts: recipe fields that were applied.
    """

    title: Message
    images: np.ndarray
    enabled: bool
    amounts: dict[str, object]


def preview_rows(
    data: ArrayDataset, recipe: SupervisedRecipe, fields: list[str], count: int = 8, seed: int = 0
) -> list[PreviewRow]:
    """Augment `count` training images, spread evenly over the training set.

    Args:
        data: the data set.
        recipe: the recipe.
        fields: recipe fields that apply to the task; augmentations without any of them are left out.
        count: number of images.
        seed: seed of the random numbers.

    Returns:
        Rows: the original images, each augmentation alone, and all enabled ones together.

    Raises:
        UserError: if the recipe's crop padding is too large for the images.
    """
    augment.check_crop_size(recipe.crop_padding, data.in_shape)
    index = np.linspace(0, len(data.train_y) - 1, count).astype(int)
    batches = Batches(data, data.train_x[index], data.train_y[index])
    rows = [
        PreviewRow(
            Message(N_("Original")), _render_images(batches, recipe, data, _DISABLED_FIELDS, seed), True, {}
        )
    ]
    for title, default_amounts in AUGMENTATIONS:
        own_fields = {name: getattr(recipe, name) for name in default_amounts if name in fields}
        if not own_fields:
            continue
        enabled = any(value != _DISABLED_FIELDS[name] for name, value in own_fields.items())
        amounts = own_fields if enabled else {name: default_amounts[name] for name in own_fields}
        rows.append(
            PreviewRow(
                Message(title),
                _render_images(batches, recipe, data, {**_DISABLED_FIELDS, **amounts}, seed),
                enabled,
                amounts,
            )
        )
    if sum(row.enabled for row in rows) > 2:
        rows.append(
            PreviewRow(
                Message(N_("All enabled augmentations")),
                _render_images(batches, recipe, data, {}, seed),
                True,
                {},
            )
        )
    return rows


def _render_images(
    batches: Batches, recipe: SupervisedRecipe, data: ArrayDataset, changes: dict[str, object], seed: int
) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    first = torch.rand(len(batches), generator=generator) < 0.5
    x = batches.augment(torch.arange(len(batches)), recipe.model_copy(update=changes), 0, first, generator)
    pixels = (x - batches.offset) / batches.gain  # (N, C, H, W), back to [0, 255]
    return pixels.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
