"""Batches as whole tensors: gathering, normalization and augmentation without Python per example.

Shapes: N examples, B batch, C H W image, F features.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from core.data import ArrayDataset, augment, augment_digits

if TYPE_CHECKING:
    from core.training.supervised_recipe import SupervisedRecipe

MAX_WARM_START_EXAMPLES = 5000
"""Training examples from which a network computes the layers that it does not learn."""
# Of inputs that go through a network together where it does not learn. On a CPU the features of 100 images stay in memory
# that the process has already; those of 1,000 are mapped anew for every layer.
_MAX_EVAL_BATCH, _MAX_EVAL_BATCH_CPU, _MAX_EVAL_BYTES = 1000, 100, 50_000_000


def normalization(mean: Sequence[float], std: Sequence[float], is_image: bool) -> tuple[Tensor, Tensor]:
    """Scale and offset per channel (1, C, 1, 1) or per feature (1, F), with one multiplication and one
    addition per value: pixels from 0 to 255 become (x / 255 - mean) / std, features (x - mean) / std.
    """
    shape, unit = ((1, -1, 1, 1), 255.0) if is_image else ((1, -1), 1.0)
    std = torch.as_tensor(std, dtype=torch.float32)
    return (1.0 / (unit * std)).view(shape), (-torch.as_tensor(mean, dtype=torch.float32) / std).view(shape)


class Batches:
    """Examples of one split, stored unscaled (uint8 images, float tables) and normalized per batch.

    `targets` are class indices or, for regression, targets in their own unit.
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
        """Normalized inputs (B, C, H, W), channels-last in memory, or (B, F)."""
        return self.normalize(self.x[index])

    def normalize(self, x: Tensor) -> Tensor:
        """Normalize unscaled examples (uint8 pixels or features) to model inputs."""
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
        """Normalized and augmented images (B, C, H, W) of `epoch`. `mirrored_first` (N,) bool says which
        images an alternating flip mirrors in the first epoch. Color jitter, cutout and erasing work on standardized
        images, so that they do not depend on the input scaling, which comes last.
        """
        flipped = augment.flip_mask(recipe.flip, index.cpu(), epoch, mirrored_first, generator)
        x = augment.random_crop_flip(self.x[index], recipe.crop_padding, flipped, generator)
        if recipe.vertical_flip:
            x = augment.random_vertical_flip(x, generator)
        if recipe.hue or recipe.grayscale:
            x = augment.random_hue_grayscale(x.float() / 255, recipe.hue, recipe.grayscale, generator) * 255
        if recipe.pen_strokes or recipe.stroke_width or recipe.shear or recipe.elastic:
            x = 255 * augment_digits.deform_digits(
                x.float() / 255,
                self.y[index],
                pen_strokes=recipe.pen_strokes,
                stroke_width=recipe.stroke_width,
                shear=recipe.shear,
                elastic=recipe.elastic,
                generator=generator,
            )
        rescaled = self.standardization is not None and (
            recipe.color_jitter or recipe.cutout or recipe.random_erasing
        )
        x = (
            torch.addcmul(self.standardization[1], x.float(), self.standardization[0])
            if rescaled
            else self.normalize(x)
        )
        x = augment.random_affine(x, recipe.shift, recipe.rotate, recipe.scale, generator)
        x = augment.random_resized_crop(x, recipe.resized_crop, generator)
        x = augment.cutout(augment.color_jitter(x, recipe.color_jitter, generator), recipe.cutout, generator)
        x = augment.random_erasing(x, recipe.random_erasing, generator)
        return self.normalize((x - self.standardization[1]) / self.standardization[0]) if rescaled else x

    def parts(self, network: nn.Module) -> Iterator[slice]:
        """Slices that cover all examples, each small enough for one forward pass of `network`."""
        count = eval_batch_size(network, tuple(self.x.shape[1:]), self.x.device.type)
        for first in range(0, len(self), count):
            yield slice(first, first + count)

    def targets(self, index: Tensor | slice) -> Tensor:
        """Class indices (B,) int64 or targets (B,) float32."""
        return self.y[index]


def eval_batch_size(network: nn.Module, shape: tuple[int, ...], device: str) -> int:
    """Number of examples of `shape` for one forward pass of `network` on "cpu" or "cuda". A model that enlarges images reports their
    size (`image_size`).
    """
    if len(shape) == 3 and hasattr(network, "image_size"):
        shape = (shape[0], network.image_size, network.image_size)
    most = _MAX_EVAL_BATCH_CPU if device == "cpu" else _MAX_EVAL_BATCH
    return max(1, min(most, _MAX_EVAL_BYTES // (4 * math.prod(shape))))


class _PreparedExamples(Dataset):
    """Examples as a data set of PyTorch: item i is one input, prepared by `inputs`, which takes indices (B,)."""

    def __init__(self, inputs: Callable[[Tensor], Tensor]) -> None:
        self.inputs = inputs

    def __getitem__(self, i: int) -> Tensor:
        return self.inputs(torch.tensor([i]))[0]


def load_one_by_one(indices: Sequence[Tensor], inputs: Callable[[Tensor], Tensor]) -> DataLoader:
    """PyTorch's `DataLoader` over batches of `indices`, each (B,): it prepares one example at a time and stacks them, as with torchvision's
    transforms. Its generator is its own, so that it draws no random number of the training.
    """
    return DataLoader(
        _PreparedExamples(inputs),
        batch_sampler=[index.tolist() for index in indices],
        generator=torch.Generator(),
    )


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """Order (n,) of the examples in epoch `epoch`: a function of the seed and the epoch alone, so that a
    resumed epoch has the same order.
    """
    generator = torch.Generator().manual_seed((seed << 20) + epoch)
    return torch.randperm(n, generator=generator)
