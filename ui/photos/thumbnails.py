"""Thumbnails of a project's photos."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from core import images
from core.projects.store import Photo, Project

TILE_SIDE = 200  # pixels of a tile in a gallery
_SHEET_SIDE, _SHEET_GAP = 96, 6  # pixels


def tile(project: Project, photo: Photo, side: int = TILE_SIDE) -> bytes:
    """The centered square of a photo as a JPEG file."""
    return _tile(str(project.file(photo)), side)


@st.cache_data(max_entries=3000, show_spinner=False)
def _tile(path: str, side: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(square(Path(path), side)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def square(path: Path, side: int) -> np.ndarray:
    """The centered square of a stored photo, uint8 (side, side, 3): small ones enlarged without smoothing; gray if it cannot be read."""
    try:
        with Image.open(path, formats=["JPEG"]) as image:
            photo = image.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return np.full((side, side, 3), 128, np.uint8)
    if min(photo.size) > side:
        return np.asarray(images.center_crop(photo, side))
    small = images.center_crop(photo, min(photo.size))
    is_tiny = min(photo.size) < side / 3
    return np.asarray(
        small.resize((side, side), Image.Resampling.NEAREST if is_tiny else Image.Resampling.BICUBIC)
    )


def sheet(project: Project, photos: Sequence[Photo], columns: int, rows: int) -> np.ndarray | None:
    """Photos, evenly spread, in up to `rows` rows of `columns`, uint8 (H, W, 4); as wide as `columns` photos. None without any."""
    if not photos:
        return None
    chosen = np.unique(np.linspace(0, len(photos) - 1, columns * rows).astype(int))
    return _sheet(tuple(str(project.file(photos[i])) for i in chosen), columns)


@st.cache_data(max_entries=200, show_spinner=False)
def _sheet(paths: tuple[str, ...], columns: int) -> np.ndarray:
    step, rows = _SHEET_SIDE + _SHEET_GAP, -(-len(paths) // columns)
    out = np.zeros((step * rows - _SHEET_GAP, step * columns - _SHEET_GAP, 4), np.uint8)
    for i, path in enumerate(paths):
        top, left = i // columns * step, i % columns * step
        out[top : top + _SHEET_SIDE, left : left + _SHEET_SIDE, :3] = square(Path(path), _SHEET_SIDE)
        out[top : top + _SHEET_SIDE, left : left + _SHEET_SIDE, 3] = 255
    return out


def forget() -> None:
    """Forget all thumbnails, for photos that were deleted."""
    _tile.clear()
    _sheet.clear()
