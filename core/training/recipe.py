"""Recipes: all hyperparameters of a run, each with default, bounds, unit and help text.

A recipe is frozen, validated and round-trips through JSON. The form on the Train page, the command-line options and the messages
for invalid values are generated from its fields. Imports without torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from core.messages import Message, N_, UserError, closest_names

RecipeT = TypeVar("R", bound="Recipe")
Group = Literal["main", "optimizer", "regularization", "augmentation", "model", "data", "machine"]


def recipe_field(
    default: Any,
    label: str,
    help: str,
    *,
    group: Group = "main",
    unit: str = "",
    passes_to: Literal["trainer", "model", "data"] = "trainer",
    only: Literal["", "classification", "regression", "images", "digits", "photos", "batch-norm"] = "",
    when: Mapping[str, tuple[str, ...]] | None = None,
    log: bool = False,
    term: str = "",
    short: str = "",
    **bounds: float,
) -> Any:
    """Declare a recipe field.

    Args:
        default: default value.
        label: name in forms and tables (message id).
        help: one-line description (message id), shown in forms and by `--help`.
        group: section of the form.
        unit: unit of the value (message id).
        passes_to: what reads the field: the trainer, the model's constructor, or the loading of the data.
        only: kind of task, data or layers that the field applies to; empty for all.
        when: values of other fields for which this field has an effect, by name; None for any.
        log: whether a sweep proposes values on a logarithmic scale.
        term: id of the glossary entry.
        short: label in names of runs (message id), if `label` is too long for them.
        **bounds: `ge`, `gt`, `le` and `lt` of pydantic's `Field`.
    """
    extra = {
        "label": label,
        "group": group,
        "unit": unit,
        "passes_to": passes_to,
        "only": only,
        "when": {name: list(values) for name, values in (when or {}).items()},
        "log": log,
        "term": term,
        "short": short,
    }
    return Field(default, description=help, json_schema_extra=extra, **bounds)


class Recipe(BaseModel):
    """Base class with the fields common to all recipes. Subclasses add those of a trainer or model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = recipe_field(
        0,
        N_("Seed"),
        N_("Random seed for initial weights, batch order, dropout and augmentation."),
        group="machine",
        ge=0,
        le=2**31 - 1,
        term="seed",
    )
    threads: int = recipe_field(
        0,
        N_("Threads"),
        N_("Number of CPU threads. 0 uses one per core. Changing it slightly changes rounding."),
        group="machine",
        ge=0,
        le=256,
        term="threads",
    )
    precision: Literal["auto", "32-true", "bf16-mixed"] = recipe_field(
        "auto",
        N_("Precision (bf16)"),
        N_("Number format for computation. auto uses bf16-mixed if the CPU supports it, otherwise 32-bit."),
        group="machine",
        term="bf16",
        short=N_("precision"),
    )

    @model_validator(mode="before")
    @classmethod
    def _parse_choices(cls, values: Any) -> Any:
        """Convert text from the command line or a sweep to the choice that is written like it."""
        parsed = {}
        for name, value in dict(values).items():
            options = (
                field_choices(cls.model_fields[name])
                if name in cls.model_fields and isinstance(value, str)
                else None
            )
            parsed[name] = next((o for o in options or () if str(o) == value), value)
        return parsed

    @classmethod
    def field(cls, name: str) -> FieldInfo:
        """Return the field `name`: default, bounds, and the arguments of `recipe_field`."""
        return cls.model_fields[name]

    @classmethod
    def has_effect(cls, name: str, values: Mapping[str, Any]) -> bool:
        """Whether the field `name` has an effect beside the other `values`, by field name."""
        return all(
            values[other] in allowed for other, allowed in cls.field(name).json_schema_extra["when"].items()
        )

    def part(self, receiver: Literal["trainer", "model", "data"]) -> dict[str, Any]:
        """Return the values that `receiver` reads, by field name."""
        return {
            n: getattr(self, n)
            for n, f in type(self).model_fields.items()
            if f.json_schema_extra["passes_to"] == receiver
        }

    def changed(self, **values: object) -> Self:
        """Return a validated copy with `values` replaced.

        Raises:
            UserError: if a value is invalid; the message names the field and the allowed range.
        """
        return validate_values(type(self), {**self.model_dump(), **values})

    def difference(self, other: Recipe) -> dict[str, Any]:
        """Return the values that differ from those of `other`, by field name."""
        others = other.model_dump()
        return {k: v for k, v in self.model_dump().items() if k not in others or others[k] != v}

    def with_resolved_threads(self) -> Self:
        """Return a copy with the number of threads resolved (0 means one per core), as a run records it."""
        return self.changed(threads=self.threads or num_cores())


def num_cores() -> int:
    """Return the number of CPU cores available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def field_choices(field: FieldInfo) -> tuple | None:
    """Return the allowed values of a choice, or None for other fields."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else None


def field_bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """Return the smallest and largest allowed value, None if unbounded; exclusive bounds are returned as they are."""
    low = high = None
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge | annotated_types.Gt):
            low = getattr(rule, "ge", getattr(rule, "gt", None))
        if isinstance(rule, annotated_types.Le | annotated_types.Lt):
            high = getattr(rule, "le", getattr(rule, "lt", None))
    return low, high


def describe_allowed(field: FieldInfo) -> Message:
    """Describe the values that a field allows."""
    options = field_choices(field)
    if options:
        return Message(N_("one of {choices}"), {"choices": ", ".join(str(o) for o in options)})
    if field.annotation is bool:
        return Message(N_("true or false"))
    low, high = field_bounds(field)
    kind = Message(N_("an integer") if field.annotation is int else N_("a number"))
    if low is None or high is None:
        return kind
    above, below = (
        any(isinstance(r, rule) for r in field.metadata) for rule in (annotated_types.Gt, annotated_types.Lt)
    )
    text = {
        (False, False): N_("{kind} from {low} to {high}"),
        (True, False): N_("{kind} greater than {low} and at most {high}"),
        (False, True): N_("{kind}, at least {low} and less than {high}"),
        (True, True): N_("{kind} greater than {low} and less than {high}"),
    }[above, below]
    return Message(text, {"kind": kind, "low": f"{low:g}", "high": f"{high:g}"})


def validate_values(recipe: type[RecipeT], values: dict[str, Any]) -> RecipeT:
    """Validate `values` as a `recipe`.

    Raises:
        UserError: for the first invalid field, with its value and what is allowed.
    """
    try:
        return recipe(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        if name not in recipe.model_fields:
            raise UserError(
                N_("Recipe field {field} not found. Closest matches: {nearest}."),
                field=name,
                nearest=closest_names(name, recipe.model_fields),
            ) from None
        raise UserError(
            N_("{field} is {value}, but must be {allowed}."),
            field=name,
            value=repr(first["input"]),
            allowed=describe_allowed(recipe.model_fields[name]),
        ) from None
