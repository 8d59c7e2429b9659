"""Double descent on a small problem: test error of a network against its width, with random first layers and the last one solved.

Belkin et al., Reconciling modern machine-learning practice and the bias-variance trade-off (arXiv 1812.11118), with random ReLU features.

Shapes: N points, W units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

NUM_TRAIN, NUM_TEST, NUM_REPEATS = 40, 400, 20
WIDTHS = (2, 4, 8, 12, 18, 24, 30, 34, 37, 40, 43, 47, 54, 65, 80, 120, 200, 400, 800)
_NOISE = 0.2


@dataclass(frozen=True)
class WidthError:
    """Median mean squared errors of networks with `width` hidden units, over repetitions."""

    width: int
    train: float
    test: float


def _make_data(rng: np.random.Generator, count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    x = rng.uniform(-1, 1, (count, 2))
    return x, np.sin(3 * x[:, 0]) * np.cos(2 * x[:, 1]) + noise * rng.standard_normal(count)


def measure_widths(seed: int = 0) -> Iterator[WidthError]:
    """Yield the errors width by width. The last layer is the solution of least squares with the smallest norm."""
    for width in WIDTHS:
        errors = []
        for repeat in range(NUM_REPEATS):
            rng = np.random.default_rng([seed, repeat])
            x, y = _make_data(rng, NUM_TRAIN, _NOISE)
            test_x, test_y = _make_data(rng, NUM_TEST, 0.0)
            weight, bias = rng.standard_normal((2, width)), rng.standard_normal(width)
            hidden = np.maximum(x @ weight + bias, 0)  # (N, W)
            test_hidden = np.maximum(test_x @ weight + bias, 0)
            output, *_ = np.linalg.lstsq(hidden, y, rcond=None)
            errors.append(
                (np.mean((hidden @ output - y) ** 2), np.mean((test_hidden @ output - test_y) ** 2))
            )
        train, test = np.median(errors, axis=0)
        yield WidthError(width, float(train), float(test))
