"""A copy of CIFAR-10 in image files."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torchvision.datasets import ImageFolder


def load(root: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The extracted image files `cifar10/{train,test}/<class>/*`.

    Images (N, 3, 32, 32), uint8, and labels (N,) of the training set, then of the test set.
    """
    arrays = []
    for part in ("train", "test"):
        files = ImageFolder(f"{root}/cifar10/{part}")
        x = np.stack([np.asarray(image) for image, _ in files])
        arrays += [torch.from_numpy(x).permute(0, 3, 1, 2), torch.tensor(files.targets)]
    return tuple(arrays)
