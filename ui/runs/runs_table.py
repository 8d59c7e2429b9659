"""The table of runs: select those to compare; each with its validation curve, results and state."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core import tasks
from core.analysis import run_comparison
from core.formatting import format_size
from core.messages import N_
from core.runs import store
from core.runs.store import Run
from ui.kit import cache, url
from ui.kit.i18n import _, _n, format_duration
from ui.kit.run_names import run_names
from ui.runs.run_panel import STATE_BADGES
from ui.runs.selection import first_selection, test_texts, validation_texts

MAX_RUNS = 8  # more curves are hard to distinguish
_MAX_SPARK_POINTS = 60
_NAME_WIDTH = 230  # pixels


def table_filters() -> tuple[str, bool, bool]:
    """Draw the heading and the controls of the table, as far as there is something to choose.

    Returns the task ("" for all), whether the best come first, and whether all columns are shown.
    """
    st.header(_(N_("All runs")))
    runs = store.list_runs()
    names = sorted({r.task_name for r in runs})
    titles = {t.name: t.title for t in tasks.TASKS}
    task_filter, best_first = "", False
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(names) > 1:
            task_filter = url.choose_one(
                st.selectbox,
                _(N_("Task")),
                ["", *names],
                key="only",
                default="",
                format_func=lambda n: _(titles.get(n, n)) if n else _(N_("all tasks")),
                width=300,
            )
        if len(runs) > 1:
            best_first = url.toggle(_(N_("Best first")), key="ranked")
        all_columns = url.toggle(_(N_("All columns")), key="columns")
    return task_filter, best_first, all_columns


def summarize_runs(runs: list[Run], best_first: bool) -> pd.DataFrame:
    """Return a row per run: its summary, and `fallback`, whether it ran on fallback data; newest or best first."""
    table = pd.DataFrame([_summarize(run) for run in runs])
    if best_first and len(table):
        table = table.sort_values(["task", "worse"], na_position="last", ignore_index=True)
    return table


def _summarize(run: Run) -> dict[str, object]:
    try:
        finished = (run.path / "summary.json").stat().st_mtime
    except OSError:
        return _summarize_now(run)
    try:
        annotated = (run.path / "note.json").stat().st_mtime
    except OSError:
        annotated = 0.0
    return _summarize_finished(str(run.path), finished, annotated)


@st.cache_data(max_entries=2000, show_spinner=False)
def _summarize_finished(path: str, finished: float, annotated: float) -> dict[str, object]:
    """Summary of a finished run, which is read once; the two times of change invalidate it."""
    return _summarize_now(Run(Path(path)))


def _summarize_now(run: Run) -> dict[str, object]:
    row = run_comparison.summarize_run(run, cache.run_metrics(run))
    return {**row, "fallback": bool(run.config.get("data", {}).get("stand_in_for"))}


def pick_runs(runs: list[Run], table: pd.DataFrame, *, all_columns: bool) -> list[str]:
    """Draw the table, what matters most first; return the ids of the selected runs, which the URL keeps."""
    ids = table["id"].to_list()
    wanted = [i for i in st.query_params.get("ids", "").split(",") if i in ids] or first_selection(table)
    names = run_names(runs)
    columns = {
        _(N_("run")): [names[i] for i in ids],
        _(N_("best validation")): validation_texts(table),
        _(N_("test")): test_texts(table),
        _(N_("validation")): [_thin_out(values) for values in table["history"]],
        _(N_("state")): [_(STATE_BADGES[s][0]) for s in table["state"]],
    }
    if not (table["progress"] >= 1).all():
        columns[_(N_("progress"))] = 100 * table["progress"]
    columns[_(N_("time"))] = [format_duration(s) if s else "" for s in table["seconds"]]
    if table["note"].any():
        columns[_(N_("note"))] = table["note"]
    if all_columns:
        columns |= {
            _(N_("best epoch")): [f"{e:.0f}" if pd.notna(e) else "" for e in table["best_epoch"]],
            _(N_("task")): [_(t) for t in table["title"]],
            _(N_("data")): [_(d) if d else "" for d in table["data"]],
        }
    size = format_size(sum(run.size() for run in runs))
    st.caption(
        _(N_("Check the runs to compare. On a narrow screen, swipe the table sideways."))
        + " "
        + _n("{count} run, {size} on disk.", "{count} runs, {size} on disk.", len(runs), size=size)
    )
    event = st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs-table-{hash(tuple(ids))}",
        selection_default={"selection": {"rows": [ids.index(i) for i in wanted], "columns": [], "cells": []}},
        column_config={
            _(N_("run")): st.column_config.TextColumn(width=_NAME_WIDTH),
            _(N_("validation")): st.column_config.LineChartColumn(
                width="small", help=_(N_("Validation metric after each epoch."))
            ),
            _(N_("progress")): st.column_config.ProgressColumn(
                width="small", format="%.0f%%", min_value=0, max_value=100
            ),
        },
    )
    chosen = [ids[row] for row in event["selection"]["rows"] if row < len(ids)]
    url.write_parameter("ids", ",".join(chosen[:MAX_RUNS]))
    if len(chosen) > MAX_RUNS:
        st.caption(
            _(N_("Only the first {most} are plotted; more curves would be hard to read."), most=MAX_RUNS)
        )
    if ((table["score"] == "") & table["best_epoch"].notna()).any():
        st.caption(
            _(
                N_(
                    "Without a domain classifier there is no metric to rank epochs, so the latest "
                    "checkpoint counts as the best."
                )
            )
        )
    return chosen[:MAX_RUNS]


def _thin_out(values: list[float]) -> list[float]:
    """Every k-th value and the last one, at most about `_MAX_SPARK_POINTS`; a single one twice, because a line has two ends."""
    step = -(-len(values) // _MAX_SPARK_POINTS) or 1
    kept = values[::-1][::step][::-1]
    return kept * 2 if len(kept) == 1 else kept
