"""The CNN of the learning notes: one convolution, batch norm, ReLU, max pooling, one linear layer. Batch norm and pooling can be left
out or replaced, to measure what they do.

Convolution and pooling after LeCun et al. (Proc. IEEE 86, 1998), batch norm after Ioffe and Szegedy (arXiv
1502.03167).

Shapes: B batch, C H W image, D width (filters), K classes; for 28×28 images and the notes' 32 filters, the
linear layer has 32*14*14 = 6272 inputs, and without pooling 32*28*28 = 25088.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model


class NotesCNN(nn.Module):
    """Logits (B, K) of images (B, C, H, W) with even H and W."""

    def __init__(
        self, in_shape: tuple[int, ...], num_outputs: int, channels: int, batch_norm: bool, pooling: str
    ) -> None:
        super().__init__()
        c, h, w = in_shape
        pools = {"max": nn.MaxPool2d(2), "average": nn.AvgPool2d(2), "none": nn.Identity()}
        side = 1 if pooling == "none" else 2
        self.conv = nn.Sequential(
            nn.Conv2d(c, channels, kernel_size=5, padding=2),  # (B, C, H, W) -> (B, D, H, W)
            nn.BatchNorm2d(channels) if batch_norm else nn.Identity(),
            nn.ReLU(inplace=True),
            pools[pooling],  # -> (B, D, H/2, W/2), or (B, D, H, W) without pooling
        )
        self.head = nn.Linear(channels * (h // side) * (w // side), num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return self.conv(x).flatten(1)  # -> (B, D*H/2*W/2), or (B, D*H*W)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def notes_cnn(
    in_shape: tuple[int, ...],
    num_outputs: int,
    width: int = 32,
    batch_norm: bool = True,
    pooling: str = "max",
) -> nn.Module:
    """The notes' CNN with `width` filters (the notes: 32), batch norm, and "max", "average" or no ("none") `pooling`."""
    return NotesCNN(in_shape, num_outputs, width, batch_norm, pooling)
