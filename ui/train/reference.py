"""The chart before the first run: the curves of the last finished run of a task, or of its pretrained model, in gray."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import tasks
from core.analysis import best_run
from core.formatting import METRIC_NAMES, format_metric
from core.kinds import get_kind
from core.kinds.base import Curve
from core.messages import N_
from core.runs import store
from core.runs.store import Run
from core.task_spec import ExpectedResult
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, palette
from ui.kit.data_source import fallback_label
from ui.kit.i18n import _, _n, escape_markdown, format_duration, language
from ui.kit.run_names import run_name
from ui.runs.curves_panel import AXIS_NAMES, CHART_HEIGHT, curve_figure
from ui.runs.key_figures import metric_label
from ui.runs.run_panel import run_link

_NUM_RECENT = 5
_SMOOTHING = 0.9
_MIN_WIDTH = 320  # pixels of a chart


def show_first_steps() -> None:
    """Say what to do first, to a visitor who has no run yet."""
    if not store.list_runs():
        st.markdown(
            _(
                N_(
                    "**First time?** Keep the settings and press **Start training**. You watch the curves grow; then "
                    "you see which test examples the model gets wrong."
                )
            )
        )


def show_reference(task: tasks.Task) -> None:
    """Show what a run of `task` looks like, where its own curves will appear, and the latest runs."""
    st.header(_(N_("Your run will appear here")))
    runs = store.list_runs(task.name)
    show_reference_curves(task)
    if runs:
        heading = _(N_("Recent runs of this task"))
        st.markdown(f"**{heading}**")
        for run in runs[:_NUM_RECENT]:
            run_link(run)


def show_reference_curves(task: tasks.Task) -> None:
    """Show the curves of the last finished run of `task` in gray; before the first one those of its pretrained model."""
    runs = (run for run in store.list_runs(task.name) if run.summary)
    last = next((run for run in runs if not cache.run_metrics(run).empty), None)
    if last:
        _describe_run(last)
        _show_figures(task, _gray_figures(task, cache.run_metrics(last)))
    else:
        _show_pretrained(task)


def _describe_run(run: Run) -> None:
    value, score = best_run.test_result(run), get_kind(run.task.kind).selection_metric
    result = format_metric(score.name, value, run.num_examples("test")) if value is not None else ""
    parts = (escape_markdown(run_name(run)), result, fallback_label(run.config.get("data", {})))
    st.caption(_(N_("In gray: your last run ({run})"), run=" · ".join(filter(None, parts))))


def _show_pretrained(task: tasks.Task) -> None:
    expected = task.expected_result
    if expected is None:
        st.caption(
            _(
                N_(
                    "Loss and validation metrics update live. You can close this page: training continues in the "
                    "background, and the link brings you back."
                )
            )
        )
        return
    card = cache.model_card(task.checkpoint) or {}
    st.caption(
        _n(
            "In gray: pretrained reference, {result} on the test set after {count} epoch ({time}, {machine})",
            "In gray: pretrained reference, {result} on the test set after {count} epochs ({time}, {machine})",
            card.get("epochs", 0),
            result=format_metric(expected.metric, expected.value),
            time=format_duration(expected.seconds),
            machine=expected.machine,
        )
    )
    figures = _pretrained_figures(task.name, expected, language())
    _show_figures(task, figures)
    if not figures:
        _show_level(task, expected, card.get("epochs", 1))


@st.cache_resource(max_entries=100, show_spinner=False)
def _pretrained_figures(
    task_name: str, expected: ExpectedResult, tag: str
) -> dict[str, tuple[str, go.Figure]]:
    """See `_gray_figures`, in the language `tag`, from the model card that `expected` is read from."""
    task = tasks.get_task(task_name)
    return _gray_figures(task, pd.DataFrame((cache.model_card(task.checkpoint) or {}).get("history", {})))


def _show_figures(task: tasks.Task, figures: dict[str, tuple[str, go.Figure]]) -> None:
    grid = st.grid(max(1, min(2, len(figures))), min_column_width=_MIN_WIDTH, gap="medium")
    for key, (name, figure) in figures.items():
        with grid.cell():
            live_chart(figure, f"reference-{task.name}-{key}", alt=name)


def _gray_figures(task: tasks.Task, log: pd.DataFrame) -> dict[str, tuple[str, go.Figure]]:
    """The most important curves that `log` has: title and figure by the curve's key."""
    kind = get_kind(task.kind)
    progress = f"val/{kind.progress_metric}"
    # Of many curves, the one that stands for a run.
    curves = [c for c in kind.curves if c.columns.get("validation") == progress or not c.group]
    known = [known for curve in reversed(curves) if (known := _logged(curve, log)).columns]
    return {
        curve.key: (
            _(curve.name),
            _in_gray(curve_figure(log, curve, None, "epoch", _SMOOTHING, log_y=curve.key == "loss")),
        )
        for curve in known
    }


def _show_level(task: tasks.Task, expected: ExpectedResult, epochs: int) -> None:
    """Draw the test result of a pretrained model without recorded curves as a level to reach."""
    name, label = _(METRIC_NAMES.get(expected.metric, expected.metric)), metric_label(expected.metric, "test")
    level = charts.Series(label, [0, epochs], [expected.value] * 2, role="test", dash="dash")
    is_percentage = get_kind(task.kind).selection_metric.is_percentage
    figure = charts.line_chart(
        [level],
        _(AXIS_NAMES["epoch"]),
        name,
        y_format=".2%" if is_percentage else "",
        integer_x=True,
        height=CHART_HEIGHT,
    )
    figure.update_yaxes(range=[0, 1.05] if is_percentage else [0, 2 * expected.value])
    figure.update_traces(mode="lines")
    live_chart(_in_gray(figure), f"reference-{task.name}", alt=name)


def _in_gray(figure: go.Figure) -> go.Figure:
    """Return `figure`, made gray; the training curve is dotted, because colors do not distinguish it from validation."""
    for trace in figure.data:
        trace.update(line={"color": palette.NEUTRAL}, marker={"color": palette.NEUTRAL})
        if trace.marker.symbol == "circle":
            trace.line.dash = "dot"
    return figure


def _logged(curve: Curve, log: pd.DataFrame) -> Curve:
    """`curve` with the columns that `log` has values of; a model card holds the training values per epoch."""
    columns = {
        split: name
        for split, column in curve.columns.items()
        for name in (column, f"{column}_epoch")
        if name in log and log[name].notna().any()
    }
    return Curve(curve.key, columns, curve.name, curve.group, curve.y_format)
