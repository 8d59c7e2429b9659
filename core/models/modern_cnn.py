"""A small CNN of today's design: two blocks of two 3×3 convolutions, one hidden layer, dropout.

Pairs of 3×3 convolutions after Simonyan and Zisserman (VGG, arXiv 1409.1556), batch norm after Ioffe and
Szegedy (arXiv 1502.03167), dropout after Srivastava et al. (JMLR 15, 2014). A thousand times smaller than
VGG, because digits are small and have no color. Each block pools between its convolutions, where that saves
most MACs.

Shapes: B batch, C H W image, W0 = width, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.models import register_model


def conv_bn(fan_in: int, fan_out: int) -> nn.Sequential:
    """3×3 convolution with same padding, batch norm (which supplies the bias), ReLU."""
    return nn.Sequential(
        nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False), nn.BatchNorm2d(fan_out), nn.ReLU(inplace=True)
    )


class ModernCNN(nn.Module):
    """Logits (B, K) of images (B, C, H, W), H and W divisible by 4."""

    def __init__(self, in_shape: tuple[int, ...], num_outputs: int, width: int, dropout: float) -> None:
        super().__init__()
        c, h, w = in_shape
        self.block1 = nn.Sequential(conv_bn(c, width), nn.MaxPool2d(2), conv_bn(width, width))
        self.block2 = nn.Sequential(conv_bn(width, 2 * width), nn.MaxPool2d(2), conv_bn(2 * width, 2 * width))
        self.neck = nn.Sequential(
            nn.Flatten(),
            nn.Linear(2 * width * (h // 4) * (w // 4), 4 * width, bias=False),
            nn.BatchNorm1d(4 * width),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
        )
        self.head = nn.Linear(4 * width, num_outputs)

    def embed(self, x: Tensor) -> Tensor:
        x = self.block1(x)  # (B, C, H, W) -> (B, W0, H/2, W/2)
        x = self.block2(x)  # -> (B, 2*W0, H/4, W/4)
        return self.neck(x)  # -> (B, 4*W0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def modern_cnn(
    in_shape: tuple[int, ...], num_outputs: int, width: int = 32, dropout: float = 0.3
) -> nn.Module:
    """Two convolutional blocks, with `width` channels in the first and twice as many in the second."""
    return ModernCNN(in_shape, num_outputs, width, dropout)
