"""The card that starts a run: task, recipe, settings, estimated time and the Start button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import paths, tasks
from core.analysis import runtime_estimate
from core.messages import Message, N_, UserError
from core.runs import queue
from core.runs.store import Run
from core.task_spec import FULL, QUICK
from core.training.recipe import Recipe
from ui.kit import cache, data_source, forms, preload, url
from ui.kit.frame import debounced, flash, try_action, with_error_boundary
from ui.kit.i18n import _, _n, format_duration, translate_message
from ui.train import sweeps

_MAX_SECONDS = 86_400  # of a time limit: one day
_ESTIMATE_WIDTH = 400  # pixels: the estimated time in one line


@dataclass(frozen=True)
class Choice:
    """What the card has chosen: a task and its recipe, or the error that says which value is not allowed; `seconds` is the time limit, 0
    for none, None if it is not allowed.
    """

    task: tasks.Task
    recipe: Recipe | UserError
    seconds: int | None

    @property
    def is_allowed(self) -> bool:
        """Whether a run can start."""
        return isinstance(self.recipe, Recipe) and self.seconds is not None


def launch_card(run: Run | None, *, is_main: bool) -> Choice:
    """Draw the card that starts a run. Its settings are folded below an attached `run`, which they can be taken from. `is_main` says
    whether Start is the page's main action.
    """
    with st.container(border=True, gap="small"):
        left, right = st.columns([5, 3], gap="small")
        with left:
            task = _choose_task(run)
        with right:
            base, prefix = _choose_variant(task)
        st.caption(_(task.about))
        if run:
            with st.expander(_(N_("Settings")), icon=":material/tune:", key="settings"):
                st.button(
                    _(N_("Use run settings")),
                    icon=":material/input:",
                    key="take-over",
                    on_click=take_over_recipe,
                    args=(run,),
                )
                values = forms.main_fields(task, base, prefix)
                recipe, seconds = _more_settings(task, base, prefix, values)
        else:
            values = forms.main_fields(task, base, prefix)
            with st.expander(_(N_("More settings")), icon=":material/tune:", key="more-settings"):
                recipe, seconds = _more_settings(task, base, prefix, values)
        choice = Choice(task, recipe, seconds)
        _start_row(choice, is_main=is_main)
        if isinstance(recipe, Recipe):
            data_source.show_missing_weights(task, recipe)
            if seconds is not None:
                sweeps.sweep_form(task, recipe, seconds)
    return choice


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
    """Draw the choice between the quick recipe, the presets and the full one; return it with the prefix of its form's widgets."""
    _follow_link(task)
    titles = {QUICK: N_("Quick"), **{p.name: p.title for p in task.presets}, FULL: N_("Full")}
    texts = [
        _(N_("Quick: few epochs and examples, for a first result in seconds. Full: the complete training.")),
        *(f"{_(p.title)}: {_(p.about)}" for p in task.presets),
    ]
    variant = url.choose_one(
        st.segmented_control,
        _(N_("Recipe")),
        list(task.variants()),
        key="recipe",
        default=QUICK,
        required=True,
        format_func=lambda v: _(titles[v]),
        help=" ".join(texts),
        width="stretch",
    )
    return task.variant_recipe(variant), _prefix(task, variant)


def _prefix(task: tasks.Task, variant: str) -> str:
    return task.name if variant == FULL else f"{task.name}.{variant}"


def _follow_link(task: tasks.Task) -> None:
    """Open the full recipe for a link that sets its fields without naming a recipe."""
    full = f"{task.name}."
    others = tuple(f"{_prefix(task, v)}." for v in task.variants() if v != FULL)
    named = sorted(p for p in st.query_params if p.startswith(full) and not p.startswith(others))
    is_new = named != st.session_state.get("_linked_fields", [])
    st.session_state["_linked_fields"] = named
    if named and is_new and "recipe" not in st.query_params:
        st.query_params["recipe"] = FULL


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
        key="data-source",
    ):
        data_source.show_data_source(task)


def _more_settings(
    task: tasks.Task, base: Recipe, prefix: str, values: dict[str, Any]
) -> tuple[Recipe | UserError, int | None]:
    """Draw the form of `base` beyond the main fields, which have `values`; return the recipe and the time limit as in `Choice`."""
    heading = _(N_("Training length"))
    st.markdown(f"**{heading}**")
    grid = st.grid(forms.FIELD_COLUMNS, min_column_width=forms.MIN_FIELD_WIDTH, vertical_alignment="bottom")
    with grid.cell():
        seconds = forms.bounded_integer(
            _(N_("Time limit (s)")),
            0,
            _MAX_SECONDS,
            step=10,
            key=f"{task.name}.budget",
            help=_(N_("0 = no limit. Otherwise the limit is converted to a number of steps when you start.")),
        )
    for name in forms.LENGTH_FIELDS:
        with grid.cell():
            values[name] = forms.draw_field(base, name, prefix)
    values |= forms.more_fields(task, base, prefix, values)
    try:
        recipe = base.changed(**values)
        _check_recipe(task, recipe)
    except UserError as error:
        return error, seconds
    return recipe, seconds


def _check_recipe(task: tasks.Task, recipe: Recipe) -> None:
    """Raise UserError if the data that a run of `recipe` uses are damaged or do not fit it."""
    status = cache.dataset_status(task.dataset)
    if status.problem:
        raise UserError(status.problem)
    downloads = status.auto_download and not paths.offline()
    if status.folder or (status.fallback_title and not downloads):
        runtime_estimate.check_recipe(task, recipe)


def _start_row(choice: Choice, *, is_main: bool) -> None:
    """Draw the estimated time, the data and Start in a row, on a phone one below the other; while the recipe is not allowed, the button is
    disabled and the reason stands above. `is_main` says whether Start is the page's main action.
    """
    recipe, seconds = choice.recipe, choice.seconds
    if isinstance(recipe, UserError):
        st.error(translate_message(recipe.message), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width=_ESTIMATE_WIDTH):
            if choice.is_allowed:
                # In a thread of its own: timing a few batches takes seconds, and Start must not wait for it.
                st.fragment(show_estimate, parallel=True, key="estimate")(choice.task, recipe, seconds)
        _data_button(choice.task)
        st.button(
            _(N_("Start training")),
            type="primary" if is_main else "secondary",
            icon=":material/play_arrow:",
            width="stretch",
            key="start",
            on_click=start_run,
            args=(choice.task, recipe, seconds),
            disabled=not choice.is_allowed,
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
    label = _(N_("Estimated time"))
    st.markdown(
        f":material/timer: {label} **{format_duration(duration)}** · :small[{details}]", help=" ".join(notes)
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


def take_over_recipe(run: Run) -> bool:
    """Fill the form with the recipe of `run` (callback); return whether that was possible."""
    recipe = try_action(lambda: run.recipe)
    if recipe is None:
        return False
    task = run.task
    variant = min(task.variants(), key=lambda v: len(recipe.difference(_recorded(task, v))))
    plain, recorded = task.variant_recipe(variant), _recorded(task, variant)
    for name in task.fields():
        # The number of threads stays "one per core" if that is what the run used.
        source = plain if getattr(recipe, name) == getattr(recorded, name) else recipe
        st.session_state[f"{_prefix(task, variant)}.{name}"] = getattr(source, name)
    st.session_state[f"{task.name}.budget"] = 0
    st.query_params["task"] = task.name
    st.query_params["recipe"] = variant
    flash(Message(N_("The settings of this run are in the form.")), "success")
    return True


def _recorded(task: tasks.Task, variant: str) -> Recipe:
    """The variant of the task's recipe as a run records it."""
    return task.variant_recipe(variant).with_resolved_threads()
