"""Boston housing."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from core.data.splits import train_val_split

DATA: dict = {}


def load(root: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features (N, F) and median house prices (N,) of the training set, then of the test set."""
    table = pd.read_csv(f"{root}/boston/BostonHousing.csv").rename(columns=str.lower)
    x = torch.tensor(table[DATA["features"]].to_numpy("float32"))
    y = torch.tensor(table["medv"].to_numpy("float32"))
    train, test = train_val_split(y.numpy(), DATA["num_test"])
    return x[train], y[train], x[test], y[test]
