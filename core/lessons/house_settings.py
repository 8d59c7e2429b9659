"""Settings of the network of the house prices lesson. Imports without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TASK = "boston-mlp"
"""The task whose kind and model the networks of this lesson have."""

WIDTHS = (8, 16, 32, 64, 128)
DEPTHS = (1, 2, 3, 4)
MAX_EPOCHS = 200
NUM_SEEDS = 10
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True)
class NetworkSettings:
    """The defaults were chosen by ten-fold cross-validation on Boston housing.

    Attributes:
        width, depth: units per hidden layer, and hidden layers.
        sgd, momentum, adam: initial learning rate of each optimizer; it falls to 0 along a cosine.
    """

    width: int = 64
    depth: int = 2
    epochs: int = 100
    batch_size: int = 32
    weight_decay: float = 0.001
    sgd: float = 0.1
    momentum: float = 0.01
    adam: float = 0.003
    seed: int = 0

    def rate(self, optimizer: str) -> float:
        """Initial learning rate of `optimizer`."""
        return {"sgd": self.sgd, "momentum": self.momentum, "adam": self.adam}[optimizer]

    def options(self) -> dict[str, Any]:
        """Arguments of the model."""
        return {"width": self.width, "depth": self.depth, "dropout": 0.0}
