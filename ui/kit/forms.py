"""Forms made from a recipe: every widget, bound and help text comes from the recipe's fields."""

from __future__ import annotations

import functools
import math
from typing import Annotated, Any, Literal

import pandas as pd
import streamlit as st
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from core import tasks
from core.messages import Message, N_
from core.migration import migrate_recipe
from core.task_spec import Task
from core.training.recipe import Recipe, describe_allowed, field_choices
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
LENGTH_FIELDS = ("max_steps",)
"""Main fields that stand beside the time limit instead."""
MIN_FIELD_WIDTH = 130
"""Pixels in which a number and its buttons fit."""
FIELD_COLUMNS = 4
"""Fields in a row where there is room."""
_TOGGLES = "_form-toggles"  # keys of the toggles of the form shown last


def main_fields(task: Task, base: Recipe, prefix: str) -> dict[str, Any]:
    """Draw the most important fields of `base` in rows and return their values, which may be out of bounds.

    Widgets are shared in the URL as `prefix`.field, so that a link shares a setting. A value out of bounds is marked beside its
    field; `Recipe.changed` refuses it.
    """
    _begin(prefix)
    names = [n for n in task.fields() if _group(base, n) == "main" and n not in LENGTH_FIELDS]
    columns = -(-len(names) // -(-len(names) // FIELD_COLUMNS))  # rows of about the same length
    return _draw_grid(base, names, prefix, columns)


def more_fields(task: Task, base: Recipe, prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    """Draw the fields of `base` outside the main group, by group, and return their values, as `main_fields` does.

    A field without effect beside the values of the others (`values`, then those drawn before it) is left out.
    """
    chosen = {**base.model_dump(), **values}
    drawn: dict[str, Any] = {}
    for group, title in GROUP_TITLES.items():
        names = [n for n in task.fields() if _group(base, n) == group]
        if not names:
            continue
        st.markdown(f"**{_(title)}**")
        fields = {n: type(base).field(n) for n in names}
        grid = st.grid(
            FIELD_COLUMNS,
            min_column_width=MIN_FIELD_WIDTH,
            vertical_alignment=_alignment(fields, names, prefix),
        )
        for name in names:
            if type(base).has_effect(name, chosen):
                with grid.cell():
                    drawn[name] = chosen[name] = draw_field(base, name, prefix)
    return drawn


def _begin(prefix: str) -> None:
    """Take over a link of an earlier version, and drop the parameters of toggles of a form that is no longer shown.

    Streamlit drops those of the widgets that are bound to the URL.
    """
    url.migrate_parameters(f"{prefix}.", migrate_recipe)
    drawn = st.session_state.setdefault(_TOGGLES, set())
    for key in [k for k in drawn if k.rpartition(".")[0] != prefix]:
        url.drop_parameter(key)
        drawn.remove(key)


def _group(base: Recipe, name: str) -> str:
    return type(base).field(name).json_schema_extra["group"]


def group_form(base: Recipe, names: list[str], prefix: str, columns: int = 3) -> dict[str, Any]:
    """Draw the fields `names` of `base` in rows of `columns` and return their values, as `main_fields` does."""
    _begin(prefix)
    return _draw_grid(base, names, prefix, columns)


def _draw_grid(base: Recipe, names: list[str], prefix: str, columns: int) -> dict[str, Any]:
    """Draw fields in rows of `columns`, fewer where they have no room: without empty places, which would be blank on a phone."""
    fields = {name: type(base).field(name) for name in names}
    grid = st.grid(
        columns, min_column_width=MIN_FIELD_WIDTH, vertical_alignment=_alignment(fields, names, prefix)
    )
    values: dict[str, Any] = {}
    for name in names:
        with grid.cell():
            values[name] = draw_field(base, name, prefix)
    return values


def _alignment(fields: dict[str, FieldInfo], names: list[str], prefix: str) -> Literal["top", "bottom"]:
    """Align fields at the bottom, where labels of one and two lines fit; at the top if bounds are shown below one."""
    values = {n: st.session_state.get(f"{prefix}.{n}") for n in names}
    numbers = {n: v for n, v in values.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    return "bottom" if all(is_allowed(fields[n], v) for n, v in numbers.items()) else "top"


def field_label(field: FieldInfo) -> str:
    """Return the field's label with its unit."""
    extra = field.json_schema_extra
    label = _(extra["label"])
    return f"{label} ({_(extra['unit'])})" if extra["unit"] else label


def label_settings(table: pd.DataFrame, names: dict[str, str]) -> None:
    """Show the settings (rows, by field name) in which runs (columns, by run id) differ.

    `names` maps run ids to column titles; equal titles get their id appended.
    """
    titles = list(names.values())
    names = {i: name if titles.count(name) == 1 else f"{name} ({i})" for i, name in names.items()}
    st.dataframe(table.rename(index=setting_label, columns=names).astype(str))


def setting_label(name: str) -> str:
    """Return the label of a setting of a run: a recipe's field, "task" or "data"."""
    fields = {n: f for t in tasks.TASKS for n, f in type(t.recipe).model_fields.items()}
    others = {"task": _(N_("Task")), "data": _(N_("Data"))}
    return field_label(fields[name]) if name in fields else others.get(name, name)


def draw_field(base: Recipe, name: str, prefix: str) -> Any:
    """Draw the widget of the field `name` of `base` and return its value."""
    field, default = type(base).field(name), getattr(base, name)
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
        st.session_state[_TOGGLES].add(key)
        return url.toggle(label, key=key, default=default, keep=False, help=help_text)
    # Without bounds of its own: a browser keeps a value beyond them to itself, so the old one would silently stay in force.
    if field.annotation is int:
        value = st.number_input(label, value=default, step=1, help=help_text, key=key, bind="query-params")
    else:
        step = 10.0 ** -len(f"{default:g}".partition(".")[2] or "1") if default else 0.01
        value = st.number_input(
            label,
            value=float(default),
            step=step,
            format="%g",
            help=help_text,
            key=key,
            bind="query-params",
        )
    if not is_allowed(field, value):
        show_bounds(describe_allowed(field))
    return value


def bounded_integer(
    label: str, low: int, high: int, *, default: int | None = None, step: int = 1, **more: Any
) -> int | None:
    """Draw a field for an integer from `low` (the default if none is given) to `high`; out of bounds, say so and return None."""
    value = st.number_input(label, value=low if default is None else default, step=step, **more)
    if low <= value <= high:
        return value
    kind = Message(N_("an integer"))
    show_bounds(
        Message(N_("{kind} from {low} to {high}"), {"kind": kind, "low": f"{low:,}", "high": f"{high:,}"})
    )
    return None


def is_allowed(field: FieldInfo, value: float) -> bool:
    """Whether `value` is within the bounds of a number field."""
    return math.isfinite(value) and _accepts(field.annotation, tuple(field.metadata), value)


@functools.lru_cache(maxsize=1024)
def _accepts(annotation: type, rules: tuple[Any, ...], value: float) -> bool:
    try:
        TypeAdapter(Annotated[annotation, *rules] if rules else annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def show_bounds(allowed: Message) -> None:
    """Say beside a field what it takes; for a value that it does not."""
    sentence = _(N_("Enter {allowed}."), allowed=allowed)
    st.markdown(f":red[:small[:material/error: {sentence}]]")
