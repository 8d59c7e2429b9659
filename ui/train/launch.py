"""Choose what to train: task, recipe and time limit; the estimated time, and the Start button."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.analysis import runtime_estimate
from core.messages import Message, N_, UserError
from core.runs import queue
from core.runs.store import Run
from core.training.recipe import Recipe
from ui.kit import cache, data_source, forms, preload, url
from ui.kit.frame import debounced, flash, try_action, with_error_boundary
from ui.kit.i18n import _, _n, format_duration, translate_message

_MAX_SECONDS = 86_400  # of a time limit: one day
_QUICK, _FULL = "quick", "full"


def pick(run: Run | None) -> tuple[tasks.Task, Recipe, str]:
    """Draw the choice of task and recipe: beside an attached run one below the other, else in one row.

    Returns the task, the recipe that its form starts from, and the prefix of that form's widgets.
    """
    if run:
        task = _choose_task(run)
        base, prefix = _choose_variant(task)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            _data_button(task)
            st.button(
                _(N_("Use run settings")),
                icon=":material/input:",
                key="take-over",
                on_click=take_over_recipe,
                args=(run,),
            )
    else:
        left, right = st.columns([3, 1], gap="small")
        with left:
            task = _choose_task(run)
        with right:
            base, prefix = _choose_variant(task)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(_(task.about), width=520)
            _data_button(task)
    if problem := cache.dataset_status(task.dataset).problem:
        st.error(translate_message(problem))
    return task, base, prefix


def _choose_task(run: Run | None) -> tasks.Task:
    """Draw the task picker; a newly attached run selects its own task."""
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
    return by_name[name]


def _choose_variant(task: tasks.Task) -> tuple[Recipe, str]:
    """Draw the choice between the quick and the full recipe; return it with the prefix of its form's widgets."""
    _follow_link(task)
    variant = url.choose_one(
        st.segmented_control,
        _(N_("Recipe")),
        [_QUICK, _FULL],
        key="recipe",
        default=_QUICK,
        required=True,
        format_func=lambda v: _(N_("Full")) if v == _FULL else _(N_("Quick")),
        help=_(
            N_("Quick: few epochs and examples, for a first result in seconds. Full: the complete training.")
        ),
        width="stretch",
    )
    quick = variant == _QUICK
    return (task.quick_recipe() if quick else task.recipe), _prefix(task, quick)


def _prefix(task: tasks.Task, quick: bool) -> str:
    return f"{task.name}.quick" if quick else task.name


def _follow_link(task: tasks.Task) -> None:
    """Open the full recipe for a link that sets its fields without naming a recipe."""
    quick, full = f"{_prefix(task, True)}.", f"{_prefix(task, False)}."
    named = sorted(p for p in st.query_params if p.startswith(full) and not p.startswith(quick))
    is_new = named != st.session_state.get("_linked_fields", [])
    st.session_state["_linked_fields"] = named
    if named and is_new and "recipe" not in st.query_params:
        st.query_params["recipe"] = _FULL


def _data_button(task: tasks.Task) -> None:
    """A button that names the data that a run uses now, and shows where they are or how to get them."""
    status = cache.dataset_status(task.dataset)
    is_fallback = not status.folder and bool(
        status.fallback_title
    )  # whose long titles the popover has room for
    with st.popover(
        _(N_("Fallback data")) if is_fallback else _(N_("Data: {title}"), title=_(status.title)),
        icon=":material/database:" if status.folder else ":material/warning:",
        width="content",
    ):
        data_source.show_data_source(task)


def choose_recipe(task: tasks.Task, base: Recipe, prefix: str) -> tuple[Recipe | UserError, int | None]:
    """Draw the form of `base`.

    Returns the recipe, or the error that says which value is not allowed; and the time limit in seconds, 0 for none, None if it
    is not allowed.
    """
    values = forms.main_fields(task, base, prefix)
    with st.expander(_(N_("More settings")), icon=":material/tune:"):
        heading = _(N_("Training length"))
        st.markdown(f"**{heading}**")
        seconds = forms.bounded_integer(
            _(N_("Time limit (s)")),
            0,
            _MAX_SECONDS,
            step=10,
            key=f"{task.name}.budget",
            help=_(N_("0 = no limit. Otherwise the limit is converted to a number of steps when you start.")),
        )
        for name in forms.LENGTH_FIELDS:
            values[name] = forms.draw_field(base, name, prefix)
        values |= forms.more_fields(task, base, prefix, values)
    try:
        return base.changed(**values), seconds
    except UserError as error:
        return error, seconds


def start_controls(
    task: tasks.Task, recipe: Recipe | UserError, seconds: int | None, *, is_main: bool
) -> None:
    """Draw the estimated time and the Start button, disabled while a value is not allowed.

    `is_main` says whether Start is the page's main action.
    """
    is_allowed = isinstance(recipe, Recipe) and seconds is not None
    if isinstance(recipe, UserError):
        st.error(translate_message(recipe.message), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width=210):
            if is_allowed:
                # In a thread of its own: timing a few batches takes seconds, and Start must not wait for it.
                st.fragment(show_estimate, parallel=True, key="estimate")(task, recipe, seconds)
        st.button(
            _(N_("Start training")),
            type="primary" if is_main else "secondary",
            icon=":material/play_arrow:",
            width="stretch",
            key="start",
            on_click=start_run,
            args=(task, recipe, seconds),
            disabled=not is_allowed,
            help=_(N_("Runs in a separate process. If another run is in progress, this one is queued.")),
        )


@with_error_boundary
def show_estimate(task: tasks.Task, recipe: Recipe, seconds: int) -> None:
    """Show the estimated time of a run; `seconds` is its time limit, 0 for none."""
    if runtime_estimate.is_busy() and not runtime_estimate.is_cached(task, recipe):
        st.caption(_(N_("Time estimates are available when no other run is in progress.")))
        return
    preload.wait_until_ready()
    with st.spinner(_(N_("Timing a few batches…"))):
        estimate = runtime_estimate.estimate_runtime(task, recipe)
    if seconds:
        steps = estimate.with_time_limit(recipe, seconds).max_steps
        duration, details = (
            min(seconds, steps * estimate.step_seconds),
            _n("{count} step", "{count} steps", steps),
        )
    else:
        duration = estimate.seconds
        details = _n(
            "{count} step × {time}",
            "{count} steps × {time}",
            estimate.total_steps,
            time=_format_step_time(estimate.step_seconds),
        )
    notes = [_(N_("Training steps only. Startup and test-set evaluation add a few seconds."))]
    if estimate.is_provisional:
        notes.append(_(N_("Timed while the machine was busy. The run may be faster.")))
    st.metric(
        _(N_("Estimated time")),
        format_duration(duration),
        details,
        delta_color="off",
        delta_arrow="off",
        help=" ".join(notes),
    )


def _format_step_time(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def start_run(task: tasks.Task, recipe: Recipe, seconds: int) -> None:
    """Start a run and attach it (callback); a double click starts one run."""

    def start() -> Run:
        if seconds:
            preload.wait_until_ready()
        return queue.start_run(task, runtime_estimate.limit_recipe(task, recipe, seconds))

    if run := debounced(start):
        st.query_params["run"] = run.id
        st.query_params.pop("sweep", None)
        flash(Message(N_("Training started.")), "success")


def take_over_recipe(run: Run) -> None:
    """Fill the form with the recipe of `run` (callback)."""
    recipe = try_action(lambda: run.recipe)
    if recipe is None:
        return
    task = run.task
    quick = min((True, False), key=lambda q: len(recipe.difference(_recorded(task, q))))
    plain, recorded = (task.quick_recipe() if quick else task.recipe), _recorded(task, quick)
    for name in task.fields():
        # The number of threads stays "one per core" if that is what the run used.
        source = plain if getattr(recipe, name) == getattr(recorded, name) else recipe
        st.session_state[f"{_prefix(task, quick)}.{name}"] = getattr(source, name)
    st.session_state[f"{task.name}.budget"] = 0
    st.query_params["task"] = task.name
    st.query_params["recipe"] = _QUICK if quick else _FULL
    flash(Message(N_("The settings of this run are in the form.")), "success")


def _recorded(task: tasks.Task, quick: bool) -> Recipe:
    """The task's recipe as a run records it."""
    return (task.quick_recipe() if quick else task.recipe).with_resolved_threads()
