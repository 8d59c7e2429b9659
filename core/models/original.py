"""A small CNN for photos, named `original` as in the learning notes (the layers are this project's).

Four convolutions, each followed by batch norm, ReLU and max pooling, then the mean over all positions (Lin, Chen, Yan,
Network in network, arXiv 1312.4400), so that any input side from 16 pixels works; then one hidden layer with dropout
(Srivastava et al., JMLR 15, 2014) and the output layer.

Shapes: B batch, C H W image, W0 = width, U = hidden units, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model

MIN_SIDE = 16


class OriginalCNN(nn.Module):
    """Logits (B, K) of images (B, C, H, W) with H and W of at least 16."""

    def __init__(
        self, in_shape: tuple[int, ...], num_outputs: int, width: int, hidden_units: int, dropout: float
    ) -> None:
        super().__init__()
        fan_in, *sides = in_shape
        if min(sides) < MIN_SIDE:
            raise ValueError(f"images need at least {MIN_SIDE} pixels a side, not {min(sides)}")
        blocks = []
        for fan_out in (width, 2 * width, 4 * width, 4 * width):
            blocks.append(
                nn.Sequential(
                    nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False),
                    nn.BatchNorm2d(fan_out),
                    nn.ReLU(inplace=True),
                    nn.MaxPool2d(2),
                )
            )
            fan_in = fan_out
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.hidden = nn.Sequential(
            nn.Linear(fan_in, hidden_units), nn.ReLU(inplace=True), nn.Dropout(dropout)
        )
        self.head = nn.Linear(hidden_units, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        x = self.blocks(x)  # (B, C, H, W) -> (B, 4*W0, H/16, W/16)
        return self.hidden(self.pool(x))  # -> (B, 4*W0) -> (B, U)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def original(
    in_shape: tuple[int, ...],
    num_outputs: int,
    width: int = 32,
    hidden_units: int = 128,
    dropout: float = 0.3,
) -> nn.Module:
    """The small CNN with `width` filters in the first convolution. Raises ValueError for images under 16 pixels a side."""
    return OriginalCNN(in_shape, num_outputs, width, hidden_units, dropout)
