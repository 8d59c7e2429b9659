"""Recipes: every hyper-parameter of a training, with default, bounds, unit and a one-line help.

A recipe is data: frozen, checked, and the same through JSON. The form of the train page, the options of the command line and
the sentence for a value out of bounds are all made from the fields below. This module imports without torch.
"""

from __future__ import annotations

import os
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
    only: Literal["", "classification", "regression", "images", "photos"] = "",
    log: bool = False,
    term: str = "",
    **bounds: float,
) -> Any:
    """A recipe field. `passes_to` says who reads it; `only` hides it from tasks that it means nothing to; `log` asks for a
    slider or sweep in powers; `term` is the id of its glossary entry. `bounds` are pydantic's `ge`, `gt`, `le`, `lt`."""
    extra = {
        "label": label,
        "group": group,
        "unit": unit,
        "passes_to": passes_to,
        "only": only,
        "log": log,
        "term": term,
    }
    return Field(default, description=help, json_schema_extra=extra, **bounds)


class Recipe(BaseModel):
    """What every recipe has. Subclasses sit beside their trainer (or model) and add fields."""

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
    )

    @model_validator(mode="before")
    @classmethod
    def _parse_choices(cls, values: Any) -> Any:
        """The command line and a sweep's list give words; a choice of numbers is found by how it is written."""
        found = {}
        for name, value in dict(values).items():
            options = (
                field_choices(cls.model_fields[name])
                if name in cls.model_fields and isinstance(value, str)
                else None
            )
            found[name] = next((o for o in options or () if str(o) == value), value)
        return found

    @classmethod
    def field(cls, name: str) -> FieldInfo:
        """The field called `name`: default, bounds, and what `option` says of it."""
        return cls.model_fields[name]

    def part(self, receiver: Literal["trainer", "model", "data"]) -> dict[str, Any]:
        """The fields that `receiver` reads, by name."""
        return {
            n: getattr(self, n)
            for n, f in type(self).model_fields.items()
            if f.json_schema_extra["passes_to"] == receiver
        }

    def changed(self, **values: object) -> Self:
        """A checked copy with `values` replaced. Raises UserError that names the field and the allowed range."""
        return validate_values(type(self), {**self.model_dump(), **values})

    def difference(self, other: Recipe) -> dict[str, Any]:
        """The fields in which this recipe is not `other`."""
        theirs = other.model_dump()
        return {k: v for k, v in self.model_dump().items() if k not in theirs or theirs[k] != v}

    def with_resolved_threads(self) -> Self:
        """The copy that a run records: with the number of threads that it will really use."""
        return self.changed(threads=self.threads or num_cores())


def num_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def field_choices(field: FieldInfo) -> tuple | None:
    """The allowed values of a field that is a choice, else None."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else None


def field_bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """Smallest and largest allowed value (None: open). `gt` and `lt` count as the bound itself."""
    low = high = None
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge | annotated_types.Gt):
            low = getattr(rule, "ge", getattr(rule, "gt", None))
        if isinstance(rule, annotated_types.Le | annotated_types.Lt):
            high = getattr(rule, "le", getattr(rule, "lt", None))
    return low, high


def describe_allowed(field: FieldInfo) -> Message:
    """In words, what a field takes."""
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
    """`values` as a `recipe`. Raises UserError naming the first wrong field, its value and what it takes."""
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
