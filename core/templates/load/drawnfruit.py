"""Synthetic apples and oranges, the fallback data for the photos."""

from __future__ import annotations

import torch
from torch import Tensor

from core.data.fruit import _synthetic_images


def load() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images (N, 3, 64, 64), uint8, and labels (N,) of the training set, then of the test set."""
    x, y = (torch.from_numpy(array) for array in _synthetic_images())
    return x[:400], y[:400], x[400:], y[400:]
