"""ResNet: blocks that learn a residual, which is added to their input.

He, Zhang, Ren, Sun, Deep residual learning for image recognition (arXiv 1512.03385), with basic blocks. As in
the paper's ImageNet models: four stages of width W0, 2*W0, 4*W0, 8*W0, projection shortcuts. Unlike the
paper: one 3×3 convolution in place of the 7×7 stem with stride 2 and its max pooling, which would reduce a
32×32 image to 8×8. Depths 20 and 56 are the paper's CIFAR-10 models: three stages (the paper's width is 16), here with projection
shortcuts too.

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model


def conv_bn(fan_in: int, fan_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution with same padding, and batch norm, which supplies the bias."""
    return nn.Sequential(
        nn.Conv2d(fan_in, fan_out, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(fan_out)
    )


class BasicBlock(nn.Module):
    """relu(F(x) + x), F being two 3×3 convolutions; a 1×1 convolution adapts x if the shape changes."""

    def __init__(self, fan_in: int, fan_out: int, stride: int, skip: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_bn(fan_in, fan_out, 3, stride), nn.ReLU(inplace=True), conv_bn(fan_out, fan_out, 3)
        )
        same = stride == 1 and fan_in == fan_out
        self.shortcut = None if not skip else nn.Identity() if same else conv_bn(fan_in, fan_out, 1, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        return self.relu(y if self.shortcut is None else y + self.shortcut(x))


class ResNet(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(
        self, in_channels: int, num_outputs: int, blocks: tuple[int, ...], width: int, skip: bool
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn(in_channels, width, 3), nn.ReLU(inplace=True))
        fan_in, stages = width, []
        for stage, count in enumerate(blocks):
            fan_out = width * 2**stage
            strides = [1 if stage == 0 else 2] + [1] * (count - 1)
            members = [
                BasicBlock(fan_in if i == 0 else fan_out, fan_out, s, skip) for i, s in enumerate(strides)
            ]
            stages.append(nn.Sequential(*members))
            fan_in = fan_out
        self.stages = nn.Sequential(*stages)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(fan_in, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        x = self.stages(self.stem(x))  # (B, C, 32, 32) -> (B, W0, 32, 32) -> (B, 8*W0, 4, 4)
        return self.pool(x)  # -> (B, 8*W0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def resnet(
    in_shape: tuple[int, ...], num_outputs: int, depth: int = 18, width: int = 64, skip: bool = True
) -> nn.Module:
    """ResNet with basic blocks: `depth` 10 (one block per stage), 18 (two) or 34 with four stages (the paper's
    `width` is 64), 20 or 56 with three (16). Without `skip` it is the plain network that the paper compares with.
    Raises ValueError for other depths.
    """
    blocks = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 20: (3, 3, 3), 56: (9, 9, 9)}
    if depth not in blocks:
        raise ValueError(f"depth must be one of {sorted(blocks)}, not {depth}")
    return ResNet(in_shape[0], num_outputs, blocks[depth], width, skip)
