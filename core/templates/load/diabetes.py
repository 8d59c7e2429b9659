"""scikit-learn's diabetes data, the fallback data for Boston housing."""

from __future__ import annotations

import torch
from sklearn.datasets import load_diabetes
from torch import Tensor

from core.data.splits import train_val_split

DATA: dict = {}


def load() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features (N, 10) and disease progression (N,) of the training set, then of the test set."""
    bunch = load_diabetes(scaled=False)
    x, y = torch.tensor(bunch.data).float(), torch.tensor(bunch.target).float()
    train, test = train_val_split(y.numpy(), DATA["num_test"])
    return x[train], y[train], x[test], y[test]
