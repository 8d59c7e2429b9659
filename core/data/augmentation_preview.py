"""What augmentation does to a batch: the same training pictures, each kind alone, then all that a recipe uses at once.

Shapes: N pictures, C H W.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from core.data import ArrayDataset, augment
from core.messages import Message, N_
from core.training.batches import Batches
from core.training.supervised_recipe import SupervisedRecipe

# Each kind: what a picture goes through, the recipe's fields for it, and amounts that show it where the recipe has it off.
AUGMENTATIONS: tuple[tuple[str, dict[str, object]], ...] = (
    (N_("Horizontal flip"), {"flip": "random"}),
    (N_("Random crop"), {"crop_padding": 4}),
    (N_("Shift, rotation, scale"), {"shift": 3.0, "rotate": 15.0, "scale": 0.15}),
    (N_("Color jitter"), {"color_jitter": 0.4}),
    (N_("Hue and grayscale"), {"hue": 1.0, "grayscale": 0.3}),
    (N_("Cutout"), {"cutout": 10}),
)
_DISABLED_FIELDS = {
    "flip": "none",
    "crop_padding": 0,
    "shift": 0.0,
    "rotate": 0.0,
    "scale": 0.0,
    "color_jitter": 0.0,
    "hue": 0.0,
    "grayscale": 0.0,
    "cutout": 0,
}


@dataclass(frozen=True)
class PreviewRow:
    """One line of the preview. `images` (N, H, W, C) uint8; `used` says whether the recipe does this; `amounts` are the fields."""

    title: Message
    images: np.ndarray
    used: bool
    amounts: dict[str, object]


def preview_rows(
    data: ArrayDataset, recipe: SupervisedRecipe, fields: list[str], count: int = 8, draw: int = 0
) -> list[PreviewRow]:
    """`count` training pictures, taken from all over the part: as they are, after each kind of augmentation of which `fields` holds a
    field, and after everything that `recipe` uses. Another `draw` gives other random numbers. Raises UserError where the
    recipe's crop is too large for them."""
    augment.check_crop_size(recipe.crop_padding, data.in_shape)
    index = np.linspace(0, len(data.train_y) - 1, count).astype(int)
    part = Batches(data, data.train_x[index], data.train_y[index])
    found = [
        PreviewRow(
            Message(N_("Original")), _render_images(part, recipe, data, _DISABLED_FIELDS, draw), True, {}
        )
    ]
    for title, typical in AUGMENTATIONS:
        mine = {name: getattr(recipe, name) for name in typical if name in fields}
        if not mine:
            continue
        used = any(value != _DISABLED_FIELDS[name] for name, value in mine.items())
        amounts = mine if used else {name: typical[name] for name in mine}
        found.append(
            PreviewRow(
                Message(title),
                _render_images(part, recipe, data, {**_DISABLED_FIELDS, **amounts}, draw),
                used,
                amounts,
            )
        )
    if sum(row.used for row in found) > 2:
        found.append(
            PreviewRow(
                Message(N_("All enabled augmentations")),
                _render_images(part, recipe, data, {}, draw),
                True,
                {},
            )
        )
    return found


def _render_images(
    part: Batches, recipe: SupervisedRecipe, data: ArrayDataset, changes: dict[str, object], draw: int
) -> np.ndarray:
    generator = torch.Generator().manual_seed(draw)
    first = torch.rand(len(part), generator=generator) < 0.5
    x = part.augment(torch.arange(len(part)), recipe.model_copy(update=changes), 0, first, generator)
    pixels = (x - part.offset) / part.gain  # (N, C, H, W), back to [0, 255]
    return pixels.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
