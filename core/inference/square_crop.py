"""Photos of any size as model input: the centered square, resized, with the intermediate images for display."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core import images


@dataclass(frozen=True)
class SquareCrop:
    """A photo on its way to model input.

    Attributes:
        photo: the original, at most 640 pixels a side, for display.
        cropped: its centered square, at most 320 pixels a side.
        pixels: uint8 (C, size, size).
    """

    photo: Image.Image
    cropped: Image.Image
    pixels: np.ndarray


def crop_square(photo: Image.Image, size: int, channels: int = 3) -> SquareCrop:
    """Crop the centered square of `photo` and resize it to `size`×`size`, as images of an image folder are."""
    flat = images.flatten_alpha(photo).convert("RGB")
    side = min(flat.size)
    left, top = (flat.width - side) // 2, (flat.height - side) // 2
    cropped = flat.crop((left, top, left + side, top + side))
    small = images.center_crop(flat, size)
    array = np.asarray(small.convert("L"))[None] if channels == 1 else np.asarray(small).transpose(2, 0, 1)
    shown, shown_crop = flat.copy(), cropped.copy()
    shown.thumbnail((640, 640))
    shown_crop.thumbnail((320, 320))
    return SquareCrop(shown, shown_crop, np.ascontiguousarray(array))
