"""Train: pick a task, change its recipe, start it, watch it live."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.messages import Message, N_, UserError
from core.training import jobs, price, runs
from core.training.recipe import Recipe
from core.training.runs import Run
from ui import augmentation, forms, lessons, origin, sweeps, url, warm
from ui.frame import flash, once, page
from ui.i18n import _, duration, tell
from ui.results import downloads, results
from ui.run_panel import run_panel, way


def choose_task(run: Run | None) -> tasks.Task:
    """The task picker, with what the task is and where its data come from. A run that has just been attached brings its task along."""
    by_name = {t.name: t for t in tasks.TASKS}
    if run and st.session_state.get("_attached") != run.id:
        st.session_state["_attached"] = run.id
        if run.task_name in by_name and "task" not in st.query_params:
            st.query_params["task"] = run.task_name
    name = url.choice(
        st.selectbox, _(N_("Task")), list(by_name), key="task", default=tasks.TASKS[0].name, format_func=lambda n: _(by_name[n].title)
    )
    task = by_name[name]
    st.caption(_(task.about))
    origin.tell_origin(task)
    return task


def choose_recipe(task: tasks.Task) -> Recipe | None:
    """The form. None where a value is not allowed, after saying which."""
    quick = url.choice(
        st.segmented_control, _(N_("Recipe")), ["full", "quick"], key="recipe", default="full", required=True,
        format_func=lambda v: _(N_("Full recipe")) if v == "full" else _(N_("Quick recipe")),
    ) == "quick"  # fmt: skip
    base = task.quick_recipe() if quick else task.recipe
    values = forms.recipe_form(task, base, f"{task.name}.quick" if quick else task.name)
    try:
        return base.changed(**values)
    except UserError as error:
        st.error(tell(error.message), icon=":material/error:")
        return None


def budget(task: tasks.Task, recipe: Recipe) -> Recipe:
    """The price tag, and the choice to train for a time instead of for epochs."""
    if price.blocked() and not price.known(task, recipe):
        st.caption(_(N_("Time estimates are available when no other run is in progress.")))
        return recipe
    warm.wait()
    with st.spinner(_(N_("Timing a few batches…"))):
        tag = price.price(task, recipe)
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    seconds = right.number_input(
        _(N_("Time limit (s)")), min_value=0, max_value=86_400, value=0, step=10, key=f"{task.name}.budget",
        help=_(N_("0 = no limit. Otherwise the limit is converted to a number of steps when you start.")),
    )  # fmt: skip
    if seconds:
        recipe = tag.limited(recipe, seconds)
        left.metric(
            _(N_("Estimated time")), duration(min(seconds, recipe.max_steps * tag.step_seconds)),
            _(N_("{steps} steps"), steps=f"{recipe.max_steps:,}"), delta_color="off", delta_arrow="off",
        )  # fmt: skip
    else:
        left.metric(
            _(N_("Estimated time")), duration(tag.seconds),
            _(N_("{steps} steps × {ms} ms"), steps=f"{tag.total_steps:,}", ms=f"{1000 * tag.step_seconds:.1f}"),
            delta_color="off", delta_arrow="off",
            help=_(N_("Training steps only. Startup and test-set evaluation add a few seconds.")),
        )  # fmt: skip
    return recipe


def start(task: tasks.Task, recipe: Recipe) -> None:
    """Callback of the Start button; a double click starts one run."""
    run = once(jobs.start, task, recipe)
    if run:
        st.query_params["run"] = run.id
        st.query_params.pop("sweep", None)
        flash(Message(N_("Training started.")), "success")


def attached() -> Run | None:
    """The run that the URL names."""
    run_id = st.query_params.get("run")
    if not run_id:
        return None
    try:
        return runs.find(run_id)
    except UserError as error:
        st.warning(tell(error.message))
        return None


def show_results(run: Run) -> None:
    """What the attached run reached, and the ways onward."""
    results(run)
    if run.task.dataset == "mnist":
        st.page_link(
            "pages/draw.py", label=_(N_("Test your handwriting")), icon=":material/draw:", query_params={"network": run.id},
            disabled=not run.best_weights.exists(),
        )  # fmt: skip
    downloads(run)


def show_empty(task: tasks.Task) -> None:
    """No run is attached: what will be here, and the latest runs of the task."""
    with st.container(border=True):
        heading = _(N_("Your run will appear here"))
        st.markdown(f"#### {heading}")
        st.markdown(
            _(N_("Loss and accuracy update live. After each epoch the model is evaluated on the "
        "validation set, and you see its predictions on a few fixed examples. You can close "
        "this page: training continues in the background, and the link brings you back."))
        )  # fmt: skip
        quick = task.quick_recipe()
        st.button(
            _(N_("Start quick run")), icon=":material/bolt:", on_click=start, args=(task, quick), key="try",
        )  # fmt: skip
    recent = runs.every(task.name)[:5]
    if recent:
        heading = _(N_("Recent runs of this task"))
        st.markdown(f"**{heading}**")
        for run in recent:
            way(run, titled=False)


with page("train"):
    left, right = st.columns([2, 3], gap="large")
    run = attached()
    with left:
        task = choose_task(run)
        recipe = choose_recipe(task)
        if recipe is not None:
            origin.tell_missing_weights(task, recipe)
        to_start = st.container()
    with right:
        if st.query_params.get("sweep"):
            sweeps.panel(st.query_params["sweep"])
        if run:
            run_panel(run)
        elif not st.query_params.get("sweep"):
            show_empty(task)
    if run:
        show_results(run)
    if recipe is not None and "shift" in task.fields():
        augmentation.preview(task, recipe)
        lessons.scaling(task)
    if recipe is not None:
        lessons.devices(task, recipe)
    with st.expander(_(N_("Model source code")), icon=":material/code:"):
        warm.wait()
        from core import models

        st.code(models.source(task.model), language="python")
    if recipe is not None:
        with to_start:  # last: timing a few batches of a large network takes seconds, in which all else is there already
            priced = budget(task, recipe)
            st.button(
                _(N_("Start training")), type="primary", icon=":material/play_arrow:", width="stretch", key="start", on_click=start,
                args=(task, priced), help=_(N_("Runs in a separate process. If another run is in progress, this one is queued.")),
            )  # fmt: skip
            sweeps.form(task, priced)
