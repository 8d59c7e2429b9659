"""The selected runs side by side: the best of them, and the settings in which they differ."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import tasks
from core.analysis import run_comparison
from core.formatting import format_metric, format_size
from core.messages import N_
from core.runs import store
from core.runs.store import Run
from ui.kit.forms import setting_label
from ui.kit.i18n import _, escape_markdown, format_duration_short
from ui.kit.run_names import short_names, task_name
from ui.runs.key_figures import metric_label
from ui.runs.overlay import run_styles

_MIN_WIDTH = 150  # pixels of a figure; on a phone they stand two by two
_NUM_FIRST = 3  # runs that a first visit compares
_CURVE = "curve"  # index of the row that shows color and dash of a run's curve
_SETTING_WIDTH, _VALUE_WIDTH = (
    150,
    150,
)  # pixels: on a phone, the settings stand beside the values
_DASHES = {"solid": "━━", "dash": "╍╍", "dot": "┅┅", "dashdot": "━╍"}


def first_selection(table: pd.DataFrame) -> list[str]:
    """Ids of the newest runs with results, out of the `table` of runs, that can be compared with the newest of them."""
    begun = table[(table["state"] == "finished") | (table["history"].str.len() > 0)]
    newest = (begun if len(begun) else table).sort_values("created", ascending=False)
    alike = newest[(newest["kind"] == newest["kind"].iloc[0]) & (newest["data"] == newest["data"].iloc[0])]
    return alike["id"].to_list()[:_NUM_FIRST]


def best_figures(selected_runs: list[Run], table: pd.DataFrame) -> None:
    """Show the best results among the selected runs, each with the name of its run, and how many of all runs they are."""
    rows = table[table["id"].isin([run.id for run in selected_runs])]
    names = short_names(selected_runs)
    figures, counts = [], {run.id: run.num_examples for run in selected_runs}
    if len(ranked := rows.dropna(subset=["best"])) and ranked["score"].nunique() == 1:
        best = ranked.loc[ranked["worse"].astype(float).idxmin()]
        figures.append(("validation", best["score"], best["best"], best["id"]))
        tested = rows[[bool(metric) and metric[0] == best["score"] for metric in rows["test"]]]
        if len(tested):
            sign = 1 if best["worse"] == best["best"] else -1  # whether the lowest value is the best
            winner = tested.loc[tested["test"].map(lambda metric: sign * metric[1]).idxmin()]
            figures.append(("test", *winner["test"], winner["id"]))
    shown = [
        (
            metric_label(name, split),
            format_metric(name, value, counts[run](split)),
            _(N_("Best: {run}"), run=names[run]),
        )
        for split, name, value, run in figures
    ]
    finished = rows[rows["state"] == "finished"]
    if len(finished):
        fastest = finished.loc[finished["seconds"].idxmin()]
        time = format_duration_short(fastest["seconds"])
        shown.append((_(N_("Shortest training time")), time, names[fastest["id"]]))
    runs = store.list_runs()
    size = _(N_("{size} on disk"), size=format_size(sum(run.size() for run in runs)))
    shown.append((_(N_("Selected runs")), f"{len(selected_runs)} / {len(runs)}", size))
    grid = st.grid(max(2, len(shown)), min_column_width=_MIN_WIDTH)
    for label, value, name in shown:
        with grid.container(border=True, height="stretch", gap="xsmall"):
            st.metric(label, value)
            st.caption(escape_markdown(name))


def show_differences(selected_runs: list[Run]) -> None:
    """Show the settings in which the selected runs differ, a column per run below the color of its curve."""
    st.header(_(N_("Differing hyperparameters")))
    if len(selected_runs) < 2:
        st.caption(
            _(N_("Select two or more runs in the table below to see the settings in which they differ."))
        )
        return
    table = run_comparison.differing_settings(selected_runs)
    if table.empty:
        st.caption(_(N_("The selected runs have the same settings.")))
        return
    titles, names = {t.name: task_name(t) for t in tasks.TASKS}, short_names(selected_runs)
    if "task" in table.index:
        table.loc["task"] = [titles.get(name, name) for name in table.loc["task"]]
    if "data" in table.index:
        table.loc["data"] = [_(title) if title else "" for title in table.loc["data"]]
    styles = run_styles(selected_runs)
    known = table.astype(object).where(table.notna(), "–").astype(str)
    rows = known.rename(index=setting_label, columns=names)
    rows.insert(0, _(N_("Setting")), rows.index)
    curves = pd.DataFrame(
        [["", *(_DASHES[style.dash] for style in styles)]], index=[_CURVE], columns=rows.columns
    )
    colors = ["", *(f"color: {style.color}" for style in styles)]
    shown = pd.concat([curves, rows])
    shown.index = range(len(shown))
    st.dataframe(
        shown.style.apply(lambda _row: colors, axis=1, subset=pd.IndexSlice[[0], :]),
        hide_index=True,
        width="content",
        column_config={
            _(N_("Setting")): st.column_config.TextColumn(width=_SETTING_WIDTH, pinned=True),
            **{names[run.id]: st.column_config.TextColumn(width=_VALUE_WIDTH) for run in selected_runs},
        },
    )
