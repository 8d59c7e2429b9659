"""Where to go on: the runs in progress and the newest others."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core.formatting import METRIC_NAMES, format_metric
from core.kinds import get_kind
from core.kinds.base import SelectionMetric
from core.messages import N_
from core.runs import store
from core.runs.store import Run
from ui.home import path
from ui.kit import cache, palette
from ui.kit.data_source import fallback_label
from ui.kit.frame import PAGES, with_error_boundary
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name
from ui.runs.run_panel import state_badge

_MAX_RUNS = 3
_SPARKLINE = (72, 22)  # width and height, pixels
_REFRESH_SECONDS = 2.0


def show_runs() -> None:
    """List the runs in progress and the newest others; nothing without any."""
    recent = _recent_runs()
    if not recent:
        return
    st.header(_(N_("Continue")))
    is_active = any(run.status().is_active for run in recent)
    st.fragment(_show_list, run_every=_REFRESH_SECONDS if is_active else None)(is_active)


def _recent_runs() -> list[Run]:
    """Up to three runs: those in progress, then the newest."""
    running = cache.running_runs()
    others = [run for run in store.list_runs()[: _MAX_RUNS + len(running)] if run not in running]
    return [*running, *others][:_MAX_RUNS]


@with_error_boundary
def _show_list(was_active: bool) -> None:
    recent = _recent_runs()
    if was_active and not any(run.status().is_active for run in recent):
        st.rerun()
    with st.container(border=True, gap="small"):
        for run in recent:
            _show_run(run)


def _show_run(run: Run) -> None:
    """Show a run in one line, on a phone in three: its state, name, result and course, and where to go on with it."""
    status = run.status()
    name, result, links = st.columns([5, 4, 3], gap="small", vertical_alignment="center")
    with name, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state_badge(status)
        if status.state == "running" and status.total_steps:
            st.badge(_(N_("{percent} done"), percent=f"{status.step / status.total_steps:.0%}"), color="gray")
        st.markdown(f"**{escape_markdown(run_name(run))}**", width="content")
    with result, st.container(gap=None):
        _show_metric(run)
        if note := fallback_label(run.config.get("data", {})):
            st.caption(note)
    with links, st.container(horizontal=True, gap="small"):
        st.page_link(
            PAGES["train"].path,
            label=_(N_("Open")),
            icon=":material/arrow_forward:",
            query_params={"run": run.id},
        )
        if path.is_digit_model(run) and path.has_model(run):
            st.page_link(
                PAGES["draw"].path,
                label=_(N_("Draw")),
                icon=PAGES["draw"].icon,
                query_params={"network": run.id},
                help=_(N_("Draw with this model")),
            )


def _show_metric(run: Run) -> None:
    """The run's test metric, until then the latest validation value, with its course over the epochs."""
    if not run.kind:
        return
    score = get_kind(run.kind).selection_metric
    count = run.num_examples("validation" if run.summary is None else "test")
    course = _validation_course(run, score)
    tested = score.test_value((run.summary or {}).get("metrics", {}))
    value = tested if tested is not None else next(reversed(course), None)
    if value is None or not math.isfinite(value):
        return
    metric = _(METRIC_NAMES[score.name])
    label = (
        _(N_("{metric}, test set"), metric=metric)
        if tested is not None
        else _(N_("{metric}, validation set"), metric=metric)
    )
    if len(course) > 1:
        st.image(draw_sparkline(course), width=_SPARKLINE[0], alt=_(N_("Validation metric over the epochs")))
    st.markdown(f"{label}: **{format_metric(score.name, value, count)}**", width="content")


def draw_sparkline(values: list[float]) -> str:
    """Return the course of `values` (two or more) as an SVG line."""
    wide, high = _SPARKLINE
    low, span = min(values), (max(values) - min(values)) or 1.0
    points = " ".join(
        f"{2 + (wide - 4) * i / (len(values) - 1):.1f},{high - 2 - (high - 4) * (v - low) / span:.1f}"
        for i, v in enumerate(values)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">'
        f'<polyline points="{points}" fill="none" stroke="{palette.ACCENT}" stroke-width="2" stroke-linejoin="round"/></svg>'
    )


def _validation_course(run: Run, score: SelectionMetric) -> list[float]:
    """The validation metric after each epoch; of several columns the worst."""
    log = cache.run_metrics(run)
    if not set(score.validation) <= set(log):
        return []
    values = log[list(score.validation)].apply(pd.to_numeric, errors="coerce").dropna()
    worst = values.min(axis=1) if score.higher_is_better else values.max(axis=1)
    return [float(v) for v in worst if math.isfinite(v)]
