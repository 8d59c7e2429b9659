"""MNIST as torchvision stores it."""

from __future__ import annotations

from torch import Tensor
from torchvision.datasets import MNIST


def load(root: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images (N, 1, 28, 28), uint8, and labels (N,) of the training set, then of the test set."""
    train, test = MNIST(root, train=True, download=True), MNIST(root, train=False, download=True)
    return train.data[:, None], train.targets, test.data[:, None], test.targets
