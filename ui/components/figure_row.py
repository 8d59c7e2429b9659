"""Images of equal size side by side, each with a caption, and a color bar where colors stand for values."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ui.kit import image_display
from ui.kit.component import register

_MAX_SIDE = 640  # pixels of the longer side
_mount = register(__file__)


@dataclass(frozen=True)
class ColorBar:
    """A scale below an image: CSS `colors` from left to right, evenly spaced, and `ticks` likewise."""

    colors: Sequence[str]
    ticks: Sequence[str]


@dataclass(frozen=True)
class Figure:
    """An image (H, W, 3) uint8 with a `title`, an optional `caption` and, for screen readers, `alt`."""

    pixels: np.ndarray
    title: str
    caption: str
    alt: str
    bar: ColorBar | None = None
    is_pixelated: bool = False  # enlarged without smoothing


def figure_row(figures: Sequence[Figure], key: str) -> None:
    """Show `figures` side by side, also on a phone."""
    entries = [
        {
            "src": _image_url(f.pixels, "PNG" if f.is_pixelated else "JPEG"),
            "pixelated": f.is_pixelated,
            "title": f.title,
            "caption": f.caption,
            "alt": f.alt,
            "bar": {"colors": list(f.bar.colors), "ticks": list(f.bar.ticks)} if f.bar else None,
        }
        for f in figures
    ]
    _mount(key=key, data={"figures": entries})


def _image_url(pixels: np.ndarray, kind: str) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=90)
    return image_display.data_url(buffer.getvalue(), kind.lower())
