"""Several runs beside each other: one table, and only the settings in which they differ."""

from __future__ import annotations

import pandas as pd

from core.training.logs import MetricsReader
from core.training.runs import Run


def settings(found: list[Run]) -> pd.DataFrame:
    """The settings (rows) in which the runs (columns) differ; task and data among them. Empty where they are all the same."""
    table = pd.DataFrame({run.id: _flat(run) for run in found})
    if table.empty or len(found) < 2:
        return table.iloc[:0]
    differs = table.apply(lambda row: row.astype(str).nunique(dropna=False) > 1, axis=1)
    return table[differs]


def _flat(run: Run) -> dict[str, object]:
    config = run.config
    return {"task": run.task_name, "data": config.get("data", {}).get("title", ""), **config.get("recipe", {})}


def best(log: pd.DataFrame) -> tuple[float, float] | None:
    """Epoch and value of the best validation score in a run's log: highest accuracy, or lowest error."""
    for column, pick in (("val/accuracy", pd.Series.idxmax), ("val/rmse", pd.Series.idxmin)):
        if column in log and log[column].notna().any():
            row = log.loc[pick(log[column])]
            return float(row["epoch"]), float(row[column])
    return None


def overview(run: Run, log: pd.DataFrame | None = None) -> dict[str, object]:
    """One row of the table of runs. `log` is read from the run where it is not given."""
    log = MetricsReader(run.path / "metrics.csv").read() if log is None else log
    status, summary, found = run.status(), run.summary or {}, best(log)
    return {
        "id": run.id,
        "label": run.label,
        "task": run.task_name,
        "title": run.title,
        "kind": run.kind,
        "state": status.state,
        "best_epoch": found[0] if found else None,
        "best": found[1] if found else None,
        "metrics": summary.get("metrics", {}),
        "seconds": status.seconds or summary.get("seconds", 0.0),
        "created": run.created,
        "note": run.note().get("note", ""),
        "data": run.config.get("data", {}).get("title", ""),
    }
