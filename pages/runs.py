"""Runs: all trainings, overlaid, ranked, compared in what differs; named, resumed, deleted."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import tasks
from core.messages import N_, UserError
from core.training import compare, jobs, runs
from core.training.runs import Run
from core.words import METRICS, figure, size
from ui import overlay, store, url
from ui.forms import differing
from ui.frame import attempt, page
from ui.i18n import _, duration, plain
from ui.run_panel import STATES

_MOST = 8  # curves that can still be told apart


def overview(found: list[Run]) -> pd.DataFrame:
    """The table of runs, best first within a task where a ranking is asked for."""
    return pd.DataFrame([compare.overview(run, store.metrics(run)) for run in found])


def pick(table: pd.DataFrame) -> list[str]:
    """Let the visitor choose runs; the choice lives in the URL. Returns ids."""
    ids = table["id"].to_list()
    alike = table.loc[table["task"] == table["task"].iloc[0], "id"].to_list()  # the losses of two tasks are no comparison
    wanted = [i for i in st.query_params.get("ids", "").split(",") if i in ids] or alike[:3]
    shown = pd.DataFrame(
        {
            _(N_("run")): table["label"],
            _(N_("task")): [_(t) for t in table["title"]],
            _(N_("state")): [_(STATES[s][0]) for s in table["state"]],
            _(N_("best validation")): [_figure(s, b) for s, b in zip(table["score"], table["best"], strict=True)],
            _(N_("best epoch")): [f"{e:.0f}" if pd.notna(e) else "" for e in table["best_epoch"]],
            _(N_("test")): [_figure(*t) if t else "" for t in table["test"]],
            _(N_("time")): [duration(s) if s else "" for s in table["seconds"]],
            _(N_("data")): [_(d) if d else "" for d in table["data"]],
            _(N_("note")): table["note"],
        }
    )
    event = st.dataframe(
        shown, hide_index=True, on_select="rerun", selection_mode="multi-row", key=f"runs-table-{hash(tuple(ids))}",
        selection_default={"selection": {"rows": [ids.index(i) for i in wanted], "columns": [], "cells": []}},
    )  # fmt: skip
    chosen = [ids[row] for row in event["selection"]["rows"] if row < len(ids)]
    st.query_params["ids"] = ",".join(chosen[:_MOST])
    if len(chosen) > _MOST:
        st.caption(_(N_("Only the first {most} are plotted; more curves would be hard to read."), most=_MOST))
    return chosen[:_MOST]


def _figure(name: str, value: float) -> str:
    """A figure with its name, which accuracy alone needs not."""
    if not name:
        return ""
    return figure(name, value) if name == "accuracy" else f"{_(METRICS.get(name, name))} {figure(name, value)}"


def differences(chosen: list[Run]) -> None:
    """Only the settings in which the chosen runs differ."""
    table = compare.settings(chosen)
    st.subheader(_(N_("Differing hyperparameters")))
    if table.empty:
        st.caption(_(N_("Select two or more runs with different hyperparameters.")))
        return
    differing(table, {r.id: r.label for r in chosen})


def manage(chosen: list[Run]) -> None:
    """Name, note, resume, open, delete."""
    st.subheader(_(N_("Selected runs")))
    for run in chosen:
        status = run.status()
        word, icon, _colour = STATES[status.state]
        with st.expander(f"{plain(run.label)} · {_(run.title)} · {_(word)} · {size(run.size())}", icon=icon):
            note = run.note()
            left, right = st.columns([1, 2])
            left.text_input(
                _(N_("Name")), note.get("name", ""), max_chars=80, key=f"name-{run.id}", on_change=_annotate, args=(run, "name")
            )
            right.text_input(
                _(N_("Note")), note.get("note", ""), max_chars=2000, key=f"note-{run.id}", on_change=_annotate, args=(run, "note")
            )
            with st.container(horizontal=True):
                st.page_link("pages/train.py", label=_(N_("Open")), icon=":material/open_in_full:", query_params={"run": run.id})
                if status.state in ("stopped", "interrupted", "failed"):
                    st.button(_(N_("Resume")), icon=":material/resume:", key=f"resume-{run.id}", on_click=attempt, args=(jobs.resume, run))
                if status.active:
                    st.button(_(N_("Stop")), icon=":material/stop:", key=f"stop-{run.id}", on_click=attempt, args=(jobs.stop, run))
                else:
                    _delete_button(run)
            st.code(run.command(), language="bash")


def _annotate(run: Run, what: str) -> None:
    """Keep the name or the note that was just written; the other one may have been changed in another browser meanwhile."""
    values = {"name": "", "note": "", **run.note(), what: st.session_state[f"{what}-{run.id}"]}
    attempt(run.annotate, values["name"], values["note"])


def _delete_button(run: Run) -> None:
    """Deleting asks once."""
    with st.popover(_(N_("Delete")), icon=":material/delete:"):
        st.markdown(_(N_("Permanently delete **{run}** and its weights?"), run=plain(run.label)))
        st.button(_(N_("Delete permanently")), key=f"delete-{run.id}", on_click=attempt, args=(runs.delete, run))


def _drop_filter() -> None:
    """A link that names runs, but no task, shows them whatever filter was left behind here."""
    linked, kept = st.query_params.get("ids", "").split(","), st.session_state.get("_kept.only")
    if kept and "only" not in st.query_params and any(r.id in linked and r.task_name != kept for r in runs.every()):
        url.forget("only")


with page("runs"):
    names = sorted({r.task_name for r in runs.every()})
    if not names:
        with st.container(border=True):
            heading = _(N_("No runs to compare yet"))
            st.markdown(f"#### {heading}")
            st.markdown(
                _(N_("Train a model to compare learning curves, see which hyperparameters differ and rank "
        "your runs."))
            )
            st.page_link("pages/train.py", label=_(N_("Start first run")), icon=":material/play_arrow:")
    else:
        titles = {t.name: t.title for t in tasks.TASKS}
        _drop_filter()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            only = url.choice(
                st.selectbox, _(N_("Task")), ["", *names], key="only", default="",
                format_func=lambda n: _(titles.get(n, n)) if n else _(N_("all tasks")),
            )  # fmt: skip
            ranked = st.toggle(_(N_("Best first")), key="ranked", bind="query-params")
        found = runs.every(only or None)
        table = overview(found)
        if ranked:
            table = table.sort_values(["task", "worse"], na_position="last", ignore_index=True)
        chosen = []
        for run_id in pick(table):
            try:
                chosen.append(runs.find(run_id))
            except UserError:
                continue
        st.caption(_(N_("{count} runs, {size} on disk"), count=len(found), size=size(sum(r.size() for r in found))))
        if ((table["score"] == "") & table["best_epoch"].notna()).any():
            st.caption(_(N_("Without a domain classifier there is no metric to rank epochs, so the latest "
        "checkpoint counts as the best.")))
        if chosen:
            overlay.live(chosen)
            differences(chosen)
            manage(chosen)
