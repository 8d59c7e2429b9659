"""VGG: deep stacks of 3×3 convolutions.

Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition (arXiv 1409.1556).
As in the paper: only 3×3 convolutions, and the number of channels doubles after each pooling. Unlike the
paper: batch norm after each convolution (Ioffe and Szegedy, arXiv 1502.03167), and for 32×32 images one
linear layer in place of three of 4,096 units, which held nine tenths of the parameters.

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model

# Convolutions between two pooling layers (the paper's configurations A, B, D, E).
PLANS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(self, in_channels: int, num_outputs: int, depth: int, width: int, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        fan_in = in_channels
        for stage, convolutions in enumerate(PLANS[depth]):
            fan_out = width * min(2**stage, 8)
            for _ in range(convolutions):
                layers += [
                    nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False),
                    nn.BatchNorm2d(fan_out),
                    nn.ReLU(inplace=True),
                ]
                fan_in = fan_out
            layers.append(nn.MaxPool2d(2, ceil_mode=True))  # halves H and W
        self.features = nn.Sequential(*layers)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout))
        self.head = nn.Linear(fan_in, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return self.pool(self.features(x))  # (B, C, 32, 32) -> (B, 8*W0, 1, 1) -> (B, 8*W0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def vgg(
    in_shape: tuple[int, ...], num_outputs: int, depth: int = 11, width: int = 64, dropout: float = 0.0
) -> nn.Module:
    """VGG with `depth` 11, 13, 16 or 19 (the paper's count, linear layers included); `width` 64 is the paper's."""
    if depth not in PLANS:
        raise ValueError(f"VGG comes in depths {sorted(PLANS)}, not {depth}")
    return VGG(in_shape[0], num_outputs, depth, width, dropout)
