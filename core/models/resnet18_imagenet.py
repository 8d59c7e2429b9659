"""torchvision's ResNet-18 with optional ImageNet weights, for transfer learning.

He et al., Deep residual learning for image recognition (arXiv 1512.03385); weights
`ResNet18_Weights.IMAGENET1K_V1`. Three initializations (Yosinski et al., How transferable are features in
deep neural networks?, arXiv 1411.1792):

- scratch: random weights; - frozen: pretrained backbone, only the last linear layer is trained; - fine-tuned:
pretrained backbone, all layers are trained.

The model downsamples its input 32 times and would reduce 32×32 images to one pixel, so they are enlarged
first. Images are standardized by the mean and standard deviation of their own training set, which for
CIFAR-10 differ from ImageNet's by up to 0.05 and 0.04. For images of one channel, the first filters are
summed over red, green and blue.

Shapes: B batch, C H W image, S = size after enlarging, K classes.
"""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from core.models import register_model


class ImageNetResNet18(nn.Module):
    """Logits (B, K) of images (B, C, H, W)."""

    def __init__(self, in_channels: int, num_outputs: int, init: str, image_size: int) -> None:
        from torchvision.models import resnet18  # takes seconds, and only this model needs it

        super().__init__()
        self.frozen, self.image_size = init == "frozen", image_size
        self.backbone = resnet18(weights=None)
        self.backbone.fc = nn.Identity()
        if in_channels != 3:
            self.backbone.conv1 = nn.Conv2d(in_channels, 64, 7, 2, padding=3, bias=False)
        self.head = nn.Linear(512, num_outputs)
        self.backbone.requires_grad_(not self.frozen)

    def load_imagenet(self) -> None:
        """Load the ImageNet weights from PyTorch's cache, or download them (45 MB)."""
        from torchvision.models import ResNet18_Weights

        state = ResNet18_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True, weights_only=True
        )
        channels = self.backbone.conv1.in_channels
        if channels != 3:
            state["conv1.weight"] = (
                state["conv1.weight"].sum(1, keepdim=True).repeat(1, channels, 1, 1) / channels
            )
        state = {name: value for name, value in state.items() if not name.startswith("fc.")}
        self.backbone.load_state_dict(state)

    def train(self, mode: bool = True) -> ImageNetResNet18:
        """Set the mode; a frozen backbone stays in evaluation mode, to keep ImageNet's batch statistics."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def embed(self, x: Tensor) -> Tensor:
        x = F.interpolate(
            x, size=(self.image_size, self.image_size), mode="bilinear", antialias=False
        )  # (B, C, H, W) -> (B, C, S, S)
        return self.backbone(x)  # -> (B, 512, S/32, S/32) -> (B, 512)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # -> (B, K)


@register_model
def resnet18_imagenet(
    in_shape: tuple[int, ...], num_outputs: int, init: str = "fine-tuned", image_size: int = 0
) -> nn.Module:
    """ResNet-18 with `init` "scratch", "frozen" or "fine-tuned", for images enlarged to
    `image_size`×`image_size` pixels; 0 leaves them as they are.
    """
    return ImageNetResNet18(in_shape[0], num_outputs, init, image_size or in_shape[1])
