"""Inception: branches with several kernel sizes on the same input, concatenated.

Szegedy et al., Going deeper with convolutions (arXiv 1409.4842), the nine blocks of GoogLeNet. As in the
paper: four branches, 1×1 convolutions that reduce the channels before the larger kernels. Unlike the paper:
batch norm after each convolution (arXiv 1502.03167), two 3×3 convolutions in place of a 5×5 (Szegedy et al.,
arXiv 1512.00567), a stem of one 3×3 convolution for 32×32 images, and no auxiliary classifiers.

Shapes: B batch, C H W image, s = multiplier, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.models import register_model

# Per block: 1×1; 1×1 then 3×3; 1×1 then two 3×3; pooling then 1×1. "pool" halves the size. (Table 1 of the paper.)
PLAN = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    "pool",
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    "pool",
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)


def conv(fan_in: int, fan_out: int, kernel: int) -> nn.Sequential:
    """Convolution with same padding, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(fan_in, fan_out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(fan_out),
        nn.ReLU(inplace=True),
    )


class InceptionBlock(nn.Module):
    """(B, fan_in, H, W) -> (B, sum of the channels of the four branches, H, W)."""

    def __init__(
        self, fan_in: int, one: int, thin3: int, three: int, thin5: int, five: int, pooled: int
    ) -> None:
        super().__init__()
        self.one = conv(fan_in, one, 1)
        self.three = nn.Sequential(conv(fan_in, thin3, 1), conv(thin3, three, 3))
        self.five = nn.Sequential(conv(fan_in, thin5, 1), conv(thin5, five, 3), conv(five, five, 3))
        self.pooled = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), conv(fan_in, pooled, 1))
        self.fan_out = one + three + five + pooled

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pooled(x)], dim=1)


class Inception(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(self, in_channels: int, num_outputs: int, multiplier: float, stem_pool: bool) -> None:
        super().__init__()

        def scaled(maps: int) -> int:
            return max(4, round(maps * multiplier))

        fan_in = scaled(192)
        self.stem = nn.Sequential(conv(in_channels, fan_in, 3), *([nn.MaxPool2d(2)] if stem_pool else []))
        blocks: list[nn.Module] = []
        for entry in PLAN:
            if entry == "pool":
                blocks.append(nn.MaxPool2d(3, stride=2, padding=1))
                continue
            block = InceptionBlock(fan_in, *(scaled(maps) for maps in entry))
            blocks.append(block)
            fan_in = block.fan_out
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(fan_in, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        x = self.blocks(self.stem(x))  # (B, C, 32, 32) -> (B, 192s, 32, 32) -> (B, 1024s, 8, 8)
        return self.pool(x)  # -> (B, 1024s)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def inception(
    in_shape: tuple[int, ...], num_outputs: int, multiplier: float = 1.0, stem_pool: bool = False
) -> nn.Module:
    """GoogLeNet's blocks with `multiplier` times the channels. `stem_pool` halves the image after the stem,
    for a quarter of the MACs.
    """
    return Inception(in_shape[0], num_outputs, multiplier, stem_pool)
