"""Overlay one metric of several runs in a chart, out of those that all of them log."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.kinds import Curve, all_kinds
from core.messages import N_
from core.runs.store import Run
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, palette, url
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name, short_names
from ui.runs.curves_panel import AXIS_NAMES, log_series

SPLIT_NAMES = {"validation": N_("validation"), "train": N_("training")}
_NEAR_COLORS = (palette.FAMILY_COLORS[:2],)  # two blues: apart as marks, too close as thin lines


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


def run_styles(selected_runs: list[Run]) -> list[palette.FamilyStyle]:
    """Color, mark and dash of each run: the color of its model family, or for a later run of the same color one that no other has;
    runs of one color differ in mark and, beside other families, in dash too.
    """
    families = palette.family_styles([run.task_name for run in selected_runs])
    own = [style.color for style in families]
    near = {color for group in _NEAR_COLORS for color in group if set(group) & set(own)}
    free = [color for color in palette.FAMILY_COLORS if color not in {*own, *near}]
    styles, taken = [], set[str]()
    for style in families:
        group = next((g for g in _NEAR_COLORS if style.color in g), (style.color,))
        if taken & set(group) and free:
            style = replace(style, color=free.pop(0))
        taken.add(style.color)
        styles.append(style)
    return styles if len(set(own)) > 1 else [replace(style, dash="solid") for style in styles]


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
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        heading = st.container(width="content")
        settings = st.popover(_(N_("Chart settings")), icon=":material/tune:", key="chart-settings")
    with settings:
        curve, axis, part, weight, log_y = _chart_settings(names, list(logs.values()))
    split = _(SPLIT_NAMES[part]) if len(curve.columns) > 1 else ""
    heading.header(" · ".join(filter(None, (curve_title(curve), split))))
    names = short_names(selected_runs)
    series, missing = [], []
    for index, ((run, log), style) in enumerate(zip(logs.items(), run_styles(selected_runs), strict=True)):
        curves = log_series(log, curve.columns[part], axis, weight, names[run.id], index)
        series += [replace(c, style=style) for c in curves]
        missing += [] if curves else [escape_markdown(run_name(run))]
    if series:
        figure = charts.line_chart(
            series,
            _(AXIS_NAMES[axis]),
            curve_title(curve),
            log_y=log_y,
            height=400,
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


def _chart_settings(names: list[str], logs: list[pd.DataFrame]) -> tuple[Curve, str, str, float, bool]:
    """Draw the settings of the chart; return the curve, the x-axis, the split, the weight of smoothing, and whether the y-axis is
    logarithmic.
    """
    curve = all_curves()[
        url.choose_one(
            st.selectbox,
            _(N_("Metric")),
            names,
            key="metric",
            default=names[0],
            format_func=lambda key: curve_title(all_curves()[key]),
        )
    ]
    axis = url.choose_one(
        st.selectbox,
        _(N_("X-axis")),
        list(AXIS_NAMES),
        key="axis",
        default="epoch",
        format_func=lambda a: _(AXIS_NAMES[a]),
    )
    part = next(iter(curve.columns))
    if len(curve.columns) > 1:
        # Runs on the full training set have no validation metrics.
        validated = any(_has_values(log, curve.columns["validation"]) for log in logs)
        part = url.choose_one(
            st.segmented_control,
            _(N_("Split")),
            ["validation", "train"],
            required=True,
            key="part",
            default="validation" if validated else "train",
            format_func=lambda p: _(SPLIT_NAMES[p]),
        )
    weight = 0.0
    if part == "train":
        weight = st.slider(_(N_("Smoothing")), 0.0, 0.99, 0.9, key="smoothing")
    log_y = st.toggle(_(N_("Log scale")), key="log")
    return curve, axis, part, weight, log_y
