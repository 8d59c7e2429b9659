"""Shift test: how predictions change when a digit is translated by a few pixels."""

from __future__ import annotations

import numpy as np

from core.inference.predictor import Predictor

MAX_SHIFT = 6  # pixels


def shift_image(pixels: np.ndarray, dx: int, dy: int = 0) -> np.ndarray:
    """Translate `pixels` (H, W) by `dx` pixels to the right and `dy` down, padding with black."""
    h, w = pixels.shape
    out = np.zeros_like(pixels)
    source = pixels[max(0, -dy) : h - max(0, dy), max(0, -dx) : w - max(0, dx)]
    out[max(0, dy) : max(0, dy) + source.shape[0], max(0, dx) : max(0, dx) + source.shape[1]] = source
    return out


def predict_shifted(
    predictor: Predictor, pixels: np.ndarray, max_shift: int = MAX_SHIFT
) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal offsets (2·max_shift+1,) in pixels and the probabilities (2·max_shift+1, K) of `pixels` (28, 28) shifted by them."""
    offsets = np.arange(-max_shift, max_shift + 1)
    batch = np.stack([shift_image(pixels, int(offset)) for offset in offsets])[:, None]
    return offsets, predictor.predict(batch)
