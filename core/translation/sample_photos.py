"""Sixteen real test photos that come with the project, cut from the contact sheet `docs/translations.jpg`.

They stand in for the test set where apple2orange is not installed, so that the model always meets real photos.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from PIL import Image

from core import paths
from core.messages import N_, UserError

TILE_SIZE, TILE_GAP = 256, 4  # pixels
PHOTO_ROWS = (0, 3)
"""Rows of the sheet that hold photos of domain A and of domain B; two rows of results follow each."""


def sheet_path() -> Path:
    """The contact sheet, as `tools.translation_sheet` writes it."""
    return paths.PROJECT / "docs" / "translations.jpg"


@functools.cache
def load_sample_photos() -> tuple[np.ndarray, np.ndarray]:
    """Photos (N, 3, 256, 256) uint8 and their domains (N,), 0 for apples and 1 for oranges.

    Raises:
        UserError: if the sheet is missing or cannot be read.
    """
    try:
        with Image.open(sheet_path(), formats=["JPEG"]) as image:
            sheet = np.asarray(image.convert("RGB"))
    except OSError as error:
        raise UserError(
            N_("{file} cannot be read: {reason}."),
            file=str(sheet_path()),
            reason=error.strerror or str(error),
        ) from error
    step = TILE_SIZE + TILE_GAP
    photos = [
        sheet[row * step : row * step + TILE_SIZE, left : left + TILE_SIZE].transpose(2, 0, 1)
        for row in PHOTO_ROWS
        for left in range(0, sheet.shape[1], step)
    ]
    return np.stack(photos), np.repeat([0, 1], len(photos) // 2)
