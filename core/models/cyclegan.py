"""CycleGAN: two generators that translate photos between two domains, two discriminators that classify photos
as real or translated.

Zhu et al., Unpaired image-to-image translation using cycle-consistent adversarial networks (arXiv
1703.10593). The paper's G: X -> Y is `a2b` here, its F: Y -> X is `b2a`, its D_X and D_Y are `a` and `b`. As
in the paper: the generator of Johnson et al. (arXiv 1603.08155) with reflection padding, instance norm
(Ulyanov et al., arXiv 1607.08022) and residual blocks; the 70×70 PatchGAN of Isola et al. (arXiv 1611.07004);
weights drawn from N(0, 0.02). Unlike the paper, if enabled: nearest-neighbor upsampling and a convolution in
place of each transposed convolution, against checkerboard artifacts (Odena et al., Deconvolution and
checkerboard artifacts, Distill 2016).

Shapes: B batch, H W height and width (multiples of 4), W0 = width. Images are (B, 3, H, W) in [-1, 1].
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from core.models import register_model


class InstanceNorm(nn.Module):
    """Normalize each channel of each image to mean 0 and standard deviation 1, without gain or bias."""

    def forward(self, x: Tensor) -> Tensor:
        if x.is_cuda:
            return F.instance_norm(x)
        # Batch norm of a batch of one is instance norm; on the CPU, channels-last, it is several times as fast as torch's own.
        return torch.cat([F.batch_norm(image, None, None, training=True) for image in x.split(1)])


def conv(fan_in: int, fan_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Reflection padding, convolution, instance norm, ReLU."""
    return nn.Sequential(
        nn.ReflectionPad2d(kernel // 2),
        nn.Conv2d(fan_in, fan_out, kernel, stride),
        InstanceNorm(),
        nn.ReLU(inplace=True),
    )


def upsample(fan_in: int, fan_out: int, resize_conv: bool) -> nn.Sequential:
    """(B, fan_in, H, W) -> (B, fan_out, 2H, 2W)."""
    if resize_conv:
        return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), *conv(fan_in, fan_out, 3))
    up = nn.ConvTranspose2d(fan_in, fan_out, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(up, InstanceNorm(), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two 3×3 convolutions with a skip connection."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv(maps, maps, 3), nn.ReflectionPad2d(1), nn.Conv2d(maps, maps, 3), InstanceNorm()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Generator(nn.Module):
    """Translate images (B, 3, H, W) in [-1, 1] to images of the same shape and range."""

    def __init__(self, width: int, num_blocks: int, resize_conv: bool) -> None:
        super().__init__()
        self.shrink = nn.Sequential(
            conv(3, width, 7), conv(width, 2 * width, 3, 2), conv(2 * width, 4 * width, 3, 2)
        )
        self.blocks = nn.Sequential(*(Residual(4 * width) for _ in range(num_blocks)))
        self.enlarge = nn.Sequential(
            upsample(4 * width, 2 * width, resize_conv), upsample(2 * width, width, resize_conv)
        )
        self.to_rgb = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.shrink(x))  # (B, 3, H, W) -> (B, 4*W0, H/4, W/4)
        return self.to_rgb(self.enlarge(x))  # -> (B, 3, H, W)


class PatchGAN(nn.Module):
    """Score each patch of 70×70 pixels, (B, 3, H, W) -> (B, 1, H/8 - 2, W/8 - 2): 1 for real, 0 for
    translated.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        for fan_in, fan_out, stride in (
            (width, 2 * width, 2),
            (2 * width, 4 * width, 2),
            (4 * width, 8 * width, 1),
        ):
            layers += [
                nn.Conv2d(fan_in, fan_out, 4, stride, padding=1),
                InstanceNorm(),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Generators(nn.Module):
    """Both directions: `a2b` is the paper's G, `b2a` its F. Weights files hold this module."""

    def __init__(self, width: int, num_blocks: int, resize_conv: bool) -> None:
        super().__init__()
        self.a2b = Generator(width, num_blocks, resize_conv)
        self.b2a = Generator(width, num_blocks, resize_conv)

    def forward(self, x: Tensor, direction: Literal["a2b", "b2a"] = "a2b") -> Tensor:
        return getattr(self, direction)(x)


class Discriminators(nn.Module):
    """`a` is the paper's D_X, `b` its D_Y; only needed in training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = PatchGAN(width)
        self.b = PatchGAN(width)

    def forward(self, x: Tensor, domain: str) -> Tensor:
        return getattr(self, domain)(x)


def init_weights(network: nn.Module) -> nn.Module:
    """Initialize in place: weights from N(0, 0.02), biases 0. Returns `network`."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            nn.init.zeros_(module.bias)
    return network


@register_model(role="translator")
def cyclegan(
    in_shape: tuple[int, ...],
    num_outputs: int = 0,
    width: int = 64,
    num_blocks: int = 9,
    resize_conv: bool = False,
) -> Generators:
    """Two generators with `width` channels in their first layer and `num_blocks` residual blocks (the paper:
    64; 9 at 256 px, 6 at 128).
    """
    return init_weights(Generators(width, num_blocks, resize_conv))
