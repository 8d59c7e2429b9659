"""A small CNN to take apart: as many blocks as one likes, each of them ordinary or depthwise, with or without a skip, padded or not.

No paper: it is here so that a choice can be changed and its price seen at once. Skips after He et al. (arXiv 1512.03385), depthwise
separable convolutions after Howard et al. (arXiv 1704.04861).

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.messages import N_, UserError
from core.models import register_model

KERNEL_SIZE = 3


class Block(nn.Module):
    """(B, fan_in, H, W) -> (B, fan_out, H', W'): a 3×3 convolution (or a depthwise one and a 1×1), batch norm, ReLU, and the input added
    where `skip`."""

    def __init__(
        self, fan_in: int, fan_out: int, stride: int, depthwise: bool, skip: bool, padding: int
    ) -> None:
        super().__init__()
        if depthwise:
            layers = [
                nn.Conv2d(fan_in, fan_in, KERNEL_SIZE, stride, padding, groups=fan_in, bias=False),
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
            # Three colours are too few for one filter each.
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
    """`depth` blocks; every second one after the first shrinks by `stride` and, where that is more than 1, doubles the maps, up to
    eight times `width`. Raises UserError where the maps become too small for the next convolution, or a skip would add maps of
    different sizes."""
    channels, height, breadth = in_shape
    plan, maps = [], width
    for number in range(depth):
        shrinks = number > 0 and number % 2 == 0
        step = stride if shrinks else 1
        if step > 1:
            maps = min(2 * maps, 8 * width)
        if not padding:
            if min(height, breadth) < KERNEL_SIZE:
                raise UserError(
                    N_(
                        "Block {number} receives {size} feature maps, smaller than its 3×3 kernel. "
                        "Use fewer blocks, a smaller stride or padding."
                    ),
                    number=number + 1,
                    size=f"{height}×{breadth}",
                )
            if skip and number > 0:
                raise UserError(
                    N_(
                        "The skip connection of block {number} needs equal sizes, but its input is {before} "
                        "and its output is {after}. Without padding, each convolution shrinks the feature "
                        "maps. Turn on padding or turn off skip connections."
                    ),
                    number=number + 1,
                    before=f"{height}×{breadth}",
                    after=f"{(height - KERNEL_SIZE) // step + 1}×{(breadth - KERNEL_SIZE) // step + 1}",
                )
        border = 2 if padding else 0
        height, breadth = (
            (height + border - KERNEL_SIZE) // step + 1,
            (breadth + border - KERNEL_SIZE) // step + 1,
        )
        plan.append((maps, step))
    return Sandbox(channels, num_outputs, plan, depthwise, skip, int(padding))
