"""Several runs beside each other: one table, and only the settings in which they differ."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.runs.logs import MetricsReader
from core.runs.store import Run


def differing_settings(found: list[Run]) -> pd.DataFrame:
    """The settings (rows) in which the runs (columns) differ; task and data among them. Empty where they are all the same."""
    table = pd.DataFrame({run.id: _flatten_config(run) for run in found})
    if table.empty or len(found) < 2:
        return table.iloc[:0]
    differs = table.apply(lambda row: row.astype(str).nunique(dropna=False) > 1, axis=1)
    return table[differs]


def _flatten_config(run: Run) -> dict[str, object]:
    config = run.config
    return {
        "task": run.task_name,
        "data": config.get("data", {}).get("title", ""),
        **config.get("recipe", {}),
    }


@dataclass(frozen=True)
class SelectionMetric:
    """By what a trainer chooses its best epoch: `name` in words (of `core.formatting.METRICS`), its columns in the
    log and its keys among the test metrics; of several the worst counts. Between equals the lower value of column `then` decides."""

    name: str
    validation: tuple[str, ...]
    test: tuple[str, ...]
    higher_is_better: bool
    tie_breaker: str

    def worst(self, table: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
        """The figure of each row of `table`."""
        return table[list(columns)].min(axis=1) if self.higher_is_better else table[list(columns)].max(axis=1)


SELECTION_METRICS = (
    SelectionMetric("accuracy", ("val/accuracy",), ("accuracy",), True, "val/loss"),
    SelectionMetric("rmse", ("val/rmse",), ("rmse",), False, "val/loss"),
    SelectionMetric(
        "fool_rate",
        ("val/fooled_a2b", "val/fooled_b2a"),
        ("fool_rate_a2b", "fool_rate_b2a"),
        True,
        "val/cycle_error",
    ),
)


@dataclass(frozen=True)
class BestEpoch:
    """The epoch whose weights a run keeps, and its validation figure `value` of `score`; both None where nothing ranks the epochs, so
    that the newest counts."""

    epoch: float
    score: SelectionMetric | None = None
    value: float | None = None


def find_best_epoch(log: pd.DataFrame) -> BestEpoch | None:
    """The best epoch in a run's log, as its trainer chose it; None where no epoch was validated."""
    for score in SELECTION_METRICS:
        rows = (
            log.dropna(subset=list(score.validation)) if set(score.validation) <= set(log) else log.iloc[:0]
        )
        if len(rows):
            value = score.worst(rows, score.validation)
            keys = {"value": -value if score.higher_is_better else value, "then": rows[score.tie_breaker]}
            row = pd.DataFrame(keys).sort_values(["value", "then"]).index[0]
            return BestEpoch(float(rows.loc[row, "epoch"]), score, float(value[row]))
    looks = log.dropna(subset=["val/cycle_error"]) if "val/cycle_error" in log else log.iloc[:0]
    return BestEpoch(float(looks["epoch"].iloc[-1])) if len(looks) else None


def primary_test_metric(metrics: dict[str, float]) -> tuple[str, float] | None:
    """Name and value of the test figure that stands for all `metrics`: the one by which epochs were chosen, else the first."""
    for score in SELECTION_METRICS:
        if set(score.test) <= set(metrics):
            return score.name, float(score.worst(pd.DataFrame([metrics]), score.test).iloc[0])
    return next(iter(metrics.items()), None)


def summarize_run(run: Run, log: pd.DataFrame | None = None) -> dict[str, object]:
    """One row of the table of runs. `log` is read from the run where it is not given. `best` is the best validation figure and `score` what
    it is; the smaller `worse`, the better the run is among those of its task."""
    log = MetricsReader(run.path / "metrics.csv").read() if log is None else log
    status, summary, found = run.status(), run.summary or {}, find_best_epoch(log)
    ranked = found is not None and found.score is not None
    return {
        "id": run.id,
        "label": run.label,
        "task": run.task_name,
        "title": run.title,
        "kind": run.kind,
        "state": status.state,
        "best_epoch": found.epoch if found else None,
        "best": found.value if ranked else None,
        "score": found.score.name if ranked else "",
        "worse": (-found.value if found.score.higher_is_better else found.value) if ranked else None,
        "test": primary_test_metric(summary.get("metrics", {})),
        "seconds": status.seconds or summary.get("seconds", 0.0),
        "created": run.created_at,
        "note": run.note().get("note", ""),
        "data": run.config.get("data", {}).get("title", ""),
    }
