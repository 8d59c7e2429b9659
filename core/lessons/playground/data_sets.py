"""Points of the playground. Coordinates lie in about [-3, 3]; labels are 0 and 1 (and 2), targets of regression in about [-1, 1].

Shapes: N points, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.lessons import points_csv
from core.lessons.playground.settings import OWN, THREE_CLASSES, Settings
from core.messages import Message, N_, UserError

RANGE = 3.0
"""Half the side of the square that is drawn."""
REGRESSION = ("plane", "bumps")
MIN_OWN_POINTS = 4
MAX_OWN_POINTS = 1000
OWN_RANGE = 2.6

Rng = np.random.Generator


@dataclass(frozen=True)
class PointSet:
    """Points (N, 2), their labels or targets (N,), and the numbers of those to train on; float32."""

    points: np.ndarray
    targets: np.ndarray
    train: np.ndarray
    test: np.ndarray
    is_regression: bool
    num_classes: int = 2


def xor(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Uniform points; class 1 where both coordinates have the same sign."""
    points = rng.uniform(-2.4, 2.4, (n, 2))
    points += np.where(points > 0, 0.2, -0.2)
    labels = (points[:, 0] * points[:, 1] > 0).astype(float)
    return points + noise * rng.standard_normal((n, 2)), labels


def circles(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """A disk, class 1, within a ring."""
    labels = (np.arange(n) % 2 == 0).astype(float)
    radius = np.where(labels == 1, rng.uniform(0, 1.1, n), rng.uniform(1.7, 2.5, n))
    angle = rng.uniform(0, 2 * np.pi, n)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return points + noise * rng.standard_normal((n, 2)), labels


def spirals(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Two arms of one and a half turns."""
    labels = (np.arange(n) % 2 == 0).astype(float)
    t = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 3 * np.pi * t + np.pi * labels
    points = 2.6 * t[:, None] * np.stack([np.sin(angle), np.cos(angle)], 1)
    return points + 0.5 * noise * rng.standard_normal((n, 2)), labels


def moons(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaving half circles."""
    labels = (np.arange(n) % 2 == 0).astype(float)
    t = np.pi * rng.uniform(0, 1, n)
    x = np.where(labels == 1, np.cos(t) - 0.5, 0.5 - np.cos(t))
    y = np.where(labels == 1, np.sin(t) - 0.25, 0.25 - np.sin(t))
    return 1.6 * np.stack([x, y], 1) + noise * rng.standard_normal((n, 2)), labels


def gaussians(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Two round clouds."""
    labels = (np.arange(n) % 2 == 0).astype(float)
    centers = np.where(labels[:, None] == 1, 1.2, -1.2)
    return centers + (0.4 + 1.6 * noise) * rng.standard_normal((n, 2)), labels


def three_gaussians(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Three round clouds at the corners of a triangle."""
    labels = (np.arange(n) % 3).astype(float)
    angle = 2 * np.pi * labels / 3 + np.pi / 2
    centers = 1.5 * np.stack([np.cos(angle), np.sin(angle)], 1)
    return centers + (0.35 + 1.6 * noise) * rng.standard_normal((n, 2)), labels


def three_spirals(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Three arms of three quarters of a turn."""
    labels = (np.arange(n) % 3).astype(float)
    t = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 1.5 * np.pi * t + 2 * np.pi * labels / 3
    points = 2.6 * t[:, None] * np.stack([np.sin(angle), np.cos(angle)], 1)
    return points + 0.5 * noise * rng.standard_normal((n, 2)), labels


def plane(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """A tilted plane over uniform points, to be learned by regression."""
    points = rng.uniform(-2.6, 2.6, (n, 2))
    return points, (points[:, 0] + points[:, 1]) / 5 + 0.5 * noise * rng.standard_normal(n)


def bumps(n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Hills and valleys over uniform points, to be learned by regression."""
    points = rng.uniform(-2.6, 2.6, (n, 2))
    targets = np.zeros(n)
    for x, y, sign in ((-1.5, 1.5, 1), (1.5, 1.5, -1), (0, 0, 1), (-1.5, -1.5, -1), (1.5, -1.5, 1)):
        targets += sign * np.exp(-((points[:, 0] - x) ** 2 + (points[:, 1] - y) ** 2))
    return points, targets + 0.5 * noise * rng.standard_normal(n)


GENERATORS = {
    f.__name__: f
    for f in (xor, circles, spirals, moons, gaussians, three_gaussians, three_spirals, plane, bumps)
}


def add_label_noise(
    targets: np.ndarray, train: np.ndarray, share: float, is_regression: bool, rng: Rng, num_classes: int = 2
) -> np.ndarray:
    """Return targets (N,) in which those of training points are disturbed.

    Of labels, `share` become another class; to targets of regression, noise of that standard deviation is added.
    """
    targets = targets.copy()
    if is_regression:
        targets[train] += share * rng.standard_normal(len(train))
    else:
        flipped = train[rng.uniform(size=len(train)) < share]
        if num_classes == 2:
            targets[flipped] = 1 - targets[flipped]
        else:
            targets[flipped] = np.mod(targets[flipped] + rng.integers(1, 3, len(flipped)), 3)
    return targets


def make_points(settings: Settings, own: Sequence[Sequence[float]] = ()) -> PointSet:
    """Create the points of `settings`; `own` are rows of x, y and label, used by the data set of that name.

    Raises:
        UserError: own points are too few or of one class.
    """
    rng = np.random.default_rng(settings.seed)
    is_regression = settings.data in REGRESSION
    if settings.data == OWN:
        rows = np.asarray(own, dtype=float).reshape(-1, 3)[:MAX_OWN_POINTS]
        points, targets = rows[:, :2], rows[:, 2]
        check_own_points(targets)
    else:
        points, targets = GENERATORS[settings.data](settings.points, settings.noise / 100, rng)
    order = rng.permutation(len(points))
    count = min(max(2, round(len(points) * settings.train_share / 100)), len(points) - 1)
    train, test = np.sort(order[:count]), np.sort(order[count:])
    num_classes = 3 if settings.data in THREE_CLASSES else 2
    targets = add_label_noise(targets, train, settings.label_noise / 100, is_regression, rng, num_classes)
    return PointSet(
        points.astype(np.float32), targets.astype(np.float32), train, test, is_regression, num_classes
    )


def check_own_points(labels: np.ndarray) -> None:
    """Raise UserError if the labels (N,) are too few, or of one class."""
    if len(labels) < MIN_OWN_POINTS:
        raise UserError(
            N_("Draw at least {count} points, of both classes, or upload a CSV."), count=MIN_OWN_POINTS
        )
    if len(np.unique(labels)) < 2:
        raise UserError(N_("All points have the same class. Add points of the other class."))


def own_from_csv(data: bytes, name: str) -> tuple[list[tuple[float, float, float]], tuple[Message, ...]]:
    """Read own points from a CSV file with two columns of numbers and one of two classes.

    Returns rows of x, y and class, moved and scaled per column to fit the plane, and notices. Raises UserError.
    """
    table = points_csv.read_points(data, name, targets="class")
    if table.x.shape[1] != 2 or len(table.classes) != 2:
        raise UserError(
            N_(
                "The plane takes two columns of numbers and two classes. Found in {file}: {columns} and {classes}."
            ),
            file=name[:80],
            columns=table.x.shape[1],
            classes=len(table.classes),
        )
    low, high = table.x.min(0), table.x.max(0)
    places = ((table.x - low) / (high - low) * 2 - 1) * OWN_RANGE
    rows = [(float(x), float(y), float(label)) for (x, y), label in zip(places, table.y, strict=True)]
    return rows[:MAX_OWN_POINTS], table.notices


def make_features(points: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return the input features (N, F) of points (N, 2)."""
    x1, x2 = points[:, 0], points[:, 1]
    columns = {
        "x1": x1,
        "x2": x2,
        "x1sq": x1**2,
        "x2sq": x2**2,
        "x1x2": x1 * x2,
        "sinx1": np.sin(2 * x1),
        "sinx2": np.sin(2 * x2),
    }
    return np.stack([columns[name] for name in names], 1)
