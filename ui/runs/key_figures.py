"""The key figures of a run in one row: progress, validation metric with its course, throughput, time."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.analysis import best_run
from core.data import dataset_info
from core.formatting import METRIC_NAMES, format_metric
from core.kinds import Kind, get_kind
from core.messages import N_
from core.runs.store import Run, Status
from ui.kit.i18n import _, format_duration_short

_MIN_WIDTH = 150  # pixels of a figure; on a phone they stand two by two
_MAX_POINTS = 60  # of a sparkline


def show_key_figures(run: Run, status: Status, log: pd.DataFrame) -> None:
    """Show the key figures of `run` in its current state; nothing before its first step."""
    finished = status.state == "finished" and run.summary is not None
    figures = _finished_figures(run, log) if finished else _progress_figures(run, status, log)
    if not figures:
        return
    grid = st.grid(len(figures), min_column_width=_MIN_WIDTH)
    for label, value, course in figures:
        grid.metric(
            label, value, chart_data=course if len(course) > 1 else None, border=True, height="stretch"
        )


@dataclass(frozen=True)
class Course:
    """The values of a metric over a run, per epoch or per step."""

    metric: str
    label: str
    values: list[float]
    is_validation: bool = True

    def format(self, value: float, run: Run) -> str:
        """`value` of this metric of `run` as text."""
        return format_metric(
            self.metric, value, run.num_examples("validation") if self.is_validation else None
        )


def metric_course(kind: Kind, log: pd.DataFrame) -> Course | None:
    """The metric that stands for a run: the kind's selection metric on the validation set, else its progress metric on the validation
    or training set; None if nothing is logged.
    """
    score, name = kind.selection_metric, kind.progress_metric
    if set(score.validation) <= set(log):
        rows = log[list(score.validation)].dropna().to_dict("records")
        if rows:
            return Course(
                score.name,
                metric_label(score.name, "validation"),
                [score.value(r, score.validation) for r in rows],
            )
    for column, split in ((f"val/{name}", "validation"), (f"train/{name}", "train")):
        if column in log and log[column].notna().any():
            values = log[column].dropna().tolist()
            return Course(name, metric_label(name, split), values, is_validation=split == "validation")
    return None


def metric_label(metric: str, split: str) -> str:
    """The metric's name with the `split` ("train", "validation" or "test") that it is measured on."""
    labels = {
        "train": N_("{metric} (training)"),
        "validation": N_("{metric} (validation)"),
        "test": N_("{metric} (test)"),
    }
    return _(labels[split], metric=_(METRIC_NAMES.get(metric, metric)))


def _progress_figures(run: Run, status: Status, log: pd.DataFrame) -> list[tuple[str, str, list[float]]]:
    if not status.step:
        return []
    figures = [(_(N_("Epoch")), f"{status.epoch:.1f} / {status.epochs}", [])]
    if course := metric_course(get_kind(run.task.kind), log):
        figures.append((course.label, course.format(course.values[-1], run), _thin(course.values)))
    if status.state == "running":
        rate = N_("Images/s") if dataset_info(run.task.dataset).is_image else N_("Samples/s")
        figures.append((_(rate), f"{status.rate:,.0f}", []))
        figures.append((_(N_("Time left")), format_duration_short(status.eta), []))
    else:
        figures.append((_(N_("Training time")), format_duration_short(status.seconds), []))
    return figures


def _finished_figures(run: Run, log: pd.DataFrame) -> list[tuple[str, str, list[float]]]:
    kind, summary = get_kind(run.task.kind), run.summary
    score, figures = kind.selection_metric, []
    value = best_run.test_result(run)
    if value is not None:
        text = format_metric(score.name, value, run.num_examples("test"))
        figures.append((metric_label(score.name, "test"), text, []))
    if course := metric_course(kind, log):
        best = max(course.values) if score.higher_is_better else min(course.values)
        figures.append((course.label, course.format(best, run), []))
    figures.append((_(N_("Best epoch")), f"{summary['best_epoch']} / {summary['epochs']}", []))
    figures.append((_(N_("Training time")), format_duration_short(summary["seconds"]), []))
    return figures


def _thin(values: list[float]) -> list[float]:
    """At most about `_MAX_POINTS` of `values`, the last among them."""
    step = -(-len(values) // _MAX_POINTS)
    return values[::-1][::step][::-1]
