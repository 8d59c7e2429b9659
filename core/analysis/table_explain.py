"""Explanations of a model for a table: permutation importance, partial dependence, nearest neighbors.

Shapes: N rows, F features, G grid values.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

Predict = Callable[[np.ndarray], np.ndarray]


class _Fitted(RegressorMixin, BaseEstimator):
    """A prediction function as scikit-learn's inspection tools take it."""

    def __init__(self, function: Predict | None = None) -> None:
        self.function = function

    def fit(self, x: np.ndarray, y: np.ndarray) -> _Fitted:
        """Leave the model as it is."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions (N,)."""
        return self.function(np.asarray(x, np.float32))


@dataclass(frozen=True)
class Importance:
    """Increase of the RMSE when a column is shuffled: mean and standard deviation over shuffles, by feature (F,)."""

    mean: np.ndarray
    std: np.ndarray


@dataclass(frozen=True)
class PartialDependence:
    """Predictions over the values (G,) of one feature: of single rows (n, G), and their mean (G,)."""

    grid: np.ndarray
    rows: np.ndarray
    mean: np.ndarray


def permutation_importance(
    predict: Predict, x: np.ndarray, y: np.ndarray, repeats: int = 10, seed: int = 0
) -> Importance:
    """Breiman's permutation importance (Machine Learning 45, 2001) on rows (N, F) the model was not trained on."""
    from sklearn import inspection

    found = inspection.permutation_importance(
        _Fitted(predict), x, y, scoring="neg_root_mean_squared_error", n_repeats=repeats, random_state=seed
    )
    return Importance(found.importances_mean, found.importances_std)


def partial_dependence(
    predict: Predict, x: np.ndarray, feature: int, grid_size: int = 30, max_rows: int = 40
) -> PartialDependence:
    """Friedman's partial dependence (Annals of Statistics 29, 2001), with the curves of up to `max_rows` single rows.

    The grid runs from the 2nd to the 98th percentile: outside, there is next to no data.
    """
    from sklearn import inspection

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # whole numbers in a float column
        found = inspection.partial_dependence(
            _Fitted(predict),
            x,
            [feature],
            kind="both",
            percentiles=(0.02, 0.98),
            grid_resolution=grid_size,
            method="brute",
            response_method="auto",
        )
    rows = np.linspace(0, len(x) - 1, min(max_rows, len(x))).round().astype(int)
    return PartialDependence(found["grid_values"][0], found["individual"][0][rows], found["average"][0])


def contributions(predict: Predict, row: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Shapley values (F,): what each feature of `row` (F,) adds to the prediction for `base` (F,).

    Exact: a feature's effect is averaged over all orders in which the values of `base` can be replaced by those of `row`. The sum of
    all is the difference of the two predictions. One call of `predict` with 2^k rows, where k features differ.
    """
    differing = np.flatnonzero(row != base)
    count, found = len(differing), np.zeros(len(row))
    subsets = np.arange(2**count)
    replaced = (subsets[:, None] >> np.arange(count)) & 1 == 1
    rows = np.repeat(base[None], len(subsets), 0)
    rows[:, differing] = np.where(replaced, row[differing], base[differing])
    values, sizes = predict(rows).astype(np.float64), replaced.sum(1)
    weights = np.array([1 / (count * math.comb(count - 1, size)) for size in range(count)])
    for place, feature in enumerate(differing):
        before = subsets[~replaced[:, place]]
        found[feature] = weights[sizes[before]] @ (values[before | 1 << place] - values[before])
    return found


def nearest_rows(row: np.ndarray, x: np.ndarray, count: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Indices and distances of the rows of (N, F) closest to `row` (F,), every feature in standard deviations."""
    std = x.std(0)
    distances = np.linalg.norm((x - row) / np.where(std > 0, std, 1.0), axis=1)
    nearest = np.argsort(distances, kind="stable")[:count]
    return nearest, distances[nearest]
