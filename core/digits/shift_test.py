"""What happens to an answer when the picture slides: does the network know the digit, or only its place?"""

from __future__ import annotations

import numpy as np

from core.inference.predictor import Predictor

MAX_SHIFT = 6


def shift_image(pixels: np.ndarray, right: int, down: int = 0) -> np.ndarray:
    """`pixels` (H, W) moved by whole pixels; what comes in is black, what leaves is lost."""
    h, w = pixels.shape
    out = np.zeros_like(pixels)
    source = pixels[max(0, -down) : h - max(0, down), max(0, -right) : w - max(0, right)]
    out[max(0, down) : max(0, down) + source.shape[0], max(0, right) : max(0, right) + source.shape[1]] = (
        source
    )
    return out


def predict_shifted(
    predictor: Predictor, pixels: np.ndarray, reach: int = MAX_SHIFT
) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (2*reach+1,) in pixels to the right, and the probabilities (2*reach+1, K) of `pixels` (28, 28) moved by them."""
    offsets = np.arange(-reach, reach + 1)
    batch = np.stack([shift_image(pixels, int(offset)) for offset in offsets])[:, None]
    return offsets, predictor.predict(batch)
