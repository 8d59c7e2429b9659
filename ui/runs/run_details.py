"""What can be done with each selected run: name, note, open, resume, stop, delete."""

from __future__ import annotations

import streamlit as st

from core.formatting import format_size
from core.messages import N_
from core.runs import queue, store
from core.runs.store import Run
from ui.kit.frame import try_action
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name
from ui.runs.run_panel import STATE_BADGES, stop_button


def manage_runs(selected_runs: list[Run]) -> None:
    """Draw the controls of each selected run."""
    st.header(_(N_("Selected runs")))
    for run in selected_runs:
        word, icon, _color = STATE_BADGES[run.status().state]
        # A name that a person gave need not say what was trained.
        title = escape_markdown(_(run.title)) if run.note().get("name") else ""
        words = (escape_markdown(run_name(run)), title, _(word))
        with st.expander(" · ".join(filter(None, words)), icon=icon, key=f"details-{run.id}"):
            _show_details(run)


def _show_details(run: Run) -> None:
    status, note = run.status(), run.note()
    left, right = st.columns([1, 2])
    left.text_input(
        _(N_("Name")),
        note.get("name", ""),
        max_chars=80,
        placeholder=run_name(run),
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
            stop_button(run)
        else:
            _delete_button(run)
    st.code(run.command(), language="bash", wrap_lines=True)
    st.caption(_(N_("Run ID {run} · {size} on disk"), run=run.id, size=format_size(run.size())))


def _annotate(run: Run, field: str) -> None:
    """Save the name or the note just typed (callback); the other one may have been changed in another browser meanwhile."""
    values = {"name": "", "note": "", **run.note(), field: st.session_state[f"{field}-{run.id}"]}
    try_action(run.annotate, values["name"], values["note"])


def _delete_button(run: Run) -> None:
    """Draw the delete button, which asks for confirmation."""
    with st.popover(_(N_("Delete")), icon=":material/delete:", key=f"delete-popover-{run.id}"):
        st.markdown(
            _(N_("Permanently delete **{run}** and its weights?"), run=escape_markdown(run_name(run)))
        )
        st.button(
            _(N_("Delete permanently")),
            key=f"delete-{run.id}",
            on_click=try_action,
            args=(store.delete_run, run),
        )
