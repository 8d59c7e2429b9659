"""A classical baseline for photos: histograms of oriented gradients and a linear support vector machine.

Dalal and Triggs, Histograms of oriented gradients for human detection (CVPR 2005). It is trained and tested on the same photos as a run.
Imports without torch. Shapes: N images, F features, K classes.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import numpy as np

from core.analysis.significance import wilson_interval
from core.messages import N_, UserError

CELLS = 8
"""Cells per side of an image."""
_ORIENTATIONS = 9
_C_VALUES = (0.01, 0.1, 1.0)
_FOLDS = 3
_SEED = 0
_MAX_ITERATIONS = 2000


@dataclass(frozen=True)
class HogResult:
    """The baseline on the test images.

    Attributes:
        predictions: predicted classes (N,).
        accuracy: share of the test images that is predicted right.
        interval: its 95% Wilson interval.
        c: inverse strength of the regularization, chosen by cross-validation on the training images.
        num_features: F.
        seconds: wall time of features and training.
    """

    predictions: np.ndarray
    accuracy: float
    interval: tuple[float, float]
    c: float
    num_features: int
    seconds: float


def hog_features(x: np.ndarray) -> np.ndarray:
    """HOG descriptors, float32 (N, F), of images `x`, uint8 (N, C, H, H): 8×8 cells, 9 orientations, blocks of 2×2 cells.

    Of colors, each pixel counts with the channel of the steepest gradient.
    """
    from skimage.feature import hog

    side = x.shape[-1] // CELLS
    return np.array(
        [
            hog(
                image.transpose(1, 2, 0),
                _ORIENTATIONS,
                (side, side),
                (2, 2),
                block_norm="L2-Hys",
                channel_axis=-1,
            )
            for image in x
        ],
        np.float32,
    )


def fit_hog_baseline(
    train_x: np.ndarray, train_y: np.ndarray, test_x: np.ndarray, test_y: np.ndarray
) -> HogResult:
    """Train a linear SVM on HOG features of the training images, uint8 (N, C, H, H), and test it.

    Raises:
        UserError: if the images are smaller than 8 pixels, or if a class has a single training image.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.svm import LinearSVC

    rarest = int(np.unique(train_y, return_counts=True)[1].min())
    if train_x.shape[-1] < CELLS or rarest < 2:
        raise UserError(N_("The HOG baseline needs at least two training photos of each class."))
    started = time.perf_counter()
    features = hog_features(train_x)
    folds = StratifiedKFold(min(_FOLDS, rarest), shuffle=True, random_state=_SEED)
    machine = LinearSVC(dual="auto", random_state=_SEED, max_iter=_MAX_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # the accuracy settles long before the solver does
        search = GridSearchCV(machine, {"C": list(_C_VALUES)}, cv=folds).fit(features, train_y)
    predictions = search.predict(hog_features(test_x))
    right = int((predictions == test_y).sum())
    return HogResult(
        predictions,
        right / len(test_y),
        wilson_interval(right, len(test_y)),
        float(search.best_params_["C"]),
        features.shape[1],
        time.perf_counter() - started,
    )
