"""A CNN for high accuracy after a short training, in the tradition of the "94% on CIFAR-10 in seconds"
recipes.

After airbench94 (Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU, arXiv 2404.00498) and, through it,
Page's ResNet series (How to train your ResNet, 2018):

- the first layer is computed, not trained: the principal directions of 2×2 patches, each scaled to variance 1
(whitening), and their negatives; - 3×3 convolutions are initialized as the identity on their first channels
(Dirac), so that a deep stack passes the image on from the first step; - GELU (arXiv 1606.08415); batch norm
with a bias and without a gain; the last hidden vector is divided by 9, for small logits in the first steps; -
blocks of three or more convolutions have a skip connection around all but the first (airbench96).

Unlike airbench, the recipe averages weights by an exponential moving average in place of the lookahead
optimizer.

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.models import register_model

PATCH_SIZE = 2


class WhiteningConv(nn.Module):
    """(B, C, H, W) -> (B, 8C, H-1, W-1): each 2×2 patch in the principal coordinates of the training images'
    patches.
    """

    def __init__(self, in_channels: int, eps: float = 5e-4) -> None:
        super().__init__()
        self.eps = eps
        size = in_channels * PATCH_SIZE * PATCH_SIZE
        self.conv = nn.Conv2d(in_channels, 2 * size, PATCH_SIZE)
        self.conv.weight.requires_grad = False

    @torch.no_grad()
    def init_whitening(self, x: Tensor) -> None:
        """Compute the filters from standardized images (N, C, H, W)."""
        patches = x.unfold(2, PATCH_SIZE, 1).unfold(3, PATCH_SIZE, 1)  # (N, C, H-1, W-1, 2, 2)
        size = x.shape[1] * PATCH_SIZE * PATCH_SIZE
        rows = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, size).double()
        variances, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
        filters = (directions / torch.sqrt(variances + self.eps)).T.flip(0)  # largest variance first
        filters = filters.reshape(size, x.shape[1], PATCH_SIZE, PATCH_SIZE)
        self.conv.weight.copy_(torch.cat([filters, -filters]))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


def conv(fan_in: int, fan_out: int) -> nn.Conv2d:
    """3×3 convolution with same padding, initialized as the identity on its first channels."""
    layer = nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False)
    with torch.no_grad():
        nn.init.dirac_(layer.weight[:fan_in])
    return layer


def norm(maps: int) -> nn.BatchNorm2d:
    """Batch norm whose gain stays 1."""
    layer = nn.BatchNorm2d(maps, momentum=0.4)
    layer.weight.requires_grad = False
    return layer


class Block(nn.Module):
    """`depth` convolutions, with pooling after the first, where it saves most MACs."""

    def __init__(self, fan_in: int, fan_out: int, depth: int) -> None:
        super().__init__()
        self.first = nn.Sequential(conv(fan_in, fan_out), nn.MaxPool2d(2), norm(fan_out), nn.GELU())
        rest: list[nn.Module] = []
        for _ in range(depth - 1):
            rest += [conv(fan_out, fan_out), norm(fan_out), nn.GELU()]
        self.has_skip = depth >= 3
        self.rest = nn.Sequential(
            *rest[:-1] if self.has_skip else rest
        )  # with a skip connection, the activation follows the sum
        self.act = nn.GELU() if self.has_skip else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)  # (B, Cin, H, W) -> (B, Cout, H/2, W/2)
        return self.act(x + self.rest(x)) if self.has_skip else self.rest(x)


class FastCNN(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(self, in_channels: int, num_outputs: int, width: int, depth: int) -> None:
        super().__init__()
        self.whiten = nn.Sequential(WhiteningConv(in_channels), nn.GELU())
        first = 2 * in_channels * PATCH_SIZE * PATCH_SIZE
        self.blocks = nn.Sequential(
            Block(first, width, depth), Block(width, 4 * width, depth), Block(4 * width, 4 * width, depth)
        )
        self.pool = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.head = nn.Linear(4 * width, num_outputs, bias=False)

    def init_whitening(self, x: Tensor) -> None:
        """Compute the whitening layer from standardized images (N, C, H, W)."""
        self.whiten[0].init_whitening(x)

    def embed(self, x: Tensor) -> Tensor:
        x = self.blocks(self.whiten(x))  # (B, C, 32, 32) -> (B, 8C, 31, 31) -> (B, 4*W0, 3, 3)
        return self.pool(x) / 9  # -> (B, 4*W0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def fast_cnn(in_shape: tuple[int, ...], num_outputs: int, width: int = 64, depth: int = 2) -> nn.Module:
    """Three blocks of `depth` 3×3 convolutions, with `width` channels in the first and four times as many in
    the others (airbench94: 64, 2; airbench96: 128, 3).
    """
    return FastCNN(in_shape[0], num_outputs, width, depth)
