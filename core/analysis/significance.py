"""Networks compared on the same test images: intervals, whether two can be told apart, where one is right and the other wrong.

Imports without torch. Predictions are class numbers (N,), labels too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIGNIFICANCE_LEVEL = 0.05  # significance below which two networks are told apart
_Z_95 = 1.959964  # the normal distribution's 97.5 % point: intervals of 95 %
_CLASS_CODES = "0123456789abcdefghijklmnopqrstuvwxyz"


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy of `right` of `count` (Wilson, J. Amer. Statist. Assoc. 22, 1927)."""
    if count <= 0:
        return 0.0, 1.0
    p, z2 = right / count, _Z_95 * _Z_95
    middle = (p + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z_95 * math.sqrt(p * (1 - p) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class McNemarResult:
    """Two networks on the same images: how many only the first has right, how many only the second, and how likely a difference at
    least as large would be between equals (McNemar's exact test, Psychometrika 12, 1947)."""

    only_first_correct: int
    only_second_correct: int
    p: float

    @property
    def told_apart(self) -> bool:
        """Whether this duel alone tells the two apart; of several, see the function of this name."""
        return self.p < SIGNIFICANCE_LEVEL


def mcnemar_test(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> McNemarResult:
    """Compare two sets of predictions (N,) with the labels (N,)."""
    from scipy.stats import binomtest

    a, b = first == labels, second == labels
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_first + only_second
    return McNemarResult(only_first, only_second, float(binomtest(only_first, n).pvalue) if n else 1.0)


def holm_reject(p_values: Sequence[float]) -> list[bool]:
    """Which of several duels tell their two apart, so that all together err in one case of twenty (Holm, Scand. J. Statist. 6, 1979):
    of many pairs of equals some would differ by chance."""
    found = [False] * len(p_values)
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[i] >= SIGNIFICANCE_LEVEL / (len(p_values) - rank):
            break
        found[i] = True
    return found


def confusion_matrix(predictions: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes): row is the true class, column the predicted one."""
    return np.bincount(labels * classes + predictions, minlength=classes * classes).reshape(classes, classes)


def per_class_accuracy(matrix: np.ndarray) -> np.ndarray:
    """The accuracy of each true class (K,); NaN where a class has no image."""
    with np.errstate(invalid="ignore"):
        return matrix.diagonal() / matrix.sum(1)


def pareto_front(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Indices of those that no other beats in both: cheaper (or as cheap) and more accurate; by rising cost."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i]))
    front, best = [], -math.inf
    for i in order:
        if accuracies[i] > best:
            front.append(i)
            best = accuracies[i]
    return front


def interleave_classes(index: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`index` (M,) into `labels` (N,) in an order in which the classes take turns: test parts are often sorted by class."""
    turn = np.zeros(len(index), int)
    for k in np.unique(labels[index]):
        of_class = labels[index] == k
        turn[of_class] = np.arange(of_class.sum())
    return index[np.lexsort((labels[index], turn))]


def encode_predictions(predictions: np.ndarray) -> str:
    """Class numbers below 36 as one character each: how a model card keeps its 10,000 answers."""
    if len(predictions) and not 0 <= predictions.min() <= predictions.max() < len(_CLASS_CODES):
        raise ValueError("only class numbers from 0 to 35 can be packed")
    return "".join(_CLASS_CODES[i] for i in predictions)


def decode_predictions(text: str) -> np.ndarray:
    """What `packed` has packed. Raises ValueError for other characters."""
    return np.array([_CLASS_CODES.index(c) for c in text], np.int64)
