"""Two images of the same size on top of each other with a slider between them; it moves in the browser, without a rerun."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ui.kit import image_display
from ui.kit.component import register

_MAX_SIDE = 1024  # pixels of the longer side on screen; downloads keep the full size
_mount = register(__file__)


def before_after(
    before: np.ndarray, after: np.ndarray, key: str, *, labels: tuple[str, str], handle: str
) -> None:
    """Show `before` and `after`, both (H, W, 3) uint8; the handle starts in the middle and stays put when the images change."""
    data = {
        "before": _image_url(before),
        "after": _image_url(after),
        "shape": after.shape[1] / after.shape[0],
        "labels": {"before": labels[0], "after": labels[1], "handle": handle},
    }
    _mount(key=key, data=data)


def _image_url(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, subsampling=0)
    return image_display.data_url(buffer.getvalue())
