"""Train: choose a task, edit its recipe, start a run and watch it live."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core import tasks
from core.analysis import runtime_estimate, sweep
from core.messages import Message, N_, UserError
from core.runs import queue, store
from core.runs.store import Run
from core.training.recipe import Recipe
from ui.kit import data_source, forms, preload, url
from ui.kit.frame import debounced, flash, page
from ui.kit.i18n import _, _n, escape_markdown, format_duration, translate_message
from ui.runs.results import show_downloads, show_test_results
from ui.runs.run_panel import run_link, run_panel
from ui.train import augmentation, lessons, sweeps

_MAX_SECONDS = 86_400  # of a time limit: one day


def choose_task(run: Run | None) -> tasks.Task:
    """Draw the task picker with the task's description and data source; a newly attached run selects its own task."""
    by_name = {t.name: t for t in tasks.TASKS}
    if run and st.session_state.get("_attached") != run.id:
        st.session_state["_attached"] = run.id
        if run.task_name in by_name and "task" not in st.query_params:
            st.query_params["task"] = run.task_name
    name = url.choose_one(
        st.selectbox,
        _(N_("Task")),
        list(by_name),
        key="task",
        default=tasks.TASKS[0].name,
        format_func=lambda n: _(by_name[n].title),
    )
    task = by_name[name]
    st.caption(_(task.about))
    data_source.show_data_source(task)
    return task


def choose_recipe(task: tasks.Task) -> Recipe | UserError:
    """Draw the recipe form; return the recipe, or the error that says which value is not allowed."""
    quick = (
        url.choose_one(
            st.segmented_control,
            _(N_("Recipe")),
            ["full", "quick"],
            key="recipe",
            default="full",
            required=True,
            format_func=lambda v: _(N_("Full recipe")) if v == "full" else _(N_("Quick recipe")),
        )
        == "quick"
    )
    base = task.quick_recipe() if quick else task.recipe
    values = forms.recipe_form(task, base, f"{task.name}.quick" if quick else task.name)
    try:
        return base.changed(**values)
    except UserError as error:
        return error


def choose_time_limit(task: tasks.Task, recipe: Recipe) -> Recipe | None:
    """Show the estimated time and offer a time limit; return the recipe with that limit, None if it is not allowed."""
    if runtime_estimate.is_busy() and not runtime_estimate.is_cached(task, recipe):
        st.caption(_(N_("Time estimates are available when no other run is in progress.")))
        return recipe
    preload.wait_until_ready()
    with st.spinner(_(N_("Timing a few batches…"))):
        estimate = runtime_estimate.estimate_runtime(task, recipe)
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with right:
        seconds = forms.bounded_integer(
            _(N_("Time limit (s)")),
            0,
            _MAX_SECONDS,
            step=10,
            key=f"{task.name}.budget",
            help=_(N_("0 = no limit. Otherwise the limit is converted to a number of steps when you start.")),
        )
    if seconds is None:
        return None
    if seconds:
        recipe = estimate.with_time_limit(recipe, seconds)
        left.metric(
            _(N_("Estimated time")),
            format_duration(min(seconds, recipe.max_steps * estimate.step_seconds)),
            _n("{count} step", "{count} steps", recipe.max_steps),
            delta_color="off",
            delta_arrow="off",
        )
    else:
        left.metric(
            _(N_("Estimated time")),
            format_duration(estimate.seconds),
            _n(
                "{count} step × {ms} ms",
                "{count} steps × {ms} ms",
                estimate.total_steps,
                ms=f"{1000 * estimate.step_seconds:.1f}",
            ),
            delta_color="off",
            delta_arrow="off",
            help=_(N_("Training steps only. Startup and test-set evaluation add a few seconds.")),
        )
    if estimate.is_provisional:
        st.caption(_(N_("Timed while the machine was busy. The run may be faster.")))
    return recipe


def start_run(task: tasks.Task, recipe: Recipe) -> None:
    """Start a run and attach it (callback); a double click starts one run."""
    run = debounced(queue.start_run, task, recipe)
    if run:
        st.query_params["run"] = run.id
        st.query_params.pop("sweep", None)
        flash(Message(N_("Training started.")), "success")


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


def show_results(run: Run) -> None:
    """Show the results of the attached run and the links that lead on."""
    show_test_results(run)
    if run.task.dataset == "mnist":
        st.page_link(
            "pages/draw.py",
            label=_(N_("Test your handwriting")),
            icon=":material/draw:",
            query_params={"network": run.id},
            disabled=not run.best_weights_path.exists(),
        )
    show_downloads(run)


def show_empty(task: tasks.Task) -> None:
    """Fill the place of a run: what will appear here, a quick run to start, the latest runs of the task."""
    with st.container(border=True):
        heading = _(N_("Your run will appear here"))
        st.markdown(f"#### {heading}")
        st.markdown(
            _(
                N_(
                    "Loss and accuracy update live. After each epoch the model is evaluated on the "
                    "validation set, and you see its predictions on a few fixed examples. You can close "
                    "this page: training continues in the background, and the link brings you back."
                )
            )
        )
        quick = task.quick_recipe()
        st.button(
            _(N_("Start quick run")),
            icon=":material/bolt:",
            on_click=start_run,
            args=(task, quick),
            key="try",
        )
    recent = store.list_runs(task.name)[:5]
    if recent:
        heading = _(N_("Recent runs of this task"))
        st.markdown(f"**{heading}**")
        for run in recent:
            run_link(run)


def start_form(task: tasks.Task, recipe: Recipe | UserError) -> None:
    """Draw the time estimate, the Start button and the sweep form; Start is disabled while a value is not allowed."""
    limited = None
    if isinstance(recipe, UserError):
        st.error(translate_message(recipe.message), icon=":material/error:")
    else:
        limited = choose_time_limit(task, recipe)
    st.button(
        _(N_("Start training")),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        key="start",
        on_click=start_run,
        args=(task, limited),
        disabled=limited is None,
        help=_(N_("Runs in a separate process. If another run is in progress, this one is queued.")),
    )
    if limited is not None:
        sweeps.sweep_form(task, limited)


with page("train"):
    url.migrate_task_names()
    run, sweep_id = attached_run(), attached_sweep()
    form_column, run_column = st.columns([2, 3], gap="large")
    with form_column:
        task = choose_task(run)
        recipe = choose_recipe(task)
        valid = isinstance(recipe, Recipe)
        if valid:
            data_source.show_missing_weights(task, recipe)
        start_container = st.container()
    with run_column:
        if sweep_id:
            sweeps.sweep_panel(sweep_id)
        if run:
            run_panel(run)
        elif not sweep_id:
            show_empty(task)
    if run:
        show_results(run)
    if valid and "shift" in task.fields():
        augmentation.augmentation_preview(task, recipe)
        lessons.scaling_lesson(task)
    if valid:
        lessons.device_lesson(task, recipe)
    with st.expander(_(N_("Model source code")), icon=":material/code:"):
        preload.wait_until_ready()
        from core import models

        st.code(models.model_source(task.model), language="python")
    # Last: timing a few batches of a large model takes seconds, and everything else is on the page by then.
    with start_container:
        start_form(task, recipe)
