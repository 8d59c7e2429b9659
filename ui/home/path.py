"""The path of a newcomer in three steps: draw, train a model, draw with it."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.messages import Message, N_
from core.runs import queue, store
from core.runs.store import Run
from ui.draw import drawing
from ui.home import stored
from ui.kit.frame import PAGES, debounced, flash
from ui.kit.i18n import _

_STARTED = "_first_run"
_STEP_WIDTH = 210  # pixels, at least
_SEARCHED_RUNS = 20  # newest runs among which the visitor's own model is looked for


def show_path() -> None:
    """Show the three steps with the next one marked; the first run starts here."""
    if run_id := st.session_state.pop(_STARTED, None):
        st.switch_page(PAGES["train"].path, query_params={"run": run_id})
    digit_runs = [run for run in store.list_runs()[:_SEARCHED_RUNS] if is_digit_model(run)]
    own = next((run for run in digit_runs if has_model(run)), None)
    running = next((run for run in digit_runs if run.status().is_active), None)
    current = 3 if own else 2 if digit_runs or drawing.has_drawn() else 1
    st.header(_(N_("Your first model in three steps")))
    with st.container(border=True):
        grid = st.grid(3, min_column_width=_STEP_WIDTH)
        with grid.container(gap="xsmall"):
            _step(1, current, _(N_("Draw a digit")), _(N_("Watch the prediction follow each stroke.")))
            st.page_link(
                PAGES["draw"].path, label=_(N_("See why it predicts that")), icon=":material/arrow_forward:"
            )
        with grid.container(gap="xsmall"):
            _step(
                2,
                current,
                _(N_("Train your own model")),
                _(N_("A small CNN learns to read digits while you watch.")),
            )
            _show_training(own, running)
        with grid.container(gap="xsmall"):
            _step(3, current, _(N_("Draw with your model")), _(N_("It reads your handwriting, beside ours.")))
            _show_own_model(own)


def _step(number: int, current: int, title: str, about: str) -> None:
    if number < current:
        mark = ":green[:material/check_circle:]"
    else:
        mark = f":{'violet' if number == current else 'gray'}[:material/counter_{number}:]"
    st.markdown(f"{mark} **{title}**")
    st.caption(about)


def _show_training(own: Run | None, running: Run | None) -> None:
    train = PAGES["train"]
    if running:
        st.page_link(
            train.path,
            label=_(N_("Watch it learn")),
            icon=":material/timeline:",
            query_params={"run": running.id},
        )
    elif own:
        st.page_link(train.path, label=_(N_("Train another")), icon=":material/arrow_forward:")
    else:
        st.button(
            _(N_("Start · about 20 s")),
            type="primary",
            icon=":material/play_arrow:",
            key="first-run",
            on_click=_start_first_run,
        )


def _show_own_model(own: Run | None) -> None:
    draw = PAGES["draw"]
    if own is None:
        st.caption(":material/lock: " + _(N_("After your first run")))
    elif st.button(_(N_("Draw with your model")), type="primary", icon=":material/draw:", key="draw-own"):
        st.switch_page(draw.path, query_params={"network": own.id})


def _start_first_run() -> None:
    """Callback: start the quick recipe and open it; a double click starts one run."""
    task = tasks.get_task(stored.CHECKPOINT)
    if run := debounced(queue.start_run, task, task.quick_recipe()):
        st.session_state[_STARTED] = run.id
        flash(Message(N_("Training started.")), "success")


def is_digit_model(run: Run) -> bool:
    """Whether a run trains a model that the Draw page can use."""
    return bool(run.kind) and run.task.dataset == tasks.get_task(stored.CHECKPOINT).dataset


def has_model(run: Run) -> bool:
    """Whether a run is finished and has weights."""
    return run.status().state == "finished" and run.best_weights_path.exists()
