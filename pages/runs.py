"""Runs: overlay, rank and compare all runs; name, resume and delete them."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.messages import Message, N_, UserError
from core.runs import queue, store
from core.runs.store import Run
from ui.kit import url
from ui.kit.frame import debounced, flash, page, with_error_boundary
from ui.kit.i18n import _
from ui.runs import overlay, run_details, runs_table, selection

_REFRESH_SECONDS = 2.0
_DRAWN = "_runs-drawn"  # ids and states of the runs whose details the page shows


def show_empty_page() -> None:
    """Say what will appear here, with the button that makes it appear."""
    task = tasks.TASKS[0]
    with st.container(border=True):
        st.header(":material/stacked_line_chart: " + _(N_("No runs to compare yet")))
        st.markdown(
            _(
                N_(
                    "Your runs will appear here: their learning curves in one chart, a table of their results, and "
                    "the hyperparameters in which they differ."
                )
            )
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                _(N_("Start quick run")),
                icon=":material/play_arrow:",
                type="primary",
                on_click=_start_quick_run,
                args=(task,),
                help=_(task.title),
            )
            st.page_link("pages/train.py", label=_(N_("Choose a model")), icon=":material/model_training:")


def _start_quick_run(task: tasks.Task) -> None:
    """Callback: start the quick recipe of `task`."""
    if debounced(queue.start_run, task, task.quick_recipe()) is not None:
        flash(Message(N_("Training started.")), "success")


def _clear_filter() -> None:
    """Drop a task filter of an earlier visit that would hide runs named by the link."""
    linked, kept = st.query_params.get("ids", "").split(","), st.session_state.get("_kept.only")
    if (
        kept
        and "only" not in st.query_params
        and any(r.id in linked and r.task_name != kept for r in store.list_runs())
    ):
        url.forget_choice("only")


def _find_runs(ids: list[str]) -> list[Run]:
    """The runs that are still there."""
    found = []
    for run_id in ids:
        try:
            found.append(store.find_run(run_id))
        except UserError:
            continue
    return found


@with_error_boundary
def _comparison_and_table(was_active: bool) -> None:
    """Draw the selected runs side by side above the table that selects them. Another selection or state reruns the whole page."""
    if was_active and not _any_active():
        st.rerun()
    top = st.container()
    task_filter, best_first, all_columns = runs_table.table_filters()
    visible_runs = store.list_runs(task_filter or None)
    table = runs_table.summarize_runs(visible_runs, best_first)
    chosen = runs_table.pick_runs(visible_runs, table, all_columns=all_columns)
    selected_runs = _find_runs(chosen)
    drawn = [(run.id, run.status().state) for run in selected_runs]
    if st.session_state.setdefault(_DRAWN, drawn) != drawn:
        st.rerun()
    if selected_runs:
        with top:
            selection.show_best(selected_runs, table)
            overlay.overlay_chart(selected_runs)
            selection.show_comparison(selected_runs, table)


def _any_active() -> bool:
    return any(run.status().is_active for run in store.list_runs())


with page("runs"):
    url.migrate_task_names()
    if not store.list_runs():
        show_empty_page()
    else:
        _clear_filter()
        st.session_state.pop(_DRAWN, None)
        active = _any_active()
        st.fragment(_comparison_and_table, run_every=_REFRESH_SECONDS if active else None)(active)
        if selected_runs := _find_runs([run_id for run_id, _state in st.session_state.get(_DRAWN, [])]):
            run_details.manage_runs(selected_runs)
