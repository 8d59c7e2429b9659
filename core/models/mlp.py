"""Multilayer perceptron: fully connected hidden layers with ReLU.

Rumelhart, Hinton, Williams, Learning representations by back-propagating errors, Nature 323 (1986). Later
additions: ReLU in place of the sigmoid (Glorot, Bordes, Bengio, AISTATS 2011), and dropout after each hidden
layer (Srivastava et al., JMLR 15, 2014).

Shapes: B batch, F input features (an image is flattened), W hidden width, K outputs.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from core.models import register_model


class MLP(nn.Module):
    """Outputs (B, K) of inputs (B, ...): `depth` hidden layers of `width` units."""

    def __init__(self, in_features: int, num_outputs: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        sizes = [in_features] + [width] * depth
        layers: list[nn.Module] = []
        for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU(inplace=True), nn.Dropout(dropout)]
        self.hidden = nn.Sequential(*layers)
        self.head = nn.Linear(sizes[-1], num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return self.hidden(x.flatten(1))  # (B, F) -> (B, W)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # (B, W) -> (B, K)


@register_model
def mlp(
    in_shape: tuple[int, ...], num_outputs: int, width: int = 256, depth: int = 2, dropout: float = 0.0
) -> nn.Module:
    """An MLP for images or table rows."""
    return MLP(math.prod(in_shape), num_outputs, width, depth, dropout)
