"""EfficientNet-B0 for small images: inverted bottlenecks with squeeze-and-excitation.

Tan and Le, EfficientNet (arXiv 1905.11946); the block is MobileNetV2's (Sandler et al., arXiv 1801.04381)
with squeeze-and-excitation (Hu et al., arXiv 1709.01507). As in the paper: the seven stages of B0, SiLU.
Unlike the paper: for 32×32 images the stem and the last downsampling have stride 1, so that the last maps are
4×4; 5×5 kernels only where maps are 8×8; no stochastic depth.

Shapes: B batch, C H W image, E expanded channels, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model
from core.models.depthwise import DepthwiseConv2d

# Expansion, channels, blocks, stride of the first, kernel (table 1 of the paper; strides and kernels for 32×32).
PLAN = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 3),
    (6, 192, 4, 1, 3),
    (6, 320, 1, 1, 3),
)


class SqueezeExcite(nn.Module):
    """Scale each channel by a gate computed from the means of all channels."""

    def __init__(self, maps: int, squeezed: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(maps, squeezed, 1),
            nn.SiLU(),
            nn.Conv2d(squeezed, maps, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)  # (B, E, H, W) * (B, E, 1, 1)


class MBConv(nn.Module):
    """1×1 expansion, depthwise convolution, squeeze-and-excitation, 1×1 projection; a skip connection if
    shapes match.
    """

    def __init__(self, fan_in: int, fan_out: int, expansion: int, stride: int, kernel: int) -> None:
        super().__init__()
        maps = fan_in * expansion
        expand = (
            [nn.Conv2d(fan_in, maps, 1, bias=False), nn.BatchNorm2d(maps), nn.SiLU()] if expansion > 1 else []
        )
        self.body = nn.Sequential(
            *expand,
            DepthwiseConv2d(maps, kernel, stride),
            nn.BatchNorm2d(maps),
            nn.SiLU(),
            SqueezeExcite(maps, max(1, fan_in // 4)),
            nn.Conv2d(maps, fan_out, 1, bias=False),
            nn.BatchNorm2d(fan_out),
        )
        self.has_skip = stride == 1 and fan_in == fan_out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.has_skip else self.body(x)


class EfficientNet(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(self, in_channels: int, num_outputs: int, multiplier: float, dropout: float) -> None:
        super().__init__()

        def scaled(maps: int) -> int:
            return max(8, int(maps * multiplier + 4) // 8 * 8)

        fan_in = scaled(32)
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, fan_in, 3, padding=1, bias=False),
            nn.BatchNorm2d(fan_in),
            nn.SiLU(),
        )
        blocks = []
        for expansion, maps, count, stride, kernel in PLAN:
            for i in range(count):
                blocks.append(MBConv(fan_in, scaled(maps), expansion, stride if i == 0 else 1, kernel))
                fan_in = scaled(maps)
        self.blocks = nn.Sequential(*blocks)
        last = scaled(1280)
        self.neck = nn.Sequential(
            nn.Conv2d(fan_in, last, 1, bias=False),
            nn.BatchNorm2d(last),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(dropout),
        )
        self.head = nn.Linear(last, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return self.neck(self.blocks(self.stem(x)))  # (B, C, 32, 32) -> (B, 320, 4, 4) -> (B, 1280)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def efficientnet(
    in_shape: tuple[int, ...], num_outputs: int, multiplier: float = 1.0, dropout: float = 0.2
) -> nn.Module:
    """EfficientNet-B0 with `multiplier` times the channels."""
    return EfficientNet(in_shape[0], num_outputs, multiplier, dropout)
