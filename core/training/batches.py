"""The data path of a training: whole batches are gathered and normalised as tensors; no Python per example.

Shapes: N examples, B batch, C H W image, F features.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from core.data import ArrayDataset, augment

if TYPE_CHECKING:
    from core.training.supervised_recipe import SupervisedRecipe

MAX_WARM_START_EXAMPLES = 5000
"""Training examples from which a network computes the layers that it does not learn."""
_MAX_EVAL_BATCH, _MAX_EVAL_BYTES = (
    1000,
    50_000_000,
)  # of inputs that go through a network together where it does not learn


def normalization(mean: Sequence[float], std: Sequence[float], is_image: bool) -> tuple[Tensor, Tensor]:
    """Gain and offset of each channel (1, C, 1, 1) of images or of each feature (1, F): with one multiplication and one addition per value
    they take pixels from 0 to 255 to (x / 255 - mean) / std, and features to (x - mean) / std."""
    shape, unit = ((1, -1, 1, 1), 255.0) if is_image else ((1, -1), 1.0)
    std = torch.as_tensor(std, dtype=torch.float32)
    return (1.0 / (unit * std)).view(shape), (-torch.as_tensor(mean, dtype=torch.float32) / std).view(shape)


class Batches:
    """Examples of one part of a data set, held as they came (uint8 images, float tables) and normalised batch by batch.

    `targets` are class numbers, or for regression the targets in their own unit.
    """

    def __init__(
        self, data: ArrayDataset, x: np.ndarray, y: np.ndarray, device: torch.device | str = "cpu"
    ) -> None:
        self.x = torch.from_numpy(np.ascontiguousarray(x)).to(device)
        self.y = torch.from_numpy(np.ascontiguousarray(y)).to(device)
        self.is_image = data.is_image
        self.gain, self.offset = (v.to(device) for v in normalization(data.mean, data.std, data.is_image))
        self.standardization = (
            tuple(v.to(device) for v in normalization(*data.standardization, data.is_image))
            if data.standardization
            else None
        )

    def __len__(self) -> int:
        return len(self.y)

    def inputs(self, index: Tensor | slice) -> Tensor:
        """Normalised inputs (B, C, H, W), channels-last in memory, or (B, F)."""
        return self.normalize(self.x[index])

    def normalize(self, x: Tensor) -> Tensor:
        """Examples as they came (uint8 pixels or features), as a network takes them."""
        x = torch.addcmul(self.offset, x.float(), self.gain)
        return x.contiguous(memory_format=torch.channels_last) if self.is_image and x.shape[1] > 1 else x

    def augment(
        self,
        index: Tensor,
        recipe: SupervisedRecipe,
        epoch: int,
        mirrored_first: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Normalised images (B, C, H, W) as `epoch` shows them to the network. `mirrored_first` (N,) bool: which images an alternating
        flip shows mirrored in the first epoch. Colours are changed and squares cut out of standardised images, so that they are the same
        whatever the scaling, which comes last."""
        flipped = augment.flip_mask(recipe.flip, index.cpu(), epoch, mirrored_first, generator)
        x = augment.random_crop_flip(self.x[index], recipe.crop_padding, flipped, generator)
        if recipe.hue or recipe.grayscale:
            x = augment.random_hue_grayscale(x.float() / 255, recipe.hue, recipe.grayscale, generator) * 255
        rescaled = self.standardization is not None and (recipe.color_jitter or recipe.cutout)
        x = (
            torch.addcmul(self.standardization[1], x.float(), self.standardization[0])
            if rescaled
            else self.normalize(x)
        )
        x = augment.random_affine(x, recipe.shift, recipe.rotate, recipe.scale, generator)
        x = augment.cutout(augment.color_jitter(x, recipe.color_jitter, generator), recipe.cutout, generator)
        return self.normalize((x - self.standardization[1]) / self.standardization[0]) if rescaled else x

    def parts(self, network: nn.Module) -> Iterator[slice]:
        """Slices that together are all examples, each few enough for `network` to look at them at once. A network that enlarges pictures
        says to how many pixels (`image_size`)."""
        shape = self.x.shape[1:]
        if self.is_image and hasattr(network, "image_size"):
            shape = (shape[0], network.image_size, network.image_size)
        count = max(1, min(_MAX_EVAL_BATCH, _MAX_EVAL_BYTES // (4 * math.prod(shape))))
        for first in range(0, len(self), count):
            yield slice(first, first + count)

    def targets(self, index: Tensor | slice) -> Tensor:
        """Class numbers (B,) int64 or targets (B,) float32."""
        return self.y[index]


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """The order (n,) in which epoch `epoch` sees the examples; a function of the seed and the epoch alone, so that a resumed
    epoch has the same one."""
    generator = torch.Generator().manual_seed((seed << 20) + epoch)
    return torch.randperm(n, generator=generator)
