"""Compare runs: a table of all runs, and the settings in which some differ."""

from __future__ import annotations

import pandas as pd

from core.kinds import BestEpoch, Kind, all_kinds, get_kind
from core.runs.logs import MetricsReader
from core.runs.store import Run


def differing_settings(found: list[Run]) -> pd.DataFrame:
    """Settings (rows) in which the runs (columns) differ, including task and data; empty if there are none."""
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


def find_best_epoch(log: pd.DataFrame, kind: Kind | None = None) -> BestEpoch | None:
    """The best epoch in a run's log, as its trainer chose it, or None if no epoch was validated.

    Without `kind` (a run of an unknown task) the first kind whose metrics the log contains is used.
    """
    kinds = [kind] if kind else all_kinds()
    return next((best for k in kinds if (best := k.find_best_epoch(log)) is not None), None)


def primary_test_metric(metrics: dict[str, float]) -> tuple[str, float] | None:
    """Name and value of the most important of the test `metrics`: the one that ranks epochs, else the first."""
    for score in (kind.selection_metric for kind in all_kinds()):
        if (value := score.test_value(metrics)) is not None:
            return score.name, value
    return next(iter(metrics.items()), None)


def validation_history(log: pd.DataFrame, kind: Kind) -> list[float]:
    """The metric that ranks epochs, for each validated epoch of a run's log, oldest first."""
    score = kind.selection_metric
    if not set(score.validation) <= set(log):
        return []
    rows = log.dropna(subset=list(score.validation))
    return [score.value(row, score.validation) for row in rows[list(score.validation)].to_dict("records")]


def summarize_run(run: Run, log: pd.DataFrame | None = None) -> dict[str, object]:
    """One row of the table of runs.

    `best` is the best validation value of the metric `score`, `history` its value after each epoch, `progress` a fraction in 0..1; the
    lower `worse`, the better the run is among those of its task; `num_validation` and `num_test` count the examples that were measured.
    `log` is read from the run if it is not given.
    """
    log = MetricsReader(run.path / "metrics.csv").read() if log is None else log
    kind = get_kind(run.kind) if run.kind else None
    status, summary, found = run.status(), run.summary or {}, find_best_epoch(log, kind)
    ranked = found is not None and found.score is not None
    return {
        "id": run.id,
        "task": run.task_name,
        "title": run.title,
        "kind": run.kind,
        "state": status.state,
        "progress": 1.0 if status.state == "finished" else min(1.0, status.step / max(1, status.total_steps)),
        "history": validation_history(log, kind) if kind else [],
        "best_epoch": found.epoch if found else None,
        "best": found.value if ranked else None,
        "score": found.score.name if ranked else "",
        "worse": (-found.value if found.score.higher_is_better else found.value) if ranked else None,
        "test": primary_test_metric(summary.get("metrics", {})),
        "num_validation": run.num_examples("validation"),
        "num_test": run.num_examples("test"),
        "seconds": status.seconds or summary.get("seconds", 0.0),
        "created": run.created_at,
        "note": run.note().get("note", ""),
        "data": run.config.get("data", {}).get("title", ""),
    }
