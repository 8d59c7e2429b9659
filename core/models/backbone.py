"""The backbone for transfer learning: the fast CNN, read out after every block.

A classifier's last layer keeps what its own classes need and drops the rest, such as colors and textures, which earlier
layers still have (Yosinski et al., arXiv 1411.1792). So the embedding holds the mean of every block's feature maps (Evci
et al., Head2Toe, arXiv 2201.03529) beside the last block's maxima, which alone feed the head of `core.models.fast_cnn`. All
other layers have the names and shapes of that model, so that its weights fit.

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.models import register_model
from core.models.fast_cnn import FastCNN


class Backbone(FastCNN):
    """Logits (B, K) of images (B, C, H, W) with H and W of at least 16."""

    def __init__(self, in_channels: int, num_outputs: int, width: int, depth: int) -> None:
        super().__init__(in_channels, num_outputs, width, depth)
        self.means = nn.ModuleList(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()) for _ in range(3))
        self.head = nn.Linear(width + 3 * 4 * width, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        x, parts = self.whiten(x), []
        for block, mean in zip(self.blocks, self.means, strict=True):
            x = block(x)
            parts.append(mean(x))  # (B, W0), (B, 4*W0), (B, 4*W0)
        return torch.cat([*parts, self.pool(x) / 9], 1)  # -> (B, 13*W0)


@register_model
def backbone(in_shape: tuple[int, ...], num_outputs: int, width: int = 64, depth: int = 2) -> nn.Module:
    """The fast CNN of `width` and `depth`, with the features of all its blocks in the embedding."""
    return Backbone(in_shape[0], num_outputs, width, depth)
