"""scikit-learn's digits in MNIST's format."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from skimage.transform import resize
from sklearn.datasets import load_digits
from torch import Tensor

from core.data.splits import train_val_split

DATA: dict = {}


def load() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """scikit-learn's 8×8 digits, enlarged to 20×20 and padded to 28×28 as in MNIST.

    Images (N, 1, 28, 28), uint8, and labels (N,) of the training set, then of the test set.
    """
    digits = load_digits()
    large = resize(digits.images / 16, (len(digits.images), 20, 20), order=1, anti_aliasing=False)
    x = F.pad(torch.tensor(large * 255).round().byte(), (4, 4, 4, 4))[:, None]
    y = torch.tensor(digits.target)
    train, test = train_val_split(y.numpy(), DATA["num_test"])
    return x[train], y[train], x[test], y[test]
