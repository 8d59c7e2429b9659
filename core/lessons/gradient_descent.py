"""Gradient descent on a line through points, with every number of every step.

The model is y = w x + b, the loss its mean squared error. Both are simple enough that the loss surface over (w, b), its minimum and
the largest stable learning rate are known exactly. Optimizers follow `torch.optim` (SGD, RMSprop, Adam with its defaults; Kingma and
Ba, arXiv 1412.6980); learning rates are explained after Goh, Why momentum really works (Distill, 2017).

Shapes: n points, x (n,), y (n,), float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.messages import Message, N_, UserError

Optimizer = Literal["sgd", "momentum", "rmsprop", "adam"]
Verdict = Literal["small", "right", "oscillates", "large"]

OPTIMIZERS: dict[str, str] = {"sgd": "SGD", "momentum": N_("Momentum"), "rmsprop": "RMSprop", "adam": "Adam"}
DEFAULT_RATES: dict[str, float] = {"sgd": 0.02, "momentum": 0.02, "rmsprop": 0.1, "adam": 0.5}
START = (1.0, 10.0)
"""Where the learning notes start: w = 1, b = 10."""
MIN_RATE, MAX_RATE = 1e-4, 10.0
MAX_STEPS = 5000
DIVERGED = 1e6
"""A run has diverged when its loss exceeds this many times the loss at its start (at least 1)."""
CONVERGED = 1e-9
"""A run has converged when the loss is above its minimum by no more than this share of what it was at the start."""
MOMENTUM, SQUARES, EPSILON = 0.9, 0.999, 1e-8  # Adam's betas and epsilon
RMSPROP_DECAY = 0.99
_SLOW = 0.2  # a rate below this share of the best one is called too small
_FULL_X = np.array([0.0, 1.0, 3.0, 5.0, 6.0])

POINT_SETS: dict[str, str] = {
    "notes": N_("The notes: 5 points on y = 2x + 1"),
    "noisy": N_("30 points with noise"),
    "outlier": N_("One outlier"),
    "years": N_("Far from zero: x from 20 to 26"),
    "centered": N_("The same, centered"),
    "own": N_("Your own points"),
}


def make_points(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The points (x, y) of the set `name`, a key of `POINT_SETS`; "own" opens with those of the notes."""
    rng = np.random.default_rng(0)
    match name:
        case "noisy":
            x = np.round(np.sort(rng.uniform(0, 6, 30)), 2)
            return x, np.round(2 * x + 1 + rng.normal(0, 1.2, 30), 2)
        case "outlier":
            return _FULL_X.copy(), np.array([1.0, 3.0, 7.0, 11.0, 3.0])
        case "years":
            x = np.arange(20.0, 27.0)
            return x, 2 * x - 39 + np.array([0.4, -0.3, 0.5, -0.6, 0.2, 0.3, -0.5])
        case "centered":
            x, y = make_points("years")
            return x - x.mean(), y
        case _:
            return _FULL_X.copy(), 2 * _FULL_X + 1


def forward(x: np.ndarray, w: float, b: float) -> np.ndarray:
    """Predictions (n,) of the line."""
    return w * x + b


def mean_squared_error(x: np.ndarray, y: np.ndarray, w: float, b: float) -> float:
    """The loss of the line."""
    return float(np.mean((forward(x, w, b) - y) ** 2))


def gradient(x: np.ndarray, y: np.ndarray, w: float, b: float) -> tuple[float, float]:
    """Derivatives of the loss by w and b: 2/n Σ error x, and 2/n Σ error."""
    error = forward(x, w, b) - y
    return float(2 * np.mean(error * x)), float(2 * np.mean(error))


@dataclass(frozen=True)
class LeastSquares:
    """The solution of the normal equation (XᵀX)(w, b) = Xᵀy, where X has the columns x and 1.

    Attributes:
        w, b: the line with the lowest loss.
        loss: that loss.
        xx, x, n, xy, y: sums over the points: x², x, 1, x y, y.
    """

    w: float
    b: float
    loss: float
    xx: float
    x: float
    n: int
    xy: float
    y: float


def least_squares(x: np.ndarray, y: np.ndarray) -> LeastSquares:
    """Solve the normal equation. Raises UserError if there are fewer than two different x."""
    if len(x) < 2 or np.ptp(x) == 0:
        raise UserError(N_("A line needs at least two points with different x. Add a point."))
    design = np.stack([x, np.ones_like(x)], axis=1)
    normal, right = design.T @ design, design.T @ y
    w, b = np.linalg.solve(normal, right)
    loss = mean_squared_error(x, y, w, b)
    return LeastSquares(
        float(w), float(b), loss, normal[0, 0], normal[0, 1], len(x), float(right[0]), float(right[1])
    )


@dataclass(frozen=True)
class Curvature:
    """Curvature of the loss surface: eigenvalues of its Hessian [[2 mean(x²), 2 mean(x)], [2 mean(x), 2]].

    Attributes:
        low, high: the smallest and the largest eigenvalue.
    """

    low: float
    high: float

    @property
    def limit(self) -> float:
        """The learning rate above which SGD diverges: 2 / high."""
        return 2 / self.high

    @property
    def best(self) -> float:
        """The learning rate with which SGD converges fastest: 2 / (low + high)."""
        return 2 / (self.low + self.high)

    @property
    def condition(self) -> float:
        """How many times steeper the surface is across the valley than along it."""
        return self.high / self.low if self.low > 0 else math.inf


def curvature(x: np.ndarray) -> Curvature:
    """The curvature for points at `x`; the same everywhere, because the loss is quadratic."""
    hessian = 2 * np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1.0]])
    low, high = np.linalg.eigvalsh(hessian)
    return Curvature(max(0.0, float(low)), float(high))


def format_curvature(value: float) -> str:
    """Format an eigenvalue, or a ratio of two, without an exponent where a person would write none."""
    return f"{value:,.0f}" if 1000 <= value < 1e9 else f"{value:.3g}"


@dataclass(frozen=True)
class StepRecord:
    """What one step computed, in the order of the computation.

    Attributes:
        step: number of the step, from 1.
        w, b: the line before the step.
        loss: its loss.
        grad_w, grad_b: the gradient.
        next_w, next_b: the line after the step.
        next_loss: its loss.
    """

    step: int
    w: float
    b: float
    loss: float
    grad_w: float
    grad_b: float
    next_w: float
    next_b: float
    next_loss: float


class Descent:
    """Descends the loss of points (x, y) from (w, b).

    Args:
        x, y: points (n,).
        w, b: the start.
        optimizer: how a gradient becomes a step.
        rate: learning rate.
        momentum: share of the last step that "momentum" keeps.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        w: float = START[0],
        b: float = START[1],
        optimizer: Optimizer = "sgd",
        rate: float = 0.02,
        momentum: float = MOMENTUM,
    ) -> None:
        self.x, self.y, self.place = np.asarray(x, float), np.asarray(y, float), np.array([w, b], float)
        self.optimizer, self.rate, self.momentum, self.step_count = optimizer, rate, momentum, 0
        self.mean, self.square = np.zeros(2), np.zeros(2)  # running mean of gradients and of their squares

    def step(self) -> StepRecord:
        """Take one step: forward, loss, gradient, update."""
        w, b = map(float, self.place)
        loss = mean_squared_error(self.x, self.y, w, b)
        grad = np.array(gradient(self.x, self.y, w, b))
        self.step_count += 1
        self.place = self.place - self._update(grad)
        next_w, next_b = map(float, self.place)
        with np.errstate(over="ignore", invalid="ignore"):
            next_loss = mean_squared_error(self.x, self.y, next_w, next_b)
        return StepRecord(self.step_count, w, b, loss, *map(float, grad), next_w, next_b, next_loss)

    def _update(self, grad: np.ndarray) -> np.ndarray:
        match self.optimizer:
            case "sgd":
                return self.rate * grad
            case "momentum":
                self.mean = self.momentum * self.mean + grad
                return self.rate * self.mean
            case "rmsprop":
                self.square = RMSPROP_DECAY * self.square + (1 - RMSPROP_DECAY) * grad**2
                return self.rate * grad / (np.sqrt(self.square) + EPSILON)
            case "adam":
                self.mean = MOMENTUM * self.mean + (1 - MOMENTUM) * grad
                self.square = SQUARES * self.square + (1 - SQUARES) * grad**2
                mean = self.mean / (1 - MOMENTUM**self.step_count)
                square = self.square / (1 - SQUARES**self.step_count)
                return self.rate * mean / (np.sqrt(square) + EPSILON)
        raise ValueError(f"unknown optimizer: {self.optimizer}")

    def run(self, steps: int = MAX_STEPS) -> Iterator[StepRecord]:
        """Take up to `steps` steps; end early when the run has converged or diverged."""
        lowest = least_squares(self.x, self.y).loss
        first = mean_squared_error(self.x, self.y, *self.place)
        for _step in range(steps):
            record = self.step()
            yield record
            if has_diverged(record.next_loss, first) or record.next_loss - lowest <= CONVERGED * (
                first - lowest
            ):
                return


def has_diverged(loss: float, first: float) -> bool:
    """Whether a `loss` after one of `first` at the start is beyond recovery."""
    return not math.isfinite(loss) or loss > DIVERGED * max(first, 1.0)


@dataclass(frozen=True)
class Assessment:
    """What a learning rate does, and why.

    Attributes:
        verdict: "small", "right", "oscillates" (converges by jumping across the valley) or "large" (diverges).
        message: the sentence that says so, with the numbers.
    """

    verdict: Verdict
    message: Message


def assess_rate(
    x: np.ndarray, rate: float, optimizer: Optimizer = "sgd", momentum: float = MOMENTUM
) -> Assessment:
    """Assess learning rate `rate` for points at `x`.

    SGD diverges above 2/λ and momentum above 2(1 + β)/λ, where λ is the largest eigenvalue of the Hessian. RMSprop and Adam divide by
    the size of the gradient, so their rate is a step length and has no such limit.
    """
    curve = curvature(x)
    limit = curve.limit * (1 + momentum if optimizer == "momentum" else 1)
    values = {
        "rate": f"{rate:.3g}",
        "limit": f"{limit:.3g}",
        "high": format_curvature(curve.high),
    }
    if optimizer in ("rmsprop", "adam"):
        return Assessment(
            "right",
            Message(
                N_(
                    "**No limit from the curvature.** This optimizer divides the gradient by its recent size, so the "
                    "learning rate {rate} is about the length of a step in w and in b. Large values overshoot and circle "
                    "the minimum; small ones need many steps."
                ),
                values,
            ),
        )
    if rate >= limit:
        growth = abs(1 - rate * curve.high)
        return Assessment(
            "large",
            Message(
                N_(
                    "**Too large.** {rate} is above the limit {limit} = 2(1 + β) / {high}, and {high} is the largest "
                    "eigenvalue of the Hessian. Each step overshoots more than the last: the loss explodes."
                )
                if optimizer == "momentum"
                else N_(
                    "**Too large.** {rate} is above the limit {limit} = 2 / {high}, and {high} is the largest eigenvalue of "
                    "the Hessian. Across the valley each step overshoots and multiplies the error by {growth}: the loss explodes."
                ),
                {**values, "growth": f"{growth:.3g}"},
            ),
        )
    damping = 1 - momentum if optimizer == "momentum" else 1.0
    if rate < _SLOW * curve.best * damping:
        half = math.log(2) * damping / max(rate * curve.low, 1e-12)
        return Assessment(
            "small",
            Message.counted(
                "**Too small.** Along the valley the error halves only every {count} step.",
                "**Too small.** Along the valley the error halves only every {count} steps.",
                min(round(half), 10**9),
            ),
        )
    if rate > limit / 2:
        return Assessment(
            "oscillates",
            Message(
                N_(
                    "**Converges, with oscillations.** {rate} is below the limit {limit}, but above half of it: steps jump "
                    "across the valley and land lower on the other side."
                ),
                values,
            ),
        )
    return Assessment(
        "right",
        Message(
            N_(
                "**A good learning rate.** {rate} is well below the limit {limit}, above which the loss explodes, and large "
                "enough to move along the valley."
            ),
            values,
        ),
    )
