"""Repeated stratified k-fold cross-validation, for data sets that are too small for one split.

With 153 validation photos, four photos are the whole difference between two models; folds use every photo for validation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

FitAndScore = Callable[[np.ndarray, np.ndarray], float]
"""Trains on the examples of the first indices and returns the accuracy, in [0, 1], on those of the second."""


@dataclass(frozen=True)
class FoldScores:
    """Accuracies of the folds so far.

    Attributes:
        scores: accuracy of each fold, in [0, 1].
        total: number of folds when all are done.
        held_out: number of held-out examples over that of training examples, in one fold.
    """

    scores: tuple[float, ...]
    total: int
    held_out: float

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return float(np.mean(self.scores))

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Confidence interval of the mean, within [0, 1]; None for fewer than two folds. See `corrected_interval`."""
        if len(self.scores) < 2:
            return None
        low, high = corrected_interval(self.scores, self.held_out, level)
        return max(0.0, low), min(1.0, high)


def corrected_interval(scores: Sequence[float], held_out: float, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of the mean of two or more fold scores; `held_out` as in `FoldScores`.

    Training sets of different folds overlap, so the variance is corrected (Nadeau and Bengio, Machine Learning 52, 2003); without
    it the interval would be far too narrow.
    """
    from scipy import stats

    mean, variance = float(np.mean(scores)), float(np.var(scores, ddof=1)) * (1 / len(scores) + held_out)
    reach = float(stats.t.ppf(0.5 + level / 2, len(scores) - 1)) * math.sqrt(variance)
    return mean - reach, mean + reach


def cross_validate(
    labels: np.ndarray, fit_and_score: FitAndScore, k: int = 5, repeats: int = 2, seed: int = 0
) -> Iterator[FoldScores]:
    """Train and score on `repeats` times `k` stratified folds of the examples with `labels` (N,); yield the scores after each fold.

    Raises:
        ValueError: if `k` is less than 2 or larger than the rarest class.
    """
    from core.projects.splits import k_folds

    smallest = int(np.bincount(labels)[np.unique(labels)].min())
    if not 2 <= k <= smallest:
        raise ValueError(f"k must be from 2 to {smallest}, the size of the smallest class, not {k}")
    scores: list[float] = []
    for train, held in k_folds(labels, k, repeats, seed):
        scores.append(fit_and_score(train, held))
        yield FoldScores(tuple(scores), k * repeats, len(held) / len(train))


def head_scorer(features: np.ndarray, labels: np.ndarray, recipe: object = None) -> FitAndScore:
    """What scores a head on cached `features` (N, F) with `labels` (N,); `recipe` as for `core.training.heads.train_head`."""
    from core.training import heads

    def fit_and_score(train: np.ndarray, held: np.ndarray) -> float:
        settings = heads.HEAD_RECIPE if recipe is None else recipe
        *_events, result = heads.train_head(
            features[train], labels[train], settings.changed(num_validation=0), int(labels.max()) + 1
        )
        return float((result.probabilities(features[held]).argmax(1) == labels[held]).mean())

    return fit_and_score
