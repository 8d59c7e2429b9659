"""Contact sheet of test photos and their translations, chosen by index: every tenth of each domain.

    python -m tools.translation_sheet OUT.jpg

Rows: apples, translated, reconstructed; oranges, translated, reconstructed.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from PIL import Image

from core import checkpoints, data
from core.translation import photo_translation
from core.translation.sample_photos import TILE_GAP
from core.translation.translator import PRETRAINED_NAME, Translator

STRIDE = 10


def make_sheet() -> np.ndarray:
    """Return the sheet, (H, W, 3) uint8. Exits if the real photos are not installed."""
    dataset = data.load_dataset("apple2orange", download=False)
    if dataset.stand_in_for:
        sys.exit("The photos of apples and oranges are not installed.")
    translator = Translator.load(checkpoints.load_card(PRETRAINED_NAME).weights)
    rows = []
    for domain, way in ((0, "a2b"), (1, "b2a")):
        photos = torch.from_numpy(dataset.test_x[dataset.test_y == domain][::STRIDE]).float() / 255
        made = translator.translate(photos, way, reconstruct=True)
        back = torch.nn.functional.interpolate(
            made.reconstruction, size=photos.shape[-2:], mode="bilinear", align_corners=False
        )
        rows += [photos, photo_translation.apply_change(photos, made.change), back]
    return np.concatenate([_make_row(row) for row in rows])


def _make_row(photos: torch.Tensor) -> np.ndarray:
    tiles = (photos * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    return np.concatenate(
        [np.pad(t, ((0, TILE_GAP), (0, TILE_GAP), (0, 0)), constant_values=255) for t in tiles], axis=1
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Image.fromarray(make_sheet()).save(sys.argv[1], quality=90)
