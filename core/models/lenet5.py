"""LeNet-5, the model that read checks.

LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998).
As in the paper: 5×5 convolutions with 6, 16 and 120 channels, subsampling by two, 84 units, tanh. Unlike the
paper: average pooling without trainable coefficients, C3 is connected to all six maps of S2 (the paper's
sparse table broke symmetry to save multiplications), and a linear output layer in place of radial basis
functions.

Shapes: B batch, K classes; sizes are for 28×28 inputs, padded to the paper's 32×32.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model


class LeNet5(nn.Module):
    """Logits (B, K) of images (B, C, 28, 28)."""

    def __init__(self, in_channels: int, num_outputs: int) -> None:
        super().__init__()
        self.c1 = nn.Sequential(nn.Conv2d(in_channels, 6, 5, padding=2), nn.Tanh())  # 28×28, 6 channels
        self.s2 = nn.AvgPool2d(2)  # 14×14
        self.c3 = nn.Sequential(nn.Conv2d(6, 16, 5), nn.Tanh())  # 10×10, 16 channels
        self.s4 = nn.AvgPool2d(2)  # 5×5
        self.c5 = nn.Sequential(nn.Conv2d(16, 120, 5), nn.Tanh())  # 1×1, 120 channels
        self.f6 = nn.Sequential(nn.Flatten(), nn.Linear(120, 84), nn.Tanh())
        self.head = nn.Linear(84, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        x = self.s2(self.c1(x))  # (B, C, 28, 28) -> (B, 6, 14, 14)
        x = self.s4(self.c3(x))  # -> (B, 16, 5, 5)
        return self.f6(self.c5(x))  # -> (B, 84)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # (B, 84) -> (B, K)


@register_model
def lenet5(in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    """LeNet-5 for 28×28 images. Raises ValueError for other sizes."""
    if in_shape[1:] != (28, 28):
        raise ValueError(f"LeNet-5 requires 28×28 images, not {in_shape}")
    return LeNet5(in_shape[0], num_outputs)
