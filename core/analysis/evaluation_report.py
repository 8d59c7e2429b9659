"""What a finished run did on the test part: confusion, figures per class, the examples behind every cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import data
from core.analysis import significance
from core.messages import UserError
from core.runs.store import Run


@dataclass(frozen=True)
class EvaluationReport:
    """Outputs on the test part in its order: probabilities (N, K) or predictions (N,), and targets (N,)."""

    kind: str
    classes: tuple[str, ...]
    outputs: np.ndarray
    targets: np.ndarray

    @property
    def predictions(self) -> np.ndarray:
        """Predicted classes (N,), or the predictions themselves."""
        return self.outputs.argmax(1) if self.kind == "classification" else self.outputs

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
        """Test indices of one cell of the confusion matrix, the surest first."""
        index = np.flatnonzero((self.targets == true) & (self.predictions == predicted))
        return index[np.argsort(-self.outputs[index, predicted], kind="stable")]

    def worst(self, count: int) -> np.ndarray:
        """Test indices of the worst mistakes: wrong and sure of it, or the largest errors."""
        if self.kind == "classification":
            wrong = np.flatnonzero(self.predictions != self.targets)
            sure = self.outputs[wrong, self.predictions[wrong]]
            return wrong[np.argsort(-sure, kind="stable")][:count]
        return np.argsort(-np.abs(self.outputs - self.targets), kind="stable")[:count]


def load_report(run: Run) -> EvaluationReport | None:
    """The report of a finished run, or None where it has no readable predictions."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(run.path / "predictions.safetensors")
        kind = run.task.kind
        classes = tuple(run.config.get("data", {}).get("classes", ()))
        outputs, targets = arrays["outputs"], arrays["targets"]
        fits = outputs.shape == (
            (len(targets), len(classes)) if kind == "classification" else (len(targets),)
        )
        return EvaluationReport(kind, classes, outputs, targets) if fits else None
    except (OSError, SafetensorError, KeyError, UserError):
        return None


def load_test_dataset(run: Run) -> data.ArrayDataset | None:
    """The data set that the run was tested on, where it is on this machine still; never downloads."""
    wanted = run.config.get("data", {})
    try:
        found = data.load_dataset(
            run.task.dataset, run.config.get("data_root") or None, download=False, **run.recipe.part("data")
        )
    except UserError:
        return None
    return found if found.name == wanted.get("name") and len(found.test_x) == wanted.get("test") else None
