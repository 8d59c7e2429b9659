"""Overlay one metric of several runs in a chart, out of those that all of them log."""

from __future__ import annotations

import itertools

import pandas as pd
import streamlit as st

from core.kinds import Curve, all_kinds
from core.messages import N_
from core.runs import store
from core.runs.store import Run
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, url
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_names
from ui.runs.curves_panel import AXIS_NAMES, log_series

_MAX_SEGMENTS = 4  # metrics in a segmented control; more go into a selectbox
_REFRESH_SECONDS = 2.0


def all_curves() -> dict[str, Curve]:
    """The curves of all kinds by key, the most important of every kind first."""
    curves: dict[str, Curve] = {}
    for row in itertools.zip_longest(*(kind.curves for kind in all_kinds())):
        for curve in filter(None, row):
            curves.setdefault(curve.key, curve)
    return curves


def common_curves(logs: list[pd.DataFrame]) -> list[str]:
    """Keys of the curves with values in all logs; logs without any values are ignored."""
    curves = all_curves()
    found = [{key for key, curve in curves.items() if _is_logged(curve, log)} for log in logs]
    shared = set.intersection(*(keys for keys in found if keys)) if any(found) else set()
    return [key for key in curves if key in shared]


def curve_title(curve: Curve) -> str:
    """Title in the user's language."""
    return f"{_(curve.group)} · {_(curve.name)}" if curve.group else _(curve.name)


def _is_logged(curve: Curve, log: pd.DataFrame) -> bool:
    return any(_has_values(log, column) for column in curve.columns.values())


def _has_values(log: pd.DataFrame, column: str) -> bool:
    return column in log and bool(log[column].notna().any())


def live_chart_of_runs(selected_runs: list[Run]) -> None:
    """Show the chart of the selected runs, refreshed while one is active; the end of the last one reruns the whole page."""
    active = any(run.status().is_active for run in selected_runs)
    st.fragment(_live_overlay, run_every=_REFRESH_SECONDS if active else None)(
        [run.id for run in selected_runs], active
    )


@with_error_boundary
def _live_overlay(ids: list[str], was_active: bool) -> None:
    selected_runs = [store.find_run(i) for i in ids]
    if was_active and not any(run.status().is_active for run in selected_runs):
        st.rerun()
    overlay_chart(selected_runs)


def overlay_chart(selected_runs: list[Run]) -> None:
    """Show one metric of the selected runs, a color per run; a sentence if they have none in common."""
    logs = {run: cache.run_metrics(run) for run in selected_runs}
    names = common_curves(list(logs.values()))
    if not names:
        if any(_is_logged(c, log) for c in all_curves().values() for log in logs.values()):
            st.info(
                _(N_("The selected runs have no metric in common. Select runs of the same task type.")),
                icon=":material/info:",
            )
        else:
            st.info(
                _(
                    N_(
                        "The selected runs have not logged any metrics yet. Curves appear with the first "
                        "values."
                    )
                ),
                icon=":material/info:",
            )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        curve = all_curves()[_choose_curve(names)]
        axis = url.choose_one(
            st.segmented_control,
            _(N_("X-axis")),
            list(AXIS_NAMES),
            key="axis",
            default="epoch",
            required=True,
            format_func=lambda a: _(AXIS_NAMES[a]),
        )
        part = next(iter(curve.columns))
        if len(curve.columns) > 1:
            # Runs on the full training set have no validation metrics.
            validated = any(_has_values(log, curve.columns["validation"]) for log in logs.values())
            part = url.choose_one(
                st.segmented_control,
                _(N_("Split")),
                ["validation", "train"],
                required=True,
                key="part",
                default="validation" if validated else "train",
                format_func=lambda p: _(N_("validation")) if p == "validation" else _(N_("training")),
            )
        weight = st.slider(
            _(N_("Smoothing")), 0.0, 0.99, 0.9 if part == "train" else 0.0, key=f"smoothing-{part}", width=180
        )
        log_y = st.toggle(_(N_("Log scale")), key="log")
    names = run_names(selected_runs)
    series, missing = [], []
    for index, (run, log) in enumerate(logs.items()):
        curves = log_series(
            log, curve.columns[part], axis, weight if part == "train" else 0.0, names[run.id], index
        )
        series += curves
        missing += [] if curves else [escape_markdown(names[run.id])]
    if series:
        figure = charts.line_chart(
            series,
            _(AXIS_NAMES[axis]),
            curve_title(curve),
            log_y=log_y,
            height=420,
            y_format=curve.y_format,
            integer_x=axis != "seconds",
        )
        live_chart(figure, "overlay", alt=curve_title(curve))
    if missing:
        text = N_(
            "No data yet for {runs}. Validation metrics are logged after each epoch if a "
            "validation set was held out."
        )
        st.info(_(text, runs=", ".join(missing)), icon=":material/info:")
    if len({run.kind for run in selected_runs}) > 1:
        st.caption(
            _(
                N_(
                    "The selected runs have different task types. Compare only the shapes of the curves, "
                    "not the loss values."
                )
            )
        )


def _choose_curve(names: list[str]) -> str:
    """The key of the curve that the user selected."""
    label, title = _(N_("Metric")), lambda key: curve_title(all_curves()[key])
    if len(names) <= _MAX_SEGMENTS:
        return st.segmented_control(
            label, names, default=names[0], required=True, key="metric", format_func=title
        )
    return st.selectbox(label, names, key="metric-of-many", format_func=title)
