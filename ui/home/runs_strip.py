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
from ui.kit import cache
from ui.kit.data_source import fallback_label
from ui.kit.frame import PAGES, with_error_boundary
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name
from ui.runs.run_panel import state_badge

_MAX_CARDS = 3
_CARD_WIDTH = 230  # pixels, at least
_REFRESH_SECONDS = 2.0


def show_runs() -> None:
    """Show the runs in progress and the newest others as cards; nothing without any."""
    recent = _recent_runs()
    if not recent:
        return
    st.header(_(N_("Continue")))
    is_active = any(run.status().is_active for run in recent)
    st.fragment(_show_cards, run_every=_REFRESH_SECONDS if is_active else None)(is_active)


def _recent_runs() -> list[Run]:
    """Up to three runs: those in progress, then the newest."""
    running = cache.running_runs()
    others = [run for run in store.list_runs()[: _MAX_CARDS + len(running)] if run not in running]
    return [*running, *others][:_MAX_CARDS]


@with_error_boundary
def _show_cards(was_active: bool) -> None:
    recent = _recent_runs()
    if was_active and not any(run.status().is_active for run in recent):
        st.rerun()
    grid = st.grid(_MAX_CARDS, min_column_width=_CARD_WIDTH)
    for run in recent:
        with grid.container(border=True, height="stretch"):
            _show_card(run)


def _show_card(run: Run) -> None:
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status)
        if status.state == "running" and status.total_steps:
            st.badge(_(N_("{percent} done"), percent=f"{status.step / status.total_steps:.0%}"), color="gray")
    st.markdown(f"**{escape_markdown(run_name(run))}**")
    _show_metric(run)
    if note := fallback_label(run.config.get("data", {})):
        st.caption(note)
    st.space("stretch")  # the links of all cards on one line
    with st.container(gap="xsmall"):
        st.page_link(
            PAGES["train"].path,
            label=_(N_("Open")),
            icon=":material/arrow_forward:",
            query_params={"run": run.id},
        )
        if path.is_digit_model(run) and path.has_model(run):
            st.page_link(
                PAGES["draw"].path,
                label=_(N_("Draw with this model")),
                icon=PAGES["draw"].icon,
                query_params={"network": run.id},
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
    metric = _(METRIC_NAMES[score.name])
    st.metric(
        _(N_("{metric}, test set"), metric=metric)
        if tested is not None
        else _(N_("{metric}, validation set"), metric=metric),
        "–" if value is None or not math.isfinite(value) else format_metric(score.name, value, count),
        chart_data=course if len(course) > 1 else None,
        chart_type="line",
    )


def _validation_course(run: Run, score: SelectionMetric) -> list[float]:
    """The validation metric after each epoch; of several columns the worst."""
    log = cache.run_metrics(run)
    if not set(score.validation) <= set(log):
        return []
    values = log[list(score.validation)].apply(pd.to_numeric, errors="coerce").dropna()
    worst = values.min(axis=1) if score.higher_is_better else values.max(axis=1)
    return [float(v) for v in worst if math.isfinite(v)]
