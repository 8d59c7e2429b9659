"""The selected runs side by side: which of them is best, their results, and the settings in which they differ."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import tasks
from core.analysis import run_comparison
from core.formatting import METRIC_NAMES, format_metric
from core.messages import N_
from core.runs.store import Run
from ui.kit.forms import setting_label
from ui.kit.i18n import _, escape_markdown, format_duration_short
from ui.kit.run_names import short_names, task_name
from ui.runs.overlay import run_styles

_NUM_FIRST = 3  # runs that a first visit compares
_DASHES = {"solid": "━━━", "dash": "╍╍╍", "dot": "┅┅┅", "dashdot": "━╍━"}
_MISSING = "–"


def first_selection(table: pd.DataFrame) -> list[str]:
    """Ids of the newest runs with results, out of the `table` of runs, that can be compared with the newest of them."""
    begun = table[(table["state"] == "finished") | (table["history"].str.len() > 0)]
    newest = (begun if len(begun) else table).sort_values("created", ascending=False)
    alike = newest[(newest["kind"] == newest["kind"].iloc[0]) & (newest["data"] == newest["data"].iloc[0])]
    return alike["id"].to_list()[:_NUM_FIRST]


def format_named_metric(name: str, value: float, fallback: bool, count: float | None) -> str:
    """Format a metric of `count` examples with its name, which accuracy does without, and a label if it was measured on fallback data."""
    if not name:
        return ""
    title = "" if name == "accuracy" else _(METRIC_NAMES.get(name, name))
    label = _(N_("(fallback data)")) if fallback else ""
    return " ".join(
        filter(None, (title, format_metric(name, value, int(count) if pd.notna(count) else None), label))
    )


def validation_texts(table: pd.DataFrame) -> list[str]:
    """The best validation result of each run of a `table` of runs, "" without one."""
    columns = ("score", "best", "fallback", "num_validation")
    return [format_named_metric(*row) for row in zip(*(table[c] for c in columns), strict=True)]


def test_texts(table: pd.DataFrame) -> list[str]:
    """The test result of each run of a `table` of runs, "" without one."""
    return [
        format_named_metric(*metric, fallback, count) if metric else ""
        for metric, fallback, count in zip(table["test"], table["fallback"], table["num_test"], strict=True)
    ]


def show_best(selected_runs: list[Run], table: pd.DataFrame) -> None:
    """Say which of the selected runs is best and which follows; nothing if their results cannot be ranked."""
    ranked = _rank(table[table["id"].isin([run.id for run in selected_runs])])
    if len(ranked) < 2:
        return
    names = short_names(selected_runs)
    best, second = ranked.iloc[0], ranked.iloc[1]
    validation, test = validation_texts(ranked), test_texts(ranked)
    values = {
        "best": escape_markdown(names[best["id"]]),
        "value": validation[0],
        "second": escape_markdown(names[second["id"]]),
        "other": validation[1],
    }
    if validation[0] == validation[1]:
        text = N_("**{best}** and **{second}** share the best validation result: {value}.")
    elif test[0]:
        values["test"] = test[0]
        text = N_(
            "**{best}** is best: {value} on the validation set, {test} on the test set. {second} follows with {other}."
        )
    else:
        text = N_("**{best}** is best: {value} on the validation set. {second} follows with {other}.")
    st.markdown(_(text, **values))


def _rank(rows: pd.DataFrame) -> pd.DataFrame:
    """The `rows` with a validation result, best first; none of them if they were measured by different metrics or on different data."""
    ranked = rows.dropna(subset=["best"])
    if ranked["score"].nunique() != 1 or ranked["data"].nunique() != 1:
        return ranked.iloc[:0]
    return ranked.assign(worse=ranked["worse"].astype(float)).sort_values("worse", kind="stable")


def show_comparison(selected_runs: list[Run], table: pd.DataFrame) -> None:
    """Show a column per run: the color of its curve, its results, and the settings in which the runs differ."""
    st.header(_(N_("Results and settings")))
    rows = table.set_index("id").loc[[run.id for run in selected_runs]].reset_index()
    names = short_names(selected_runs)
    results = {
        _(N_("Best validation")): validation_texts(rows),
        _(N_("Test set")): test_texts(rows),
        _(N_("Training time")): [format_duration_short(s) if s else "" for s in rows["seconds"]],
    }
    columns = [escape_markdown(names[run.id]) for run in selected_runs]
    shown = pd.DataFrame([[value or _MISSING for value in values] for values in results.values()])
    shown.index, shown.columns = list(results), columns
    settings = _differing_settings(selected_runs)
    settings.columns = columns
    styles = run_styles(selected_runs)
    curves = pd.DataFrame([[_DASHES[style.dash] for style in styles]], index=[""], columns=columns)
    colors = [f"color: {style.color}" for style in styles]
    winners = {rows["id"].tolist().index(i) for i in _rank(rows)["id"].head(1)} if len(rows) > 1 else set()
    bold = ["font-weight: 600" if number in winners else "" for number in range(len(rows))]
    st.table(
        pd.concat([curves, shown, settings])
        .style.apply(lambda _row: colors, axis=1, subset=pd.IndexSlice[[""], :])
        .apply(lambda _row: bold, axis=1, subset=pd.IndexSlice[list(results)[:1], :]),
        border="horizontal",
        alt=_(N_("Results and settings")),
    )
    if len(selected_runs) < 2:
        st.caption(
            _(N_("Select two or more runs in the table below to see the settings in which they differ."))
        )
    elif settings.empty:
        st.caption(_(N_("The selected runs have the same settings.")))


def _differing_settings(selected_runs: list[Run]) -> pd.DataFrame:
    """The settings in which the runs differ as texts: a row per setting under its label, a column per run."""
    table = run_comparison.differing_settings(selected_runs)
    if table.empty:
        return pd.DataFrame(columns=[run.id for run in selected_runs], dtype=str)
    titles = {t.name: task_name(t) for t in tasks.TASKS}
    if "task" in table.index:
        table.loc["task"] = [titles.get(name, name) for name in table.loc["task"]]
    if "data" in table.index:
        table.loc["data"] = [_(title) if title else "" for title in table.loc["data"]]
    # Settings of two tasks can share a label; no run has both.
    labeled = table.astype(object).rename(index=setting_label).groupby(level=0, sort=False).first()
    return labeled.map(_format_value)


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return _(N_("on")) if value else _(N_("off"))
    return _MISSING if pd.isna(value) else escape_markdown(str(value))
