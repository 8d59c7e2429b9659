"""Classical algorithms on the points of the playground, with scikit-learn.

Shapes: N points, G grid points per side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from core.lessons.playground.data_sets import PointSet
from core.lessons.playground.training import grid_points
from core.messages import N_

GRID = 50
CLASSIFIERS = {
    "logistic": N_("Logistic regression"),
    "bayes": N_("Naive Bayes"),
    "knn": N_("k-nearest neighbors (k = 5)"),
    "svm-linear": N_("SVM, linear kernel"),
    "svm-rbf": N_("SVM, RBF kernel"),
    "tree": N_("Decision tree"),
    "forest": N_("Random forest (100 trees)"),
}
_MAKERS: dict[str, Callable] = {
    "logistic": LogisticRegression,
    "bayes": GaussianNB,
    "knn": lambda: KNeighborsClassifier(5),
    "svm-linear": lambda: SVC(kernel="linear"),
    "svm-rbf": lambda: SVC(kernel="rbf"),
    "tree": lambda: DecisionTreeClassifier(random_state=0),
    "forest": lambda: RandomForestClassifier(100, random_state=0),
}


@dataclass(frozen=True)
class Fit:
    """A fitted classifier.

    Attributes:
        name: name in `CLASSIFIERS`.
        output: (G, G) score of class 1 in 0..1, bottom row first, the boundary at 0.5; (3, G, G) scores of three classes.
        train_accuracy: on the training points.
        test_accuracy: on the test points.
        seconds: time of fitting.
    """

    name: str
    output: np.ndarray
    train_accuracy: float
    test_accuracy: float
    seconds: float


def fit_classifier(name: str, made: PointSet) -> Fit:
    """Fit the classifier `name` to the training points of a classification set with both classes among them."""
    x, y = made.points, made.targets.round().astype(int)
    if name == "knn":
        model = KNeighborsClassifier(min(5, len(made.train)))
    else:
        model = _MAKERS[name]()
    begun = time.perf_counter()
    model.fit(x[made.train], y[made.train])
    seconds = time.perf_counter() - begun
    grid = grid_points(GRID)
    if hasattr(model, "predict_proba"):
        output = model.predict_proba(grid)
    else:
        scores = model.decision_function(grid)  # (G², 3) of three classes, else (G²,)
        output = softmax(2 * scores if scores.ndim > 1 else np.stack([-scores, scores], 1), axis=1)
    maps = output.T.reshape(-1, GRID, GRID)
    train, test = (float(np.mean(model.predict(x[i]) == y[i])) for i in (made.train, made.test))
    return Fit(name, maps if made.num_classes > 2 else maps[1], train, test, seconds)


@dataclass(frozen=True)
class Unsupervised:
    """What k-means and PCA find without labels.

    Attributes:
        regions: (G, G) class of the nearest cluster, 0, 1 or 2, bottom row first.
        agreement: share of points whose cluster is their class, clusters named the best way.
        mean: center of all points (2,).
        axes: principal axes (2, 2), scaled to one standard deviation.
        variance_shares: explained share of the variance, (2,).
    """

    regions: np.ndarray
    agreement: float
    mean: np.ndarray
    axes: np.ndarray
    variance_shares: np.ndarray


def find_structure(made: PointSet) -> Unsupervised:
    """Fit k-means with as many clusters as classes, and PCA, to all points without their labels."""
    count = made.num_classes
    clusters = KMeans(count, n_init=10, random_state=0).fit(made.points)
    shared = np.zeros((count, count))  # points by cluster and class
    np.add.at(shared, (clusters.labels_, made.targets.round().astype(int)), 1)
    _, class_of = linear_sum_assignment(-shared)
    agreement = float(shared[np.arange(count), class_of].sum() / len(made.points))
    regions = class_of[clusters.predict(grid_points(GRID))].reshape(GRID, GRID)
    pca = PCA(2).fit(made.points)
    return Unsupervised(
        regions,
        agreement,
        pca.mean_,
        pca.components_ * np.sqrt(pca.explained_variance_)[:, None],
        pca.explained_variance_ratio_,
    )


def gaussian_log_likelihood(values: np.ndarray, mean: float, deviation: float) -> float:
    """Return the mean log-likelihood of `values` (N,) under a normal distribution."""
    return float(np.mean(-np.log(deviation * np.sqrt(2 * np.pi)) - (values - mean) ** 2 / (2 * deviation**2)))
