"""The CNN of the learning notes: one convolution, batch norm, ReLU, max pooling, one linear layer.

Convolution and pooling after LeCun et al. (Proc. IEEE 86, 1998), batch norm after Ioffe and Szegedy (arXiv
1502.03167).

Shapes: B batch, C H W image, D width (filters), K classes; for 28×28 images and the notes' 32 filters, the
linear layer has 32*14*14 = 6272 inputs.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model


class NotesCNN(nn.Module):
    """Logits (B, K) of images (B, C, H, W) with even H and W."""

    def __init__(self, in_shape: tuple[int, ...], num_outputs: int, channels: int) -> None:
        super().__init__()
        c, h, w = in_shape
        self.conv = nn.Sequential(
            nn.Conv2d(c, channels, kernel_size=5, padding=2),  # (B, C, H, W) -> (B, D, H, W)
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),  # -> (B, D, H/2, W/2)
        )
        self.head = nn.Linear(channels * (h // 2) * (w // 2), num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return self.conv(x).flatten(1)  # -> (B, D*H/2*W/2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def notes_cnn(in_shape: tuple[int, ...], num_outputs: int, width: int = 32) -> nn.Module:
    """The notes' CNN with `width` filters (the notes: 32)."""
    return NotesCNN(in_shape, num_outputs, width)
