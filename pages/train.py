"""Train: pick a task, change its recipe, start it, watch it live."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.analysis import runtime_estimate
from core.messages import Message, N_, UserError
from core.runs import queue, store
from core.runs.store import Run
from core.training.recipe import Recipe
from ui.kit import data_source, forms, preload, url
from ui.kit.frame import debounced, flash, page
from ui.kit.i18n import _, _n, format_duration, translate_message
from ui.runs.results import show_downloads, show_test_results
from ui.runs.run_panel import run_link, run_panel
from ui.train import augmentation, lessons, sweeps


def choose_task(run: Run | None) -> tasks.Task:
    """The task picker, with what the task is and where its data come from. A run that has just been attached brings its task along."""
    by_name = {t.name: t for t in tasks.TASKS}
    if run and st.session_state.get("_attached") != run.id:
        st.session_state["_attached"] = run.id
        if run.task_name in by_name and "task" not in st.query_params:
            st.query_params["task"] = run.task_name
    if st.query_params.get("task") in tasks.ALIASES:
        st.query_params["task"] = tasks.current_name(st.query_params["task"])
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


def choose_recipe(task: tasks.Task) -> Recipe | None:
    """The form. None where a value is not allowed, after saying which."""
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
        st.error(translate_message(error.message), icon=":material/error:")
        return None


def choose_budget(task: tasks.Task, recipe: Recipe) -> Recipe:
    """The price tag, and the choice to train for a time instead of for epochs."""
    if runtime_estimate.is_busy() and not runtime_estimate.is_cached(task, recipe):
        st.caption(_(N_("Time estimates are available when no other run is in progress.")))
        return recipe
    preload.wait_until_ready()
    with st.spinner(_(N_("Timing a few batches…"))):
        tag = runtime_estimate.estimate_runtime(task, recipe)
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    seconds = right.number_input(
        _(N_("Time limit (s)")),
        min_value=0,
        max_value=86_400,
        value=0,
        step=10,
        key=f"{task.name}.budget",
        help=_(N_("0 = no limit. Otherwise the limit is converted to a number of steps when you start.")),
    )
    if seconds:
        recipe = tag.with_time_limit(recipe, seconds)
        left.metric(
            _(N_("Estimated time")),
            format_duration(min(seconds, recipe.max_steps * tag.step_seconds)),
            _n("{count} step", "{count} steps", recipe.max_steps),
            delta_color="off",
            delta_arrow="off",
        )
    else:
        left.metric(
            _(N_("Estimated time")),
            format_duration(tag.seconds),
            _n(
                "{count} step × {ms} ms",
                "{count} steps × {ms} ms",
                tag.total_steps,
                ms=f"{1000 * tag.step_seconds:.1f}",
            ),
            delta_color="off",
            delta_arrow="off",
            help=_(N_("Training steps only. Startup and test-set evaluation add a few seconds.")),
        )
    return recipe


def start_run(task: tasks.Task, recipe: Recipe) -> None:
    """Callback of the Start button; a double click starts one run."""
    run = debounced(queue.start_run, task, recipe)
    if run:
        st.query_params["run"] = run.id
        st.query_params.pop("sweep", None)
        flash(Message(N_("Training started.")), "success")


def attached_run() -> Run | None:
    """The run that the URL names."""
    run_id = st.query_params.get("run")
    if not run_id:
        return None
    try:
        return store.find_run(run_id)
    except UserError as error:
        st.warning(translate_message(error.message))
        return None


def show_results(run: Run) -> None:
    """What the attached run reached, and the ways onward."""
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
    """No run is attached: what will be here, and the latest runs of the task."""
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
            run_link(run, titled=False)


with page("train"):
    form_column, run_column = st.columns([2, 3], gap="large")
    run = attached_run()
    with form_column:
        task = choose_task(run)
        recipe = choose_recipe(task)
        if recipe is not None:
            data_source.show_missing_weights(task, recipe)
        start_container = st.container()
    with run_column:
        if st.query_params.get("sweep"):
            sweeps.sweep_panel(st.query_params["sweep"])
        if run:
            run_panel(run)
        elif not st.query_params.get("sweep"):
            show_empty(task)
    if run:
        show_results(run)
    if recipe is not None and "shift" in task.fields():
        augmentation.augmentation_preview(task, recipe)
        lessons.scaling_lesson(task)
    if recipe is not None:
        lessons.device_lesson(task, recipe)
    with st.expander(_(N_("Model source code")), icon=":material/code:"):
        preload.wait_until_ready()
        from core import models

        st.code(models.model_source(task.model), language="python")
    if recipe is not None:
        with (
            start_container
        ):  # last: timing a few batches of a large network takes seconds, in which all else is there already
            budgeted_recipe = choose_budget(task, recipe)
            st.button(
                _(N_("Start training")),
                type="primary",
                icon=":material/play_arrow:",
                width="stretch",
                key="start",
                on_click=start_run,
                args=(task, budgeted_recipe),
                help=_(N_("Runs in a separate process. If another run is in progress, this one is queued.")),
            )
            sweeps.sweep_form(task, budgeted_recipe)
