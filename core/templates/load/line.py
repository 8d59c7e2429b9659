"""The line y = 2x + 1."""

from __future__ import annotations

import torch
from torch import Tensor


def load(root: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x (N, 1) and y (N,) of the training points, then of the test points."""
    x, test_x = (
        torch.tensor([[0.0], [1.0], [3.0], [5.0], [6.0]]),
        torch.tensor([[-1.0], [2.0], [4.0], [7.0], [8.0]]),
    )
    return x, 2 * x[:, 0] + 1, test_x, 2 * test_x[:, 0] + 1
