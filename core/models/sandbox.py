"""A configurable small CNN: number of blocks, depthwise or ordinary convolutions, skip connections, padding.

It shows how each choice changes cost and accuracy. Skip connections after He et al. (arXiv 1512.03385),
depthwise separable convolutions after Howard et al. (arXiv 1704.04861).

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.messages import N_, UserError
from core.models import register_model
from core.models.depthwise import DepthwiseConv2d

KERNEL_SIZE = 3


class Block(nn.Module):
    """(B, fan_in, H, W) -> (B, fan_out, H', W'): a 3×3 convolution (or a depthwise one and a 1×1), batch
    norm, ReLU, and with `skip` a skip connection.
    """

    def __init__(
        self, fan_in: int, fan_out: int, stride: int, depthwise: bool, skip: bool, padding: int
    ) -> None:
        super().__init__()
        if depthwise:
            layers = [
                DepthwiseConv2d(fan_in, KERNEL_SIZE, stride, padding),
                nn.Conv2d(fan_in, fan_out, 1, bias=False),
            ]
        else:
            layers = [nn.Conv2d(fan_in, fan_out, KERNEL_SIZE, stride, padding, bias=False)]
        self.body = nn.Sequential(*layers, nn.BatchNorm2d(fan_out))
        same = stride == 1 and fan_in == fan_out
        self.shortcut = (
            None if not skip else nn.Identity() if same else nn.Conv2d(fan_in, fan_out, 1, stride, bias=False)
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        return self.relu(y if self.shortcut is None else y + self.shortcut(x))


class Sandbox(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(
        self,
        in_channels: int,
        num_outputs: int,
        plan: list[tuple[int, int]],
        depthwise: bool,
        skip: bool,
        padding: int,
    ) -> None:
        super().__init__()
        blocks, fan_in = [], in_channels
        for number, (fan_out, stride) in enumerate(plan):
            # The first block has too few input channels for depthwise filters.
            blocks.append(
                Block(fan_in, fan_out, stride, depthwise and number > 0, skip and number > 0, padding)
            )
            fan_in = fan_out
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(fan_in, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return self.pool(self.blocks(x))  # (B, C, H, W) -> (B, W0 * 2**n, H', W') -> (B, W0 * 2**n)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def sandbox(
    in_shape: tuple[int, ...],
    num_outputs: int,
    width: int = 32,
    depth: int = 6,
    stride: int = 2,
    depthwise: bool = False,
    skip: bool = True,
    padding: bool = True,
) -> nn.Module:
    """`depth` blocks. Every second one after the first downsamples by `stride`; with a stride above 1 it also
    doubles the channels, up to eight times `width`.

    Raises:
        UserError: if the maps become too small for the next convolution, or if a skip connection would add
            maps of different sizes.
    """
    channels, height, map_width = in_shape
    plan, maps = [], width
    for number in range(depth):
        shrinks = number > 0 and number % 2 == 0
        step = stride if shrinks else 1
        if step > 1:
            maps = min(2 * maps, 8 * width)
        if not padding:
            if min(height, map_width) < KERNEL_SIZE:
                raise UserError(
                    N_(
                        "Block {number} receives {size} feature maps, smaller than its 3×3 kernel. "
                        "Use fewer blocks, a smaller stride or padding."
                    ),
                    number=number + 1,
                    size=f"{height}×{map_width}",
                )
            if skip and number > 0:
                raise UserError(
                    N_(
                        "The skip connection of block {number} needs equal sizes, but its input is {before} "
                        "and its output is {after}. Without padding, each convolution shrinks the feature "
                        "maps. Turn on padding or turn off skip connections."
                    ),
                    number=number + 1,
                    before=f"{height}×{map_width}",
                    after=f"{(height - KERNEL_SIZE) // step + 1}×{(map_width - KERNEL_SIZE) // step + 1}",
                )
        border = 2 if padding else 0
        height, map_width = (
            (height + border - KERNEL_SIZE) // step + 1,
            (map_width + border - KERNEL_SIZE) // step + 1,
        )
        plan.append((maps, step))
    return Sandbox(channels, num_outputs, plan, depthwise, skip, int(padding))
