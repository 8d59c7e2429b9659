"""AlexNet, the winner of ImageNet 2012.

Krizhevsky, Sutskever, Hinton, ImageNet classification with deep convolutional neural networks (NeurIPS 2012).
As in the paper: five convolutions, overlapping max pooling (3×3, stride 2), ReLU, dropout before the fully
connected layers. Unlike the paper: kernels and strides for 32×32 in place of 224×224 (5×5 stride 1, not 11×11
stride 4), one column instead of one per GPU, 1,024 instead of 4,096 units, batch norm in place of local
response normalization.

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model


def conv(fan_in: int, fan_out: int, kernel: int) -> nn.Sequential:
    """Convolution with same padding, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(fan_in, fan_out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(fan_out),
        nn.ReLU(inplace=True),
    )


class AlexNet(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(
        self, in_channels: int, num_outputs: int, width: int, hidden_units: int, dropout: float
    ) -> None:
        super().__init__()

        def pool() -> nn.Module:
            return nn.MaxPool2d(3, stride=2, padding=1)

        self.features = nn.Sequential(
            conv(in_channels, width, 5),
            pool(),  # -> (B, W0, 16, 16)
            conv(width, 3 * width, 5),
            pool(),  # -> (B, 3*W0, 8, 8)
            conv(3 * width, 6 * width, 3),
            conv(6 * width, 4 * width, 3),
            conv(4 * width, 4 * width, 3),
            pool(),  # -> (B, 4*W0, 4, 4)
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
        )
        self.hidden = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(64 * width, hidden_units),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden_units, hidden_units),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(hidden_units, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        return self.hidden(self.features(x))  # (B, C, 32, 32) -> (B, 64*W0) -> (B, hidden_units)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def alexnet(
    in_shape: tuple[int, ...],
    num_outputs: int,
    width: int = 64,
    hidden_units: int = 1024,
    dropout: float = 0.5,
) -> nn.Module:
    """AlexNet for 32×32 images.

    `width` 64 gives the 64, 192, 384, 256, 256 channels of torchvision's model, which are those of
    Krizhevsky's single-column version (One weird trick for parallelizing convolutional neural networks, arXiv
    1404.5997).
    """
    return AlexNet(in_shape[0], num_outputs, width, hidden_units, dropout)
