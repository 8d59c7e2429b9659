"""Architecture page: inspect a model block by block, change its options, and see the cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import models, tasks
from core.messages import N_, UserError
from core.training.recipe import Recipe
from ui.architecture import drawing, feature_map_sizes, model_summary, networks
from ui.architecture.train_button import train_button
from ui.kit import url
from ui.kit.data_source import show_missing_weights
from ui.kit.forms import group_form, is_allowed
from ui.kit.frame import page
from ui.kit.i18n import _, translate_message

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

MAX_WIDTH_BESIDE = 780  # pixels of a drawing that leaves room for the options, reduced to three quarters


def choose_task() -> tasks.Task:
    """Let the visitor select a task; its model is inspected."""
    by_name = {t.name: t for t in tasks.TASKS if networks.has_summary(t)}
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


def choose_part(task: tasks.Task) -> str:
    """Let the visitor choose among the networks that the task trains together; returns its title."""
    parts = networks.list_parts(task)
    if len(parts) == 1:
        return parts[0]
    return url.choose_one(
        st.segmented_control,
        _(N_("Network")),
        parts,
        key="part",
        default=parts[0],
        format_func=_,
        label_visibility="collapsed",
    )


def place_drawing(task: tasks.Task, part: str) -> tuple[DeltaGenerator, DeltaGenerator, int]:
    """Where the drawing and the options stand, and how many options in a row: side by side if the task's own drawing leaves room, so that
    the options stay where they are while they change it; else the options below. On a phone the drawing comes first.
    """
    if task.recipe.part("model") and drawing.natural_width(task, part) <= MAX_WIDTH_BESIDE:
        shown, options = st.columns([7, 3], gap="medium")
        return shown, options, 1
    return st.container(), st.container(), 3


def choose_options(task: tasks.Task, columns: int) -> dict[str, Any]:
    """Show the model's options in rows of `columns`. Returns their values, which can be out of bounds."""
    names = [n for n in task.fields() if task.recipe.field(n).json_schema_extra["passes_to"] == "model"]
    if not names:
        st.caption(_(N_("This model has no options. Its architecture follows the paper.")))
        return {}
    return group_form(task.recipe, names, f"net.{task.name}", columns)


def allowed_recipe(task: tasks.Task, options: dict[str, Any]) -> Recipe | None:
    """The recipe with `options`, or None if a value is out of bounds; the form marks that field."""
    for name, value in options.items():
        field = task.recipe.field(name)
        if field.annotation in (int, float) and not is_allowed(field, value):
            return None
    return task.recipe.changed(**options)


def show_cost(
    task: tasks.Task, recipe: Recipe, options: dict[str, Any], part: str, former: dict[str, Any] | None
) -> None:
    """Show the metrics of a model and the Train button."""
    built = networks.build_network(task, options, part)
    metrics, train = st.columns([5, 1.3], vertical_alignment="center")
    with metrics:
        before = networks.build_network(task, former, part).layers if former else None
        model_summary.show_metrics(built.layers, before)
    with train:
        train_button(task, recipe)


def show_tabs(task: tasks.Task, options: dict[str, Any], part: str) -> None:
    """Show the tabs of a model; only the open one is computed."""
    tabs: dict[str, Callable[[], None]] = {
        N_("Layers"): lambda: model_summary.layer_table(task, options, part),
        N_("Feature map sizes"): lambda: feature_map_sizes.feature_map_sizes_tab(task, options),
        N_("Receptive field"): lambda: model_summary.receptive_field_tab(task, options),
        N_("Graph"): lambda: model_summary.model_graph(task, options, part),
        N_("Source code"): lambda: st.code(models.model_source(task.model), language="python"),
    }
    if not networks.shrinks_images(task):
        del tabs["Feature map sizes"], tabs["Receptive field"]
    for tab, show in zip(
        st.tabs([_(t) for t in tabs], key=f"anatomy-{task.name}", on_change="rerun"),
        tabs.values(),
        strict=True,
    ):
        with tab:
            if tab.open:
                show()


with page("architecture"):
    url.migrate_task_names()
    task = choose_task()
    part = choose_part(task)
    shown, beside, columns = place_drawing(task, part)
    with beside:
        options = choose_options(task, columns)
    recipe = allowed_recipe(task, options)
    try:
        if recipe:
            networks.build_network(task, options, part)
    except UserError as error:
        recipe = None
        with shown:
            st.warning(translate_message(error.message), icon=":material/broken_image:")
    if recipe:
        former = networks.former_options(task, options)
        with shown:
            show_missing_weights(task, recipe)
            drawing.show_drawing(task, options, part, former)
        show_cost(task, recipe, options, part, former)
        show_tabs(task, options, part)
    else:
        train_button(task, None)
