"""Softmax regression: one linear map from pixels to logits.

Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4. The weights of each class can be shown
as an image.

Shapes: B batch, C H W image, F = C*H*W, K outputs.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from core.models import register_model


class SoftmaxRegression(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(self, in_features: int, num_outputs: int) -> None:
        super().__init__()
        self.head = nn.Linear(in_features, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return x.flatten(1)  # (B, C, H, W) -> (B, F)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # (B, F) -> (B, K)


@register_model
def softmax(in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    """Softmax regression for inputs of any shape."""
    return SoftmaxRegression(math.prod(in_shape), num_outputs)
