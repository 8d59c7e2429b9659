"""Test report of a finished run: confusion matrix, per-class metrics, and the examples behind every cell.

Shapes: N test examples, K classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import data
from core.analysis import significance
from core.kinds import get_kind
from core.messages import UserError
from core.runs.store import Run


@dataclass(frozen=True)
class EvaluationReport(ABC):
    """Outputs and targets (N,) in the order of the test set."""

    classes: tuple[str, ...]
    outputs: np.ndarray
    targets: np.ndarray

    @property
    @abstractmethod
    def predictions(self) -> np.ndarray:
        """One prediction per example (N,)."""

    @abstractmethod
    def worst(self, count: int) -> np.ndarray:
        """Test indices of the `count` worst errors, worst first."""


@dataclass(frozen=True)
class ClassificationReport(EvaluationReport):
    """Probabilities (N, K) and labels (N,). Raises ValueError if their shapes do not match `classes`."""

    def __post_init__(self) -> None:
        if self.outputs.shape != (len(self.targets), len(self.classes)):
            raise ValueError(f"{self.outputs.shape} is no array of {len(self.classes)} probabilities")

    @property
    def predictions(self) -> np.ndarray:
        """Predicted classes (N,)."""
        return self.outputs.argmax(1)

    def confusion(self) -> np.ndarray:
        """Counts (K, K): rows are true classes, columns predicted ones."""
        return significance.confusion_matrix(self.predictions, self.targets, len(self.classes))

    def per_class(self) -> pd.DataFrame:
        """Precision, recall, F1 in [0, 1] and support, one row per class (scikit-learn's definitions)."""
        from sklearn.metrics import precision_recall_fscore_support

        labels = np.arange(len(self.classes))
        values = precision_recall_fscore_support(
            self.targets, self.predictions, labels=labels, zero_division=0
        )
        return pd.DataFrame(
            dict(zip(("precision", "recall", "f1", "support"), values, strict=True)), index=list(self.classes)
        )

    def examples_in_cell(self, true: int, predicted: int) -> np.ndarray:
        """Test indices of one cell of the confusion matrix, the most confident first."""
        index = np.flatnonzero((self.targets == true) & (self.predictions == predicted))
        return index[np.argsort(-self.outputs[index, predicted], kind="stable")]

    def worst(self, count: int) -> np.ndarray:
        """Test indices of the most confident errors."""
        wrong = np.flatnonzero(self.predictions != self.targets)
        confidence = self.outputs[wrong, self.predictions[wrong]]
        return wrong[np.argsort(-confidence, kind="stable")][:count]


@dataclass(frozen=True)
class RegressionReport(EvaluationReport):
    """Predictions (N,) and targets (N,). Raises ValueError if their shapes differ."""

    def __post_init__(self) -> None:
        if self.outputs.shape != (len(self.targets),):
            raise ValueError(f"{self.outputs.shape} is no array of {len(self.targets)} predictions")

    @property
    def predictions(self) -> np.ndarray:
        """The predictions (N,)."""
        return self.outputs

    def worst(self, count: int) -> np.ndarray:
        """Test indices of the largest absolute errors."""
        return np.argsort(-np.abs(self.outputs - self.targets), kind="stable")[:count]


def load_arrays(run: Run) -> tuple[np.ndarray, np.ndarray] | None:
    """Outputs and targets of a finished run, or None if the file is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(run.path / "predictions.safetensors")
        return arrays["outputs"], arrays["targets"]
    except (OSError, SafetensorError, KeyError):
        return None


def load_report(run: Run) -> EvaluationReport | None:
    """The report of a finished run, or None if it has no readable predictions or its task is unknown."""
    try:
        return get_kind(run.task.kind).load_report(run)
    except UserError:
        return None


def load_test_dataset(run: Run) -> data.ArrayDataset | None:
    """The data set that the run was tested on, or None if it is not installed. Never downloads."""
    wanted = run.config.get("data", {})
    try:
        found = data.load_dataset(
            run.task.dataset, run.config.get("data_root") or None, download=False, **run.recipe.part("data")
        )
    except UserError:
        return None
    return found if found.name == wanted.get("name") and len(found.test_x) == wanted.get("test") else None
