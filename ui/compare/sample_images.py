"""Images to predict: test images, bundled photos, and uploads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core import data
from core.analysis.model_results import ModelResult
from core.data import ArrayDataset
from core.inference import square_crop
from core.inference.class_samples import ClassSample, load_samples
from ui.compare.model_picker import DATASET
from ui.kit import cache, preload

INPUT_SIDE = 32  # pixels
_SPREAD = 1237  # a prime step: test sets are often sorted by class, and neighbors in the strip should differ


@dataclass(frozen=True)
class InputImage:
    """An image to predict.

    Attributes:
        pixels: model input, uint8 (3, 32, 32).
        photo: the image as shown, uint8 (H, W, 3): larger than the input if it is a photo.
        label: index into `classes` of the true class; None if unknown.
        classes: the classes that `label` refers to.
    """

    pixels: np.ndarray
    photo: np.ndarray
    label: int | None = None
    classes: tuple[str, ...] = ()

    @property
    def is_photo(self) -> bool:
        """Whether it is shown larger than the model input."""
        return self.photo.shape[0] > INPUT_SIDE


def from_crop(crop: square_crop.SquareCrop) -> InputImage:
    """An uploaded photo; its class is not known."""
    return InputImage(crop.pixels, np.asarray(crop.cropped))


def from_test_set(dataset: ArrayDataset, index: int) -> InputImage:
    """Test image `index`."""
    pixels = np.array(dataset.test_x[index])
    return InputImage(pixels, pixels.transpose(1, 2, 0), int(dataset.test_y[index]), dataset.classes)


def from_sample(sample: ClassSample, classes: tuple[str, ...]) -> InputImage:
    """A bundled photo; `classes` are those of the models."""
    crop = square_crop.crop_square(Image.fromarray(sample.photo), INPUT_SIDE)
    label = classes.index(sample.label) if sample.label in classes else None
    return InputImage(crop.pixels, sample.photo, label, classes)


def list_samples(result: ModelResult, count: int) -> list[InputImage]:
    """Test images of the model's own classes if they can be read at once, otherwise bundled photos."""
    if data.find_dataset(DATASET) is not None and preload.decoding_progress(DATASET) is None:
        dataset = cache.load_dataset(DATASET)
        if dataset.classes == result.classes:
            return [from_test_set(dataset, index) for index in strip_indices(len(dataset.test_y), 0, count)]
    return [from_sample(sample, result.classes) for sample in load_samples()[:count]]


def strip_indices(total: int, page: int, count: int) -> list[int]:
    """Indices of the `count` test images on `page` of a strip, spread over the test set."""
    start = page * count
    return [((start + i) * _SPREAD) % total for i in range(min(count, total))]
