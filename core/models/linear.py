"""Linear regression: a weighted sum of the inputs and a bias, y = w x + b.

Bishop, Pattern Recognition and Machine Learning (2006), section 3.1.

Shapes: B batch, F input features, K outputs.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from core.models import register_model


class LinearRegression(nn.Module):
    """Outputs (B, K) of inputs (B, ...)."""

    def __init__(self, in_features: int, num_outputs: int) -> None:
        super().__init__()
        self.head = nn.Linear(in_features, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return x.flatten(1)  # (B, F)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # (B, F) -> (B, K)


@register_model
def linear(in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    """Linear regression for inputs of any shape."""
    return LinearRegression(math.prod(in_shape), num_outputs)
