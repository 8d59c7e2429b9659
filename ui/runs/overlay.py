"""The curves of several runs in one chart: what their logs have in common can be chosen, by name."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.formatting import METRIC_NAMES
from core.messages import N_
from core.runs import store
from core.runs.store import Run
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, url
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, escape_markdown
from ui.runs import translation_panel
from ui.runs.run_panel import AXIS_NAMES, log_series


@dataclass(frozen=True)
class Measure:
    """What can be drawn: the columns of a log that hold it, by part ("train": by step, "validation": by epoch), and its name."""

    columns: dict[str, str]
    name: str
    group: str = ""
    y_format: str = ""

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return f"{_(self.group)} · {_(self.name)}" if self.group else _(self.name)

    def is_logged_in(self, log: pd.DataFrame) -> bool:
        """Whether the log has figures of it."""
        return any(_has_values(log, column) for column in self.columns.values())


def _has_values(log: pd.DataFrame, column: str) -> bool:
    return column in log and bool(log[column].notna().any())


MEASURES: dict[str, Measure] = {
    **{
        name: Measure(
            {"train": f"train/{name}", "validation": f"val/{name}"},
            METRIC_NAMES[name],
            y_format=".2%" if name == "accuracy" else "",
        )
        for name in ("accuracy", "rmse", "loss")
    },
    **{
        column: Measure(
            {"validation" if column.startswith("val/") else "train": column}, name, title, y_format
        )
        for title, columns, y_format in translation_panel.CHARTS
        for column, name in columns.items()
    },
}
_MAX_SEGMENTS = 4  # measures that stand side by side
_REFRESH_SECONDS = 2.0  # seconds between two looks at the runs that train


def common_measures(logs: list[pd.DataFrame]) -> list[str]:
    """The measures that all logs have of which any has figures at all."""
    found = [{name for name, measure in MEASURES.items() if measure.is_logged_in(log)} for log in logs]
    shared = set.intersection(*(names for names in found if names)) if any(found) else set()
    return [name for name in MEASURES if name in shared]


def live_chart_of_runs(chosen: list[Run]) -> None:
    """The chart of the chosen runs, which grows while one of them trains; when the last one ends, the whole page is drawn anew."""
    active = any(run.status().is_active for run in chosen)
    st.fragment(_live_overlay, run_every=_REFRESH_SECONDS if active else None)(
        [run.id for run in chosen], active
    )


@with_error_boundary
def _live_overlay(ids: list[str], was_active: bool) -> None:
    chosen = [store.find_run(i) for i in ids]
    if was_active and not any(run.status().is_active for run in chosen):
        st.rerun()
    overlay_chart(chosen)


def overlay_chart(chosen: list[Run]) -> None:
    """One measure of the chosen runs, each a colour; a sentence where there is none to draw."""
    logs = {run: cache.run_metrics(run) for run in chosen}
    names = common_measures(list(logs.values()))
    if not names:
        if any(m.is_logged_in(log) for m in MEASURES.values() for log in logs.values()):
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
        measure = MEASURES[_choose_measure(names)]
        axis = url.choose_one(
            st.segmented_control,
            _(N_("X-axis")),
            list(AXIS_NAMES),
            key="axis",
            default="epoch",
            required=True,
            format_func=lambda a: _(AXIS_NAMES[a]),
        )
        part = next(iter(measure.columns))
        if len(measure.columns) > 1:
            # Trainings on the whole training part have no validation figures.
            validated = any(_has_values(log, measure.columns["validation"]) for log in logs.values())
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
    series, missing = [], []
    for place, (run, log) in enumerate(logs.items()):
        found = log_series(
            log, measure.columns[part], axis, weight if part == "train" else 0.0, run.label, place
        )
        series += found
        missing += [] if found else [escape_markdown(run.label)]
    if series:
        figure = charts.line_chart(
            series,
            _(AXIS_NAMES[axis]),
            measure.title,
            log_y=log_y,
            height=420,
            y_format=measure.y_format,
            integer_x=axis != "seconds",
        )
        live_chart(figure, "overlay", alt=measure.title)
    if missing:
        text = N_(
            "No data yet for {runs}. Validation metrics are logged after each epoch if a "
            "validation set was held out."
        )
        st.info(_(text, runs=", ".join(missing)), icon=":material/info:")
    if len({run.kind for run in chosen}) > 1:
        st.caption(
            _(
                N_(
                    "The selected runs have different task types. Compare only the shapes of the curves, "
                    "not the loss values."
                )
            )
        )


def _choose_measure(names: list[str]) -> str:
    """The name of the measure that the visitor chose."""
    label, title = _(N_("Metric")), lambda name: MEASURES[name].title
    if len(names) <= _MAX_SEGMENTS:
        return st.segmented_control(
            label, names, default=names[0], required=True, key="metric", format_func=title
        )
    return st.selectbox(label, names, key="metric-of-many", format_func=title)
