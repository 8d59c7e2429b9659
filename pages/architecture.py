"""Architecture page: inspect a model layer by layer, change its options, and see the cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import models, tasks
from core.analysis import runtime_estimate
from core.inference.model_summary import LayerSummary
from core.messages import Message, N_, UserError
from core.runs import queue
from core.training.recipe import Recipe
from ui.architecture import feature_map_sizes, model_summary
from ui.kit import preload, url
from ui.kit.data_source import show_missing_weights
from ui.kit.forms import group_form, is_allowed
from ui.kit.frame import debounced, flash, page, show_messages
from ui.kit.i18n import _, translate_message

TRAINING_SECONDS = 60
_MESSAGE_PLACE = "architecture"


def choose_task() -> tasks.Task:
    """Let the visitor select a task; its model is inspected."""
    by_name = {t.name: t for t in tasks.TASKS if model_summary.has_summary(t)}
    name = url.choose_one(
        st.selectbox,
        _(N_("Model")),
        list(by_name),
        key="net",
        default="cifar10-sandbox",
        format_func=lambda n: _(by_name[n].title),
    )
    st.caption(_(by_name[name].about))
    return by_name[name]


def choose_options(task: tasks.Task) -> dict[str, Any]:
    """Show the model's options. Returns their values, which can be out of bounds."""
    names = [n for n in task.fields() if task.recipe.field(n).json_schema_extra["passes_to"] == "model"]
    if not names:
        st.caption(_(N_("This model has no options. Its architecture follows the paper.")))
        return {}
    return group_form(task.recipe, names, f"net.{task.name}")


def allowed_recipe(task: tasks.Task, options: dict[str, Any]) -> Recipe | None:
    """The recipe with `options`, or None if a value is out of bounds; the form marks that field."""
    for name, value in options.items():
        field = task.recipe.field(name)
        if field.annotation in (int, float) and not is_allowed(field, value):
            return None
    return task.recipe.changed(**options)


def show_comparison(task: tasks.Task, options: dict[str, Any], macs: int) -> None:
    """Compare the MACs with those of the recipe's original options."""
    original = task.recipe.part("model")
    if all(original[name] == value for name, value in options.items()):
        return
    _model, layers = model_summary.build_network(task, original)
    before = sum(layer.macs for layer in layers) or 1
    if macs >= before:
        st.caption(_(N_("{factor}× the MACs of the original model"), factor=f"{macs / before:.1f}"))
    else:
        st.caption(_(N_("{factor} of the MACs of the original model"), factor=f"{100 * macs / before:.0f}%"))


def show_tabs(task: tasks.Task, options: dict[str, Any], layers: list[LayerSummary]) -> None:
    """Show the metrics and tabs of a model; only the open tab is computed."""
    model_summary.show_metrics(layers, model_summary.task_shape(task)[0])
    tabs: dict[str, Callable[[], None]] = {
        N_("Layers"): lambda: model_summary.layer_table(task, options, layers),
        N_("Feature map sizes"): lambda: feature_map_sizes.feature_map_sizes_tab(task, options, layers),
        N_("Receptive field"): lambda: model_summary.receptive_field_tab(task, options),
        N_("Graph"): lambda: model_summary.model_graph(task, options),
        N_("Source code"): lambda: st.code(models.model_source(task.model), language="python"),
    }
    for tab, show in zip(
        st.tabs([_(t) for t in tabs], key=f"anatomy-{task.name}", on_change="rerun"),
        tabs.values(),
        strict=True,
    ):
        with tab:
            if tab.open:
                show()


def train_button(task: tasks.Task, recipe: Recipe | None) -> None:
    """Show the Train button, disabled if there is no recipe to train, and the link to the run that it started."""
    busy = runtime_estimate.is_busy()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _(N_("Train for {seconds} s"), seconds=TRAINING_SECONDS),
            icon=":material/play_arrow:",
            type="primary",
            key="train-this",
            on_click=start_training,
            args=(task, recipe),
            disabled=busy or recipe is None,
            help=_(N_("Times a few batches, converts the limit to steps and starts a new run.")),
        )
        if busy:
            st.caption(
                _(N_("Another run is in progress. The time estimate will be available when it finishes."))
            )
        if run_id := st.session_state.get("architecture-run"):
            st.page_link(
                "pages/train.py",
                label=_(N_("View progress")),
                icon=":material/timeline:",
                query_params={"run": run_id},
            )
    show_messages(_MESSAGE_PLACE)


def start_training(task: tasks.Task, recipe: Recipe) -> None:
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


with page("architecture"):
    url.migrate_task_names()
    task = choose_task()
    options = choose_options(task)
    recipe = allowed_recipe(task, options)
    if recipe:
        try:
            show_missing_weights(task, recipe)
            _model, layers = model_summary.build_network(task, options)
        except UserError as error:
            st.warning(translate_message(error.message), icon=":material/broken_image:")
            recipe = None
        else:
            show_comparison(task, options, sum(layer.macs for layer in layers))
            show_tabs(task, options, layers)
    train_button(task, recipe)
