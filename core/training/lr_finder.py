"""Learning rate range test: raise the learning rate step by step and watch the loss (Smith, arXiv 1506.01186)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch.optim.lr_scheduler import LambdaLR

from core.training.events import Step
from core.training.supervised import SupervisedTrainer
from core.training.supervised_recipe import SupervisedRecipe

LOW, HIGH, STEPS = 1e-6, 10.0, 100
_SMOOTHING = 0.9  # of the moving average of the loss
_DIVERGED = 4.0  # times the lowest loss


@dataclass(frozen=True)
class RatePoint:
    """Learning rate of a step, its loss, and the moving average of the losses so far."""

    rate: float
    loss: float
    smoothed: float


def range_test_recipe(recipe: SupervisedRecipe, steps: int = STEPS) -> SupervisedRecipe:
    """The recipe for a range test with the model, optimizer and batches of `recipe`."""
    return recipe.changed(schedule="none", epochs=1000, max_steps=steps, patience=0, num_validation=0)


def find_learning_rate(
    trainer: SupervisedTrainer, low: float = LOW, high: float = HIGH
) -> Iterator[RatePoint]:
    """Train with a learning rate that grows exponentially from `low` to `high`, until the loss diverges.

    `trainer` has the recipe of `range_test_recipe` and is of no use afterwards.
    """
    steps, start = trainer.total_steps, trainer.recipe.learning_rate
    growth = high / low
    trainer.schedule = LambdaLR(
        trainer.optimizer.optimizer,
        lambda step: low / start * growth ** (step / max(1, steps - 1)),
    )
    mean, lowest, count = 0.0, math.inf, 0
    for event in trainer.run():
        if not isinstance(event, Step):
            continue
        rate, loss = event.metrics["lr"], float(event.metrics["train/loss"])
        count += 1
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        smoothed = mean / (1 - _SMOOTHING**count)
        if not math.isfinite(loss):
            return
        yield RatePoint(rate, loss, smoothed)
        lowest = min(lowest, smoothed)
        if smoothed > _DIVERGED * lowest:
            return


def suggest_learning_rate(points: Sequence[RatePoint]) -> float | None:
    """The learning rate at which the smoothed loss falls fastest, on a logarithmic axis; None if it never falls."""
    import numpy as np

    if len(points) < 5:
        return None
    smoothed = np.array([p.smoothed for p in points])
    end = int(smoothed.argmin()) + 1
    if end < 5:
        return None
    logs = np.log([p.rate for p in points[:end]])
    slopes = np.gradient(smoothed[:end], logs)
    steepest = int(slopes.argmin())
    return float(points[steepest].rate) if slopes[steepest] < 0 else None
