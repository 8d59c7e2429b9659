"""The learning rate range test on a project's photos, in the server and within a time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.task_spec import Task
from core.training.photo_recipes import PhotoFields

if TYPE_CHECKING:
    from core.training.lr_finder import RatePoint

MAX_SECONDS = 60.0
"""Time limit of a test; what was measured until then counts."""
_SETTLING = (
    10  # steps until the moving average of the loss is worth reading: few photos make small, noisy batches
)
_lock = threading.Lock()  # tests of several visitors would share the cores


@dataclass(frozen=True)
class RateTest:
    """The course of a range test.

    Attributes:
        points: learning rates and losses so far.
        share: of the test that is done, in [0, 1].
        suggestion: two digits of the suggested learning rate; None before the end, and if the loss never falls.
    """

    points: tuple[RatePoint, ...]
    share: float
    suggestion: float | None = None


def find_rate(task: Task, recipe: PhotoFields, max_seconds: float = MAX_SECONDS) -> Iterator[RateTest]:
    """Yield the test after every step, and at last with the suggestion.

    Raises:
        UserError: if the recipe does not fit the photos, or if the weights it starts from are not installed.
    """
    import torch

    from core.analysis import range_test
    from core.training import lr_finder

    threads = torch.get_num_threads()
    with _lock:
        try:
            trainer = range_test.make_trainer(task, recipe)
            points, end = [], time.monotonic() + max_seconds
            for point in lr_finder.find_learning_rate(trainer):
                points.append(point)
                yield RateTest(tuple(points), len(points) / trainer.total_steps)
                if time.monotonic() > end:
                    break
        finally:
            torch.set_num_threads(threads)
    rate = lr_finder.suggest_learning_rate(points[_SETTLING:])
    yield RateTest(tuple(points), 1.0, rate and float(f"{rate:.2g}"))
