"""`ArrayDataset`: a data set as NumPy arrays, with a training and a test set."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from core.data.splits import held_out_size, train_val_split
from core.messages import Message, N_, UserError

_SCALINGS = {"bytes": (0.0, 1 / 255), "unit": (0.0, 1.0), "symmetric": (0.5, 0.5)}
"""Mean and standard deviation, of pixels scaled to [0, 1], that stand for an input scaling."""
_MIN_REGRESSION_EXAMPLES = 5  # one per quintile of the targets


@dataclass(frozen=True)
class ArrayDataset:
    """A data set as arrays.

    Attributes:
        name: the data set, its variant or its fallback, for example "cifar10-copy".
        title: message id.
        kind: name of the kind of task that it is made for.
        origin: folder, file or library that the data come from.
        train_x: uint8 images (N, C, H, W) in [0, 255], or a float32 table (N, F).
        train_y: int64 class numbers (N,) or float32 targets (N,).
        test_x: as `train_x`.
        test_y: as `train_y`.
        mean: subtracted before an example reaches a model: per channel of pixels scaled to [0, 1], or per feature.
        std: divided by, after `mean` has been subtracted.
        classes: class names, as message ids; empty for regression.
        features: column names of a table.
        target: name of a regression target.
        stand_in_for: title of the data set that this fallback replaces; empty for real data.
        notice: why the fallback is used.
        standardization: mean and standard deviation of the training set, if `mean` and `std` are of another input scaling.
    """

    name: str
    title: str
    kind: str
    origin: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    target: str = ""
    stand_in_for: str = ""
    notice: Message | None = field(default=None, compare=False)
    standardization: tuple[np.ndarray, np.ndarray] | None = field(default=None, compare=False)

    @property
    def in_shape(self) -> tuple[int, ...]:
        """Shape of one example: (C, H, W) or (F,)."""
        return self.train_x.shape[1:]

    @property
    def num_outputs(self) -> int:
        """Number of model outputs: one per class, or 1 for regression."""
        return len(self.classes) or 1

    @property
    def is_image(self) -> bool:
        """Whether the examples are images, not rows of a table."""
        return self.train_x.ndim == 4

    def with_scaling(self, scaling: str) -> ArrayDataset:
        """The same data with another input scaling; tables are returned unchanged.

        Args:
            scaling: "bytes" (0 to 255), "unit" (0 to 1), "symmetric" (-1 to 1) or "standardized" (mean 0, standard deviation 1 on the
                training set).
        """
        if scaling == "standardized" or not self.is_image:
            return self
        mean, std = _SCALINGS[scaling]
        return dataclasses.replace(
            self,
            mean=np.full_like(np.asarray(self.mean, dtype=float), mean),
            std=np.full_like(np.asarray(self.std, dtype=float), std),
            standardization=(self.mean, self.std),
        )

    def resolve_validation_size(self, requested: int) -> int:
        """Number of validation examples to hold out: `requested`, but at most a fifth of a fallback's training set.

        Raises:
            UserError: if the training or the validation set would be too small for every class (or quintile of the targets).
        """
        count, low = len(self.train_x), len(self.classes) or _MIN_REGRESSION_EXAMPLES
        size = held_out_size(requested, count, is_fallback=bool(self.stand_in_for))
        if size and not low <= size <= count - low:
            raise UserError(
                N_(
                    "num_validation is {value}, but must be 0 or from {low} to {high} for {title} (training "
                    "set size: {count})."
                ),
                value=requested,
                count=count,
                title=Message(self.title),
                low=low,
                high=count - low,
            )
        return size

    def train_val_split(self, requested: int) -> tuple[np.ndarray, np.ndarray]:
        """Sorted indices (training, validation) into the training set, stratified, with `resolve_validation_size(requested)`
        validation examples.

        Raises:
            UserError: if a class has too few examples to be in both sets.
        """
        size = self.resolve_validation_size(requested)
        if not size or not self.classes:
            return train_val_split(self.train_y, size)
        counts = np.bincount(self.train_y, minlength=len(self.classes))
        split = train_val_split(self.train_y, size) if counts.min() > 1 else ()
        if not split or any(np.bincount(self.train_y[i], minlength=len(counts)).min() == 0 for i in split):
            raise UserError(
                N_(
                    "Class {label} has too few training examples ({few} of {count}) for a stratified "
                    "validation set of {value}. Add examples, or set num_validation to 0."
                ),
                few=int(counts.min()),
                count=len(self.train_y),
                label=Message(self.classes[int(counts.argmin())]),
                value=size,
            )
        return split

    def test_fingerprint(self) -> list[float]:
        """Mean pixel value (0 to 255) of about twenty test images; empty for tables. See `same_test_set`."""
        if not self.is_image:
            return []
        return [round(float(np.mean(x)), 1) for x in self.test_x[:: max(1, len(self.test_x) // 20)]]

    def describe(self) -> dict:
        """The record of the data in a run's config, as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "origin": self.origin,
            "stand_in_for": self.stand_in_for,
            "train": len(self.train_x),
            "test": len(self.test_x),
            "test_levels": self.test_fingerprint(),
            "in_shape": list(self.in_shape),
            "classes": list(self.classes),
            "features": list(self.features),
            "target": self.target,
            "mean": np.asarray(self.mean, dtype=float).tolist(),
            "std": np.asarray(self.std, dtype=float).tolist(),
            **(
                {"standard": [np.asarray(v, dtype=float).tolist() for v in self.standardization]}
                if self.standardization
                else {}
            ),
        }
