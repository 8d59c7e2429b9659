"""The button that trains the model on the Architecture page for a minute."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.analysis import runtime_estimate
from core.messages import Message, N_
from core.runs import queue
from core.training.recipe import Recipe
from ui.kit import preload
from ui.kit.frame import debounced, flash, show_messages
from ui.kit.i18n import _

TRAINING_SECONDS = 60
_MESSAGE_PLACE = "architecture"


def train_button(task: tasks.Task, recipe: Recipe | None) -> None:
    """Show the Train button, disabled if there is no recipe to train, and the link to the run that it started."""
    busy = runtime_estimate.is_busy()
    st.button(
        _(N_("Train for {seconds} s"), seconds=TRAINING_SECONDS),
        icon=":material/play_arrow:",
        type="primary",
        key="train-this",
        on_click=_start_training,
        args=(task, recipe),
        disabled=busy or recipe is None,
        width="stretch",
        help=_(N_("Times a few batches, converts the limit to steps and starts a new run.")),
    )
    if busy:
        st.caption(_(N_("Another run is in progress. The time estimate will be available when it finishes.")))
    if run_id := st.session_state.get("architecture-run"):
        st.page_link(
            "pages/train.py",
            label=_(N_("View progress")),
            icon=":material/timeline:",
            query_params={"run": run_id},
        )
    show_messages(_MESSAGE_PLACE)


def _start_training(task: tasks.Task, recipe: Recipe) -> None:
    """Callback: start a run of one minute."""

    def begin() -> str:
        preload.wait_until_ready()
        limited = runtime_estimate.estimate_runtime(task, recipe).with_time_limit(recipe, TRAINING_SECONDS)
        run = queue.start_run(task, limited)
        st.session_state["architecture-run"] = run.id
        message = Message(N_("Training started. Follow its progress on the Train page."))
        flash(message, "success", _MESSAGE_PLACE)
        return run.id

    debounced(begin, place=_MESSAGE_PLACE)
