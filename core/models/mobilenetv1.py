"""MobileNetV1: each convolution is split into one filter per channel and a 1×1 convolution across channels.

Howard et al., MobileNets (arXiv 1704.04861). As in the paper: thirteen depthwise separable blocks, batch norm
and ReLU after both halves, a width multiplier. Unlike the paper: for 32×32 images the stem and the last
downsampling have stride 1, so that the last maps are 4×4 instead of 1×1.

A depthwise separable 3×3 convolution needs 1/K + 1/9 of the MACs of a full one with K output channels.

Shapes: B batch, C H W image, a = width multiplier, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model
from core.models.depthwise import DepthwiseConv2d

# Output channels and stride of each block (table 1 of the paper; strides for 32×32).
PLAN = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 1), (1024, 1))


def separable_conv(fan_in: int, fan_out: int, stride: int) -> nn.Sequential:
    """3×3 per channel, then 1×1 across channels."""
    return nn.Sequential(
        DepthwiseConv2d(fan_in, 3, stride),
        nn.BatchNorm2d(fan_in),
        nn.ReLU(inplace=True),
        nn.Conv2d(fan_in, fan_out, 1, bias=False),
        nn.BatchNorm2d(fan_out),
        nn.ReLU(inplace=True),
    )


class MobileNetV1(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(self, in_channels: int, num_outputs: int, multiplier: float) -> None:
        super().__init__()

        def scaled(maps: int) -> int:
            return max(8, int(maps * multiplier))

        first = scaled(32)
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, first, 3, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
        )
        fan_in, blocks = first, []
        for maps, stride in PLAN:
            blocks.append(separable_conv(fan_in, scaled(maps), stride))
            fan_in = scaled(maps)
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(fan_in, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        x = self.blocks(self.stem(x))  # (B, C, 32, 32) -> (B, 32a, 32, 32) -> (B, 1024a, 4, 4)
        return self.pool(x)  # -> (B, 1024a)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def mobilenetv1(in_shape: tuple[int, ...], num_outputs: int, multiplier: float = 1.0) -> nn.Module:
    """MobileNetV1 with the paper's width `multiplier` (1.0, 0.75, 0.5, 0.25)."""
    return MobileNetV1(in_shape[0], num_outputs, multiplier)
