"""CIFAR-10 as torchvision stores it."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.datasets import CIFAR10


def load(root: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images (N, 3, 32, 32), uint8, and labels (N,) of the training set, then of the test set."""
    arrays = []
    for train in (True, False):
        part = CIFAR10(root, train=train, download=True)
        arrays += [torch.from_numpy(part.data).permute(0, 3, 1, 2), torch.tensor(part.targets)]
    return tuple(arrays)
