"""Architecture page: inspect a model block by block, change its options, and see the cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import models, tasks
from core.messages import N_, UserError
from core.training.recipe import Recipe
from ui.architecture import drawing, feature_map_sizes, model_summary, networks, takeaway
from ui.architecture.train_button import train_button
from ui.kit import url
from ui.kit.data_source import show_missing_weights
from ui.kit.forms import FIELD_COLUMNS, draw_field, group_form, is_allowed
from ui.kit.frame import page
from ui.kit.i18n import _, translate_message


def choose_task() -> tasks.Task:
    """Let the visitor select a task; its model is inspected."""
    by_name = {t.name: t for t in tasks.TASKS if networks.has_summary(t)}
    choice, about = st.columns([4, 5], vertical_alignment="bottom")
    with choice:
        name = url.choose_one(
            st.selectbox,
            _(N_("Model")),
            list(by_name),
            key="net",
            default="cifar10-sandbox",
            format_func=lambda n: _(by_name[n].title),
        )
    about.caption(_(by_name[name].about))
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


def choose_options(task: tasks.Task) -> dict[str, Any]:
    """Show the model's options in rows of about the same length. Returns their values, which can be out of bounds."""
    names = [n for n in task.fields() if task.recipe.field(n).json_schema_extra["passes_to"] == "model"]
    if not names:
        st.caption(_(N_("This model has no options. Its architecture follows the paper.")))
        return {}
    switches = [n for n in names if task.recipe.field(n).annotation is bool]
    fields = [n for n in names if n not in switches]
    prefix, rows = f"net.{task.name}", -(-len(fields) // FIELD_COLUMNS)
    values = group_form(task.recipe, fields, prefix, max(3, -(-len(fields) // rows))) if fields else {}
    with st.container(
        horizontal=True, gap="medium"
    ):  # as wide as their labels, which a phone would cut off in columns
        return values | {name: draw_field(task.recipe, name, prefix) for name in switches}


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
    """Show the metrics of a model, the Train button, and what the metrics say."""
    built = networks.build_network(task, options, part)
    before = networks.build_network(task, former, part) if former else None
    metrics, train = st.columns([5, 1.3], vertical_alignment="center")
    with metrics:
        model_summary.show_metrics(built.layers, before.layers if before else None)
    with train:
        train_button(task, recipe)
    takeaway.show_takeaway(task, built, options, before, former or {})


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
    options = choose_options(task)  # above the drawing, so that they stay where they are while they change it
    recipe = allowed_recipe(task, options)
    try:
        if recipe:
            networks.build_network(task, options, part)
    except UserError as error:
        recipe = None
        st.warning(translate_message(error.message), icon=":material/broken_image:")
    if recipe:
        former = networks.former_options(task, options)
        show_missing_weights(task, recipe)
        drawing.show_drawing(task, options, part, former)
        show_cost(task, recipe, options, part, former)
        show_tabs(task, options, part)
    else:
        train_button(task, None)
