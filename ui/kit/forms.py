"""A form from a recipe: every widget, bound and help text is made from the recipe's fields."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from pydantic.fields import FieldInfo

from core import tasks
from core.messages import N_
from core.task_spec import Task
from core.training.recipe import Recipe, field_bounds, field_choices
from ui.kit import url
from ui.kit.i18n import _

GROUP_TITLES: dict[str, str] = {
    "optimizer": N_("Optimizer and schedule"),
    "regularization": N_("Regularization"),
    "augmentation": N_("Data augmentation"),
    "model": N_("Model"),
    "data": N_("Data"),
    "machine": N_("Seed and hardware"),
}


def recipe_form(task: Task, base: Recipe, prefix: str) -> dict[str, Any]:
    """Widgets for the fields of `base` that mean something to `task`; the values that a person left in them.

    The main fields stand open, the rest under "more settings". Widgets are bound to the URL as `prefix`.field, so that a setting
    can be shared as a link.
    """
    fields = {name: type(base).field(name) for name in task.fields()}
    main = [n for n, f in fields.items() if f.json_schema_extra["group"] == "main" and n != "max_steps"]
    values: dict[str, Any] = {}
    columns = st.columns(len(main), vertical_alignment="bottom", gap="small")
    for column, name in zip(columns, main, strict=True):
        with column:
            values[name] = _field_widget(name, fields[name], getattr(base, name), prefix)
    with st.expander(_(N_("More settings")), icon=":material/tune:"):
        for group, title in GROUP_TITLES.items():
            members = [n for n, f in fields.items() if f.json_schema_extra["group"] == group]
            if members:
                st.markdown(f"**{_(title)}**")
                for first in range(
                    0, len(members), 2
                ):  # row by row: in that order they also stand below each other on a phone
                    for place, name in zip(
                        st.columns(2, vertical_alignment="bottom"), members[first : first + 2], strict=False
                    ):
                        with place:
                            values[name] = _field_widget(name, fields[name], getattr(base, name), prefix)
    return values


def group_form(base: Recipe, names: list[str], prefix: str, columns: int = 3) -> dict[str, Any]:
    """Widgets for the fields `names` of `base`, side by side; the values that a person left in them."""
    values: dict[str, Any] = {}
    for first in range(0, len(names), columns):
        for place, name in zip(
            st.columns(columns, vertical_alignment="bottom"), names[first : first + columns], strict=False
        ):
            with place:
                values[name] = _field_widget(name, type(base).field(name), getattr(base, name), prefix)
    return values


def field_label(field: FieldInfo) -> str:
    """The field's name with its unit."""
    extra = field.json_schema_extra
    label = _(extra["label"])
    return f"{label} ({_(extra['unit'])})" if extra["unit"] else label


def label_settings(table: pd.DataFrame, names: dict[str, str]) -> None:
    """The settings (rows, by their fields' names) in which runs (columns, by their ids) differ; `names` is what the columns are called,
    those of one name with their id."""
    taken = list(names.values())
    names = {i: name if taken.count(name) == 1 else f"{name} ({i})" for i, name in names.items()}
    fields = {n: f for t in tasks.TASKS for n, f in type(t.recipe).model_fields.items()}
    others = {"task": _(N_("Task")), "data": _(N_("Data"))}
    table = table.set_axis([field_label(fields[n]) if n in fields else others.get(n, n) for n in table.index])
    st.dataframe(table.rename(columns=names).astype(str))


def _field_widget(name: str, field: FieldInfo, default: Any, prefix: str) -> Any:
    label, help_text = field_label(field), _(field.description)
    if field.json_schema_extra["term"]:
        # A new tab, so that what stands in the form is not lost.
        help_text += f" [{_(N_('Glossary'))}]({url.page_href('glossary', field.json_schema_extra['term'])})"
    key = f"{prefix}.{name}"
    if options := field_choices(field):
        return st.selectbox(
            label, options, index=options.index(default), help=help_text, key=key, bind="query-params"
        )
    if field.annotation is bool:
        return st.toggle(label, value=default, help=help_text, key=key, bind="query-params")
    low, high = field_bounds(field)
    if field.annotation is int:
        return st.number_input(
            label,
            min_value=int(low),
            max_value=int(high),
            value=default,
            step=1,
            help=help_text,
            key=key,
            bind="query-params",
        )
    step = 10.0 ** -len(f"{default:g}".partition(".")[2] or "1") if default else 0.01
    return st.number_input(
        label,
        min_value=float(low),
        max_value=float(high),
        value=float(default),
        step=step,
        format="%g",
        help=help_text,
        key=key,
        bind="query-params",
    )
