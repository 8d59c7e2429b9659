"""Train: how the model starts, which model, its settings, the time it will take, and the run."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import checkpoints, pretrained
from core.messages import Message, N_, UserError
from core.projects import dataset, tasks
from core.projects.store import Project
from core.projects.tasks import MODELS
from core.runs import queue
from core.runs.store import Run
from core.task_spec import Task
from core.training.photo_recipes import PhotoFields
from ui.kit import forms, url
from ui.kit.frame import debounced, flash
from ui.kit.i18n import _, translate_message
from ui.kit.run_names import run_name
from ui.photos import live_head, preview, project_bar, rate_finder
from ui.runs import run_panel
from ui.train.launch import show_estimate

_MODES = {
    "frozen": (
        N_("Frozen"),
        N_("Only the last layer learns."),
        N_("Rule of thumb: up to 1,000 photos per class."),
    ),
    "fine-tuned": (
        N_("Fine-tuned"),
        N_("All layers, from pretrained weights."),
        N_("Rule of thumb: 1,000–5,000 photos per class."),
    ),
    "scratch": (
        N_("Scratch"),
        N_("All layers, from random weights."),
        N_("Rule of thumb: over 5,000 photos per class."),
    ),
}
"""Name, what learns, and how many photos that needs."""
_HIDDEN = ("init", "num_validation", "max_steps", "limit_train")
"""Fields that the page chooses by itself."""


def show_training(project: Project | None) -> Run | None:
    """Draw the form and the Start button; return the run that the page shows, None before the first one."""
    heading = _(N_("2. Train"))
    st.markdown(f"## {heading}")
    runs = project.runs() if project else []
    with st.container(border=True):
        mode = _choose_mode()
        try:
            if project is None:
                raise UserError(N_("Add photos to two classes first."))
            dataset.check_trainable(project)
        except UserError as error:
            _show_waiting(error.message)
        else:
            _choose_and_start(project, mode, is_retrain=bool(runs))
    return _choose_run(runs)


def _show_waiting(reason: Message) -> None:
    """Draw the Start button, and why it cannot be pressed yet."""
    st.button(
        _(N_("Start training")),
        icon=":material/play_arrow:",
        width="stretch",
        key="photos-start",
        disabled=True,
    )
    st.caption(f":material/hourglass_empty: {translate_message(reason)}")


def usable_inits(model: str) -> tuple[str, ...]:
    """The ways in which `model` can start here and now: without the weights it starts from, from scratch only."""
    family = MODELS[model]
    if not family.pretrained or not _is_installed(family.pretrained):
        return ("scratch",)
    return family.inits


def _is_installed(name: str) -> bool:
    if pretrained.is_checkpoint(name):
        return name in checkpoints.pretrained_names()
    return pretrained.get_weights(name).path.exists()


def _choose_mode() -> str:
    """Draw the choice of how the model starts."""
    modes = [mode for mode in _MODES if any(mode in usable_inits(m) for m in MODELS)]
    mode = url.choose_one(
        st.radio,
        _(N_("Start")),
        modes,
        key="mode",
        default=modes[0],
        format_func=lambda m: _(_MODES[m][0]),
        captions=[_(_MODES[m][1]) for m in modes],
    )
    st.caption(_(_MODES[mode][2]))
    return mode


def _show_missing_weights(mode: str) -> None:
    """Say which pretrained network is used while ImageNet's weights are not installed, and how to get these."""
    missing = [
        pretrained.get_weights(f.pretrained)
        for f in MODELS.values()
        if f.pretrained and not pretrained.is_checkpoint(f.pretrained) and not _is_installed(f.pretrained)
    ]
    if mode == "scratch" or not missing:
        return
    [entry, *_others] = missing
    with st.popover(_(N_("ImageNet weights")), icon=":material/cloud_off:", type="tertiary"):
        st.markdown(
            _(
                N_(
                    "{title} is not installed, so training starts from models pretrained on CIFAR-10, which come with "
                    "this app. To offer {title} too, run this once with internet access ({size} MB):"
                ),
                title=_(entry.title),
                size=round(entry.bytes / 1e6),
            )
        )
        st.code(entry.command, language="bash")
        st.markdown(
            _(
                N_("Offline: copy the file `{file}` to `{folder}`, then reload this page."),
                file=entry.path.name,
                folder=entry.path.parent,
            )
        )


def _choose_and_start(project: Project, mode: str, *, is_retrain: bool) -> None:
    """Draw the choice of a model, the Start button, and the settings below it."""
    names = [m for m in MODELS if mode in usable_inits(m)]
    model = url.choose_one(
        st.selectbox,
        _(N_("Model")),
        names,
        key="model",
        default=names[0],
        format_func=lambda m: _(MODELS[m].title),
        help=_(N_("Pretrained models start from weights that come with this app.")),
    )
    _show_missing_weights(mode)
    task = tasks.make_task(project, model)
    base = tasks.fitted_recipe(project, model, mode)
    start_place = st.container()
    prefix = f"photos.{model}.{mode}"
    recipe = _settings(task, base, prefix)
    with start_place:
        _start_controls(project, task, recipe, is_retrain=is_retrain)
    if isinstance(recipe, PhotoFields):
        rate_finder.rate_finder_popover(project, task, recipe, prefix)
        preview.augmentation_popover(project, task, recipe)
        if mode == "frozen":
            live_head.show_live(project, task, recipe)


def _settings(task: Task, base: PhotoFields, prefix: str) -> PhotoFields | UserError:
    """Draw the form; return the recipe, or the error that says which value is not allowed."""
    names = [n for n in task.fields(base) if n not in _HIDDEN]
    group = {n: type(base).field(n).json_schema_extra["group"] for n in names}
    values: dict[str, Any] = {}
    with st.popover(_(N_("More settings")), icon=":material/tune:", width="stretch"):
        for key, title in {"main": "", **forms.GROUP_TITLES}.items():
            members = [n for n in names if group[n] == key]
            if not members:
                continue
            if title:
                st.markdown(f"**{_(title)}**")
            values |= forms.group_form(base, members, prefix, columns=2)
    try:
        return base.changed(**values)
    except UserError as error:
        return error


def _start_controls(
    project: Project, task: Task, recipe: PhotoFields | UserError, *, is_retrain: bool
) -> None:
    if isinstance(recipe, UserError):
        st.error(translate_message(recipe.message), icon=":material/error:")
    elif recipe.init != "frozen":
        # In a thread of its own: timing a few batches takes seconds, and Start must not wait for it.
        st.fragment(show_estimate, parallel=True, key="photos-estimate")(task, recipe, 0)
    busy = any(run.status().is_active for run in project.runs())
    st.button(
        _(N_("Train again")) if is_retrain else _(N_("Start training")),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        key="photos-start",
        on_click=start_run,
        args=(task, recipe),
        disabled=isinstance(recipe, UserError) or busy,
        help=_(N_("Runs in a separate process. If another run is in progress, this one is queued.")),
    )


def start_run(task: Task, recipe: PhotoFields) -> None:
    """Start a run (callback); a double click starts one."""
    if debounced(queue.start_run, task, recipe):
        project_bar.forget_run()
        flash(Message(N_("Training started.")), "success")


def show_run(run: Run) -> None:
    """Draw the state and the curves of a run: live while it trains, in an expander when it is finished."""
    if not run.summary:
        with st.container(border=True):
            run_panel.run_header(run)
            run_panel.run_panel(run, _show_curves_hint)
        return
    box = st.expander(
        _(N_("Learning curves")),
        icon=":material/show_chart:",
        key=f"photos-curves-{run.id}",
        on_change="rerun",
    )
    if box.open:
        with box:
            run_panel.run_header(run)
            run_panel.run_panel(run, _show_curves_hint)


def _show_curves_hint() -> None:
    st.caption(_(N_("Loss and accuracy appear here after the first steps.")))


def _choose_run(runs: list[Run]) -> Run | None:
    """The newest run, or an earlier one that the visitor chose."""
    if len(runs) < 2:
        return runs[0] if runs else None
    by_id = {run.id: run for run in runs}
    chosen = url.choose_one(
        st.selectbox,
        _(N_("Run")),
        list(by_id),
        key="run",
        default=runs[0].id,
        format_func=lambda i: run_name(by_id[i]),
    )
    return by_id[chosen]
