"""Runs: overlay, rank and compare all runs; name, resume and delete them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import tasks
from core.analysis import run_comparison
from core.formatting import METRIC_NAMES, format_metric, format_size
from core.messages import N_, UserError
from core.runs import queue, store
from core.runs.store import Run
from ui.kit import cache, url
from ui.kit.forms import label_settings
from ui.kit.frame import page, try_action
from ui.kit.i18n import _, _n, escape_markdown, format_duration
from ui.kit.run_names import run_name, run_names
from ui.runs import overlay
from ui.runs.run_panel import STATE_BADGES

_MAX_RUNS = 8  # more curves are hard to distinguish


def runs_table(runs: list[Run]) -> pd.DataFrame:
    """Return a row per run: its summary, and `fallback`, whether it ran on fallback data."""
    return pd.DataFrame(
        {
            **run_comparison.summarize_run(run, cache.run_metrics(run)),
            "fallback": bool(run.config.get("data", {}).get("stand_in_for")),
        }
        for run in runs
    )


def pick_runs(table: pd.DataFrame) -> list[str]:
    """Draw the table; return the ids of the selected runs, which the URL keeps."""
    ids = table["id"].to_list()
    # Losses of different tasks cannot be compared.
    same_task = table.loc[table["task"] == table["task"].iloc[0], "id"].to_list()
    wanted = [i for i in st.query_params.get("ids", "").split(",") if i in ids] or same_task[:3]
    shown = pd.DataFrame(
        {
            _(N_("run")): table["label"],
            _(N_("task")): [_(t) for t in table["title"]],
            _(N_("state")): [_(STATE_BADGES[s][0]) for s in table["state"]],
            _(N_("best validation")): [
                _format_named_metric(name, value, fallback)
                for name, value, fallback in zip(
                    table["score"], table["best"], table["fallback"], strict=True
                )
            ],
            _(N_("best epoch")): [f"{e:.0f}" if pd.notna(e) else "" for e in table["best_epoch"]],
            _(N_("test")): [
                _format_named_metric(*metric, fallback) if metric else ""
                for metric, fallback in zip(table["test"], table["fallback"], strict=True)
            ],
            _(N_("time")): [format_duration(s) if s else "" for s in table["seconds"]],
            _(N_("data")): [_(d) if d else "" for d in table["data"]],
            _(N_("note")): table["note"],
        }
    )
    event = st.dataframe(
        shown,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs-table-{hash(tuple(ids))}",
        selection_default={"selection": {"rows": [ids.index(i) for i in wanted], "columns": [], "cells": []}},
    )
    chosen = [ids[row] for row in event["selection"]["rows"] if row < len(ids)]
    st.query_params["ids"] = ",".join(chosen[:_MAX_RUNS])
    if len(chosen) > _MAX_RUNS:
        st.caption(
            _(N_("Only the first {most} are plotted; more curves would be hard to read."), most=_MAX_RUNS)
        )
    return chosen[:_MAX_RUNS]


def _format_named_metric(name: str, value: float, fallback: bool) -> str:
    """Format a metric with its name, which accuracy does without, and a label if it was measured on fallback data."""
    if not name:
        return ""
    title = "" if name == "accuracy" else _(METRIC_NAMES.get(name, name))
    label = _(N_("(fallback data)")) if fallback else ""
    return " ".join(filter(None, (title, format_metric(name, value), label)))


def show_differences(selected_runs: list[Run]) -> None:
    """Show only the settings in which the selected runs differ."""
    table = run_comparison.differing_settings(selected_runs)
    st.subheader(_(N_("Differing hyperparameters")))
    if table.empty:
        st.caption(_(N_("Select two or more runs with different hyperparameters.")))
        return
    label_settings(table, run_names(selected_runs))


def manage_runs(selected_runs: list[Run]) -> None:
    """Draw the controls of each selected run: name, note, open, resume, stop, delete."""
    st.subheader(_(N_("Selected runs")))
    for run in selected_runs:
        status = run.status()
        word, icon, _color = STATE_BADGES[status.state]
        with st.expander(
            f"{escape_markdown(run_name(run))} · {_(run.title)} · {_(word)} · {format_size(run.size())}",
            icon=icon,
        ):
            note = run.note()
            left, right = st.columns([1, 2])
            left.text_input(
                _(N_("Name")),
                note.get("name", ""),
                max_chars=80,
                key=f"name-{run.id}",
                on_change=_annotate,
                args=(run, "name"),
            )
            right.text_input(
                _(N_("Note")),
                note.get("note", ""),
                max_chars=2000,
                key=f"note-{run.id}",
                on_change=_annotate,
                args=(run, "note"),
            )
            with st.container(horizontal=True):
                st.page_link(
                    "pages/train.py",
                    label=_(N_("Open")),
                    icon=":material/open_in_full:",
                    query_params={"run": run.id},
                )
                if status.state in ("stopped", "interrupted", "failed"):
                    st.button(
                        _(N_("Resume")),
                        icon=":material/resume:",
                        key=f"resume-{run.id}",
                        on_click=try_action,
                        args=(queue.resume_run, run),
                    )
                if status.is_active:
                    st.button(
                        _(N_("Stop")),
                        icon=":material/stop:",
                        key=f"stop-{run.id}",
                        on_click=try_action,
                        args=(queue.stop_run, run),
                    )
                else:
                    _delete_button(run)
            st.code(run.command(), language="bash")


def _annotate(run: Run, field: str) -> None:
    """Save the name or the note just typed (callback); the other one may have been changed in another browser meanwhile."""
    values = {"name": "", "note": "", **run.note(), field: st.session_state[f"{field}-{run.id}"]}
    try_action(run.annotate, values["name"], values["note"])


def _delete_button(run: Run) -> None:
    """Draw the delete button, which asks for confirmation."""
    with st.popover(_(N_("Delete")), icon=":material/delete:"):
        st.markdown(
            _(N_("Permanently delete **{run}** and its weights?"), run=escape_markdown(run_name(run)))
        )
        st.button(
            _(N_("Delete permanently")),
            key=f"delete-{run.id}",
            on_click=try_action,
            args=(store.delete_run, run),
        )


def _clear_filter() -> None:
    """Drop a task filter of an earlier visit that would hide runs named by the link."""
    linked, kept = st.query_params.get("ids", "").split(","), st.session_state.get("_kept.only")
    if (
        kept
        and "only" not in st.query_params
        and any(r.id in linked and r.task_name != kept for r in store.list_runs())
    ):
        url.forget_choice("only")


with page("runs"):
    url.migrate_task_names()
    names = sorted({r.task_name for r in store.list_runs()})
    if not names:
        with st.container(border=True):
            heading = _(N_("No runs to compare yet"))
            st.markdown(f"#### {heading}")
            st.markdown(
                _(
                    N_(
                        "Train a model to compare learning curves, see which hyperparameters differ and rank "
                        "your runs."
                    )
                )
            )
            st.page_link("pages/train.py", label=_(N_("Start first run")), icon=":material/play_arrow:")
    else:
        titles = {t.name: t.title for t in tasks.TASKS}
        _clear_filter()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            task_filter = url.choose_one(
                st.selectbox,
                _(N_("Task")),
                ["", *names],
                key="only",
                default="",
                format_func=lambda n: _(titles.get(n, n)) if n else _(N_("all tasks")),
            )
            best_first = st.toggle(_(N_("Best first")), key="ranked", bind="query-params")
        visible_runs = store.list_runs(task_filter or None)
        table = runs_table(visible_runs)
        if best_first:
            table = table.sort_values(["task", "worse"], na_position="last", ignore_index=True)
        selected_runs = []
        for run_id in pick_runs(table):
            try:
                selected_runs.append(store.find_run(run_id))
            except UserError:
                continue
        st.caption(
            _n(
                "{count} run, {size} on disk",
                "{count} runs, {size} on disk",
                len(visible_runs),
                size=format_size(sum(r.size() for r in visible_runs)),
            )
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
        if selected_runs:
            overlay.live_chart_of_runs(selected_runs)
            show_differences(selected_runs)
            manage_runs(selected_runs)
