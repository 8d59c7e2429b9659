"""Train: choose a task, edit its recipe, start a run and watch it live."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core import tasks
from core.analysis import sweep
from core.messages import N_, UserError
from core.runs import store
from core.runs.store import Run
from core.training.recipe import Recipe
from ui.kit import preload, url
from ui.kit.frame import page
from ui.kit.i18n import _, escape_markdown, translate_message
from ui.train import attached_run as attached
from ui.train import augmentation, launch, lessons, reference, sweeps


def attached_run() -> Run | None:
    """Return the run named by the URL; an unknown one is reported here and dropped from the URL."""
    run_id = st.query_params.get("run")
    if not run_id:
        return None
    try:
        return store.find_run(run_id)
    except UserError as error:
        params = {name: escape_markdown(str(value)) for name, value in error.message.params.items()}
        st.warning(translate_message(replace(error.message, params=params)), icon=":material/search_off:")
        st.query_params.pop("run")
        return None


def attached_sweep() -> str:
    """Return the sweep named by the URL, "" if there is none; an unknown one is handled as by `attached_run`."""
    sweep_id = st.query_params.get("sweep", "")
    if sweep_id and not sweep.sweep_runs(sweep_id):
        st.warning(_(N_("Sweep {sweep} not found."), sweep=escape_markdown(sweep_id[:40])))
        st.query_params.pop("sweep")
        return ""
    return sweep_id


def show_lessons(task: tasks.Task, recipe: Recipe) -> None:
    """Show what the recipe does to the images, and the lessons that fit the task."""
    lessons.preset_lessons(task)
    if "shift" in task.fields():
        augmentation.augmentation_preview(task, recipe)
        lessons.scaling_lesson(task)
    lessons.device_lesson(task, recipe)


with page("train"):
    url.migrate_task_names()
    run, sweep_id = attached_run(), attached_sweep()
    # What trains stands on top, and stays there when it ends; the next run is started below it.
    if sweep_id:
        sweeps.sweep_panel(sweep_id)
    if run:
        attached.show_run(run)
    if run or sweep_id:
        st.header(_(N_("Next run")))
    else:
        reference.show_first_steps()
    choice = launch.launch_card(run, is_main=run is None)
    task = choice.task
    if not (run or sweep_id):
        reference.show_reference(task)
    st.header(_(N_("Lessons and source code")))
    if isinstance(choice.recipe, Recipe):
        show_lessons(task, choice.recipe)
    with st.expander(_(N_("Model source code")), icon=":material/code:", key="model-source"):
        preload.wait_until_ready()
        from core import models

        st.code(models.model_source(task.model), language="python")
