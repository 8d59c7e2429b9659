"""Statistics for comparing classifiers on the same test images: confidence intervals, significance, the Pareto front.

Predictions and labels are class indices (N,). Imports without torch, and loads scipy and statsmodels on the first use, so
that pages open before they are needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIGNIFICANCE_LEVEL = 0.05
_CLASS_CODES = "0123456789abcdefghijklmnopqrstuvwxyz"


def wilson_interval(num_correct: int, count: int) -> tuple[float, float]:
    """Return the 95% Wilson score interval of an accuracy of `num_correct` out of `count`, each in 0 to 1.

    Without images (`count` 0) it is (0, 1). (Wilson, J. Amer. Statist. Assoc. 22, 1927)
    """
    from scipy.stats import binomtest

    if count <= 0:
        return 0.0, 1.0
    interval = binomtest(num_correct, count).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True)
class McNemarResult:
    """Result of McNemar's exact test (Psychometrika 12, 1947) of two classifiers on the same images.

    Attributes:
        only_first_correct: number of images that only the first classifies correctly.
        only_second_correct: number of images that only the second classifies correctly.
        p_value: probability of a difference at least as large between equally accurate classifiers.
    """

    only_first_correct: int
    only_second_correct: int
    p_value: float

    @property
    def is_significant(self) -> bool:
        """Whether this pair differs significantly, tested alone; see `holm_reject` for several pairs."""
        return self.p_value < SIGNIFICANCE_LEVEL


def mcnemar_test(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> McNemarResult:
    """Compare the predictions `first` and `second` (N,) of the same images by McNemar's exact test."""
    from scipy.stats import binomtest

    first_correct, second_correct = first == labels, second == labels
    only_first, only_second = (
        int((first_correct & ~second_correct).sum()),
        int((second_correct & ~first_correct).sum()),
    )
    n = only_first + only_second
    return McNemarResult(only_first, only_second, float(binomtest(only_first, n).pvalue) if n else 1.0)


def holm_reject(p_values: Sequence[float]) -> list[bool]:
    """Return which of several tests are significant after the Holm–Bonferroni correction.

    The probability that any of them is a false positive is at most 5%. (Holm, Scand. J. Statist. 6, 1979)
    """
    from statsmodels.stats.multitest import multipletests

    if not len(p_values):
        return []
    return multipletests(p_values, alpha=SIGNIFICANCE_LEVEL, method="holm")[0].tolist()


def confusion_matrix(predictions: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Return counts (num_classes, num_classes): rows are true classes, columns predicted classes."""
    cells = np.bincount(labels * num_classes + predictions, minlength=num_classes * num_classes)
    return cells.reshape(num_classes, num_classes)


def per_class_accuracy(matrix: np.ndarray) -> np.ndarray:
    """Return the accuracy of each true class (K,) from a confusion matrix (K, K); NaN for classes without images."""
    with np.errstate(invalid="ignore"):
        return matrix.diagonal() / matrix.sum(1)


def pareto_front(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Return the indices of the Pareto front (lower cost, higher accuracy), by increasing cost."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i]))
    front, best = [], -math.inf
    for i in order:
        if accuracies[i] > best:
            front.append(i)
            best = accuracies[i]
    return front


def interleave_classes(indices: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Reorder `indices` (M,) into `labels` (N,) so that the classes alternate; test sets are often sorted by class."""
    rank = np.zeros(len(indices), int)
    for label in np.unique(labels[indices]):
        of_class = labels[indices] == label
        rank[of_class] = np.arange(of_class.sum())
    return indices[np.lexsort((labels[indices], rank))]


def encode_predictions(predictions: np.ndarray) -> str:
    """Encode class indices below 36 as one character each, as in model cards. Raises ValueError for other values."""
    if len(predictions) and not 0 <= predictions.min() <= predictions.max() < len(_CLASS_CODES):
        raise ValueError("only class indices from 0 to 35 can be encoded")
    return "".join(_CLASS_CODES[i] for i in predictions)


def decode_predictions(text: str) -> np.ndarray:
    """Decode the output of `encode_predictions`. Raises ValueError for other characters."""
    return np.array([_CLASS_CODES.index(c) for c in text], np.int64)
