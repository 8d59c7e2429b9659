"""“None of these”: photos whose features are far from those of all training photos.

A classifier gives every photo one of its classes. The distance to the nearest training photos, in the space of the last hidden layer,
tells whether the photo resembles any of them (Sun, Ming, Zhu, Li, Out-of-distribution detection with deep nearest neighbors,
arXiv 2204.06507). The threshold is chosen by the share of the user's own held-out photos that must stay accepted.

Shapes: B photos, N training photos, D features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.inference.predictor import Predictor
from core.projects.run_photos import load_run_photos
from core.runs.store import Run

DEFAULT_KEEP = 0.95
"""Share of the known photos that is accepted by default."""
_NEIGHBORS = 5
_MIN_HELD_OUT = 10  # with fewer validation photos, training photos take part in choosing the threshold
_BATCH_SIZE = 250


@dataclass(frozen=True)
class UnknownDetector:
    """Distances of photos to the training photos of a run.

    Attributes:
        predictor: the model of the run.
        reference: unit feature vectors of the training photos, float32 (N, D).
        reference_ids: their photo ids.
        held_out: distances of photos of the known classes, ascending.
        neighbors: a distance is the mean over this number of nearest training photos.
    """

    predictor: Predictor
    reference: np.ndarray
    reference_ids: tuple[str, ...]
    held_out: np.ndarray
    neighbors: int

    def threshold(self, keep: float = DEFAULT_KEEP) -> float:
        """The largest accepted distance, so that the share `keep` of the held-out photos of the known classes is accepted."""
        return float(np.quantile(self.held_out, min(max(keep, 0.0), 1.0)))

    def unknown_scores(self, x: np.ndarray) -> np.ndarray:
        """Distance (B,) of images `x`, uint8 (B, C, H, W), to the training photos: 0 for a copy, at most 2."""
        return _mean_distance(_unit_features(self.predictor, x), self.reference, self.neighbors)

    def nearest(self, x: np.ndarray, count: int = 5) -> list[list[str]]:
        """Ids of the `count` training photos that are nearest to each image."""
        order = np.argsort(-(_unit_features(self.predictor, x) @ self.reference.T), 1)[:, :count]
        return [[self.reference_ids[i] for i in row] for row in order]


def fit_unknown_detector(run: Run) -> UnknownDetector:
    """The detector of a finished run, from its training photos and its held-out validation photos.

    Raises:
        UserError: if the weights are missing, or if the photos that the run used are not known.
    """
    predictor = Predictor.load(run.best_weights_path)
    train, validation = load_run_photos(run, "train"), load_run_photos(run, "validation")
    reference = _unit_features(predictor, train.x)
    neighbors = max(1, min(_NEIGHBORS, int(np.bincount(train.y).min()) - 1))
    distances = _mean_distance(_unit_features(predictor, validation.x), reference, neighbors)
    if len(distances) < _MIN_HELD_OUT:
        distances = np.concatenate([distances, _leave_one_out(reference, neighbors)])
    return UnknownDetector(predictor, reference, train.ids, np.sort(distances), neighbors)


def _unit_features(predictor: Predictor, x: np.ndarray) -> np.ndarray:
    if not len(x):
        return np.empty((0, 1), np.float32)
    parts = [predictor.embed(x[i : i + _BATCH_SIZE]) for i in range(0, len(x), _BATCH_SIZE)]
    features = np.concatenate(parts)
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def _mean_distance(features: np.ndarray, reference: np.ndarray, neighbors: int) -> np.ndarray:
    """Mean Euclidean distance (B,) of unit vectors to their nearest ones in `reference`."""
    if not len(features):
        return np.empty(0, np.float32)
    squared = np.clip(2 - 2 * features @ reference.T, 0, None)
    return np.sqrt(np.partition(squared, neighbors - 1, 1)[:, :neighbors]).mean(1)


def _leave_one_out(reference: np.ndarray, neighbors: int) -> np.ndarray:
    """Mean distance (N,) of each unit vector to its nearest others."""
    squared = np.clip(2 - 2 * reference @ reference.T, 0, None)
    np.fill_diagonal(squared, np.inf)
    return np.sqrt(np.partition(squared, neighbors - 1, 1)[:, :neighbors]).mean(1)
