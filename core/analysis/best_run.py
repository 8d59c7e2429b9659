"""Whether a run is the best of its task on the same data."""

from __future__ import annotations

from core.kinds import get_kind
from core.runs import store
from core.runs.store import Run

_DATA_KEYS = ("title", "stand_in_for", "test")


def is_new_best(run: Run) -> bool:
    """Whether the finished `run` has a better test result than all earlier runs of its task on the same data, of which there is at
    least one.
    """
    own = test_result(run)
    others = [
        value
        for other in store.list_runs(run.task_name, private=run.is_private)
        if other != run
        and other.created_at <= run.created_at
        and _tested_on(other) == _tested_on(run)
        and (value := test_result(other)) is not None
    ]
    if own is None or not others:
        return False
    return (
        own > max(others) if get_kind(run.task.kind).selection_metric.higher_is_better else own < min(others)
    )


def test_result(run: Run) -> float | None:
    """The value of the kind's selection metric on the test set, None if the run is not finished or lacks it."""
    summary = run.summary
    return get_kind(run.task.kind).selection_metric.test_value(summary["metrics"]) if summary else None


def _tested_on(run: Run) -> tuple:
    data = run.config.get("data", {})
    return tuple(data.get(key) for key in _DATA_KEYS)
