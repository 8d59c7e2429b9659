"""Recipes: every hyper-parameter of a training, with default, bounds, unit and a one-line help.

A recipe is data: frozen, checked, and the same through JSON. The form of the train page, the options of the command line and
the sentence for a value out of bounds are all made from the fields below. This module imports without torch.
"""

from __future__ import annotations

import os
from typing import Any, Literal, Self, TypeVar, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from core.messages import Message, N_, UserError, nearest

R = TypeVar("R", bound="Recipe")
Group = Literal["main", "optimizer", "regularisation", "augmentation", "model", "data", "machine"]


def option(
    default: Any,
    label: str,
    help: str,
    *,
    group: Group = "main",
    unit: str = "",
    passes_to: Literal["trainer", "model", "data"] = "trainer",
    only: Literal["", "classification", "regression", "images"] = "",
    log: bool = False,
    term: str = "",
    **bounds: float,
) -> Any:
    """A recipe field. `passes_to` says who reads it; `only` hides it from tasks that it means nothing to; `log` asks for a
    slider or sweep in powers; `term` is the id of its glossary entry. `bounds` are pydantic's `ge`, `gt`, `le`, `lt`."""
    extra = {"label": label, "group": group, "unit": unit, "passes_to": passes_to, "only": only, "log": log, "term": term}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


class Recipe(BaseModel):
    """What every recipe has. Subclasses sit beside their trainer (or model) and add fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = option(
        0,
        N_("Seed"),
        N_("Fixes initial weights, batch order, dropout and augmentation."),
        group="machine",
        ge=0,
        le=2**31 - 1,
        term="seed",
    )
    threads: int = option(
        0, N_("Threads"), N_("Processor threads; 0 takes one per core. Another number gives slightly different rounding."),
        group="machine", ge=0, le=256, term="threads",
    )  # fmt: skip
    precision: Literal["auto", "32-true", "bf16-mixed"] = option(
        "auto",
        N_("Precision (bf16)"),
        N_("Number format of the computation; auto takes bf16-mixed where the processor has it, else 32 bits."),
        group="machine",
        term="bf16",
    )

    @classmethod
    def field(cls, name: str) -> FieldInfo:
        return cls.model_fields[name]

    def part(self, receiver: Literal["trainer", "model", "data"]) -> dict[str, Any]:
        """The fields that `receiver` reads, by name."""
        return {n: getattr(self, n) for n, f in type(self).model_fields.items() if f.json_schema_extra["passes_to"] == receiver}

    def changed(self, **values: object) -> Self:
        """A checked copy with `values` replaced. Raises UserError that names the field and the allowed range."""
        return check(type(self), {**self.model_dump(), **values})

    def difference(self, other: Recipe) -> dict[str, Any]:
        """The fields in which this recipe is not `other`."""
        theirs = other.model_dump()
        return {k: v for k, v in self.model_dump().items() if k not in theirs or theirs[k] != v}

    def resolved(self) -> Self:
        """The copy that a run records: with the number of threads that it will really use."""
        return self.changed(threads=self.threads or cores())


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choices(field: FieldInfo) -> tuple | None:
    """The allowed values of a field that is a choice, else None."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else None


def bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """Smallest and largest allowed value (None: open). `gt` and `lt` count as the bound itself."""
    low = high = None
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge | annotated_types.Gt):
            low = getattr(rule, "ge", getattr(rule, "gt", None))
        if isinstance(rule, annotated_types.Le | annotated_types.Lt):
            high = getattr(rule, "le", getattr(rule, "lt", None))
    return low, high


def allowed(field: FieldInfo) -> Message:
    """In words, what a field takes."""
    options = choices(field)
    if options:
        return Message(N_("one of {choices}"), {"choices": ", ".join(str(o) for o in options)})
    if field.annotation is bool:
        return Message(N_("true or false"))
    low, high = bounds(field)
    kind = Message(N_("a whole number") if field.annotation is int else N_("a number"))
    open_low = any(isinstance(r, annotated_types.Gt) for r in field.metadata)
    if low is None or high is None:
        return kind
    text = N_("{kind} above {low}, at most {high}") if open_low else N_("{kind} from {low} to {high}")
    return Message(text, {"kind": kind, "low": f"{low:g}", "high": f"{high:g}"})


def check(recipe: type[R], values: dict[str, Any]) -> R:
    """`values` as a `recipe`. Raises UserError naming the first wrong field, its value and what it takes."""
    try:
        return recipe(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        if name not in recipe.model_fields:
            raise UserError(
                N_("This recipe has no field {field}. The nearest names: {nearest}."),
                field=name, nearest=nearest(name, recipe.model_fields),
            ) from None  # fmt: skip
        raise UserError(
            N_("{field} is {value}, but must be {allowed}."),
            field=name, value=repr(first["input"]), allowed=allowed(recipe.model_fields[name]),
        ) from None  # fmt: skip


class SupervisedRecipe(Recipe):
    """Classification and regression by gradient descent on batches; read by `core.training.supervised`."""

    epochs: int = option(10, N_("Epochs"), N_("How often the whole training part is seen."), ge=1, le=1000, term="epoch")
    max_steps: int = option(
        0, N_("Steps at most"), N_("Ends the training after so many batches, whatever the epochs; 0 sets no such end."),
        unit=N_("batches"), ge=0, le=100_000_000, term="step",
    )  # fmt: skip
    batch_size: int = option(
        64, N_("Batch size"), N_("Examples per step. Larger batches step less often, with less noise."),
        ge=1, le=8192, log=True, term="batch-size",
    )  # fmt: skip
    learning_rate: float = option(
        0.01, N_("Learning rate"), N_("Size of a step along the gradient. Too large diverges, too small crawls."),
        gt=0, le=10, log=True, term="learning-rate",
    )  # fmt: skip
    optimizer: Literal["sgd", "rmsprop", "adam", "adamw"] = option(
        "adam",
        N_("Optimizer"),
        N_("The rule that turns gradients into steps."),
        group="optimizer",
        term="optimizer",
    )
    momentum: float = option(
        0.9,
        N_("Momentum"),
        N_("Share of the last step that is kept; read by SGD and RMSprop."),
        group="optimizer",
        ge=0,
        le=0.999,
        term="momentum",
    )
    nesterov: bool = option(
        False,
        N_("Nesterov"),
        N_("SGD looks ahead along its momentum before it takes the gradient."),
        group="optimizer",
        term="nesterov",
    )
    schedule: Literal["none", "step", "one-cycle", "cosine"] = option(
        "none",
        N_("Schedule"),
        N_("How the learning rate changes during the training."),
        group="optimizer",
        term="schedule",
    )
    step_epochs: int = option(
        5,
        N_("Step every"),
        N_("Epochs between two steps of the step schedule."),
        unit=N_("epochs"),
        group="optimizer",
        ge=1,
        le=1000,
        term="step-schedule",
    )
    step_factor: float = option(
        0.1,
        N_("Step factor"),
        N_("The step schedule multiplies the learning rate by this."),
        group="optimizer",
        gt=0,
        le=1,
        term="step-schedule",
    )
    loss: Literal["cross-entropy", "squared-error"] = option(
        "cross-entropy", N_("Loss"), N_("What is minimised. Squared error compares probabilities with the one-hot label."),
        group="optimizer", only="classification", term="loss",
    )  # fmt: skip
    weight_decay: float = option(
        0.0,
        N_("Weight decay"),
        N_("Pulls weights towards zero at every step (L2)."),
        group="regularisation",
        ge=0,
        le=10,
        log=True,
        term="weight-decay",
    )
    label_smoothing: float = option(
        0.0, N_("Label smoothing"), N_("Share of the label that is spread over all classes."),
        group="regularisation", only="classification", ge=0, le=0.9, term="label-smoothing",
    )  # fmt: skip
    patience: int = option(
        0, N_("Early stopping"), N_("Ends after so many epochs without a better validation loss; 0 never does."),
        unit=N_("epochs"), group="regularisation", ge=0, le=1000, term="early-stopping",
    )  # fmt: skip
    shift: float = option(
        0.0, N_("Shift"), N_("Augmentation: moves each image by up to so many pixels."), unit=N_("pixels"),
        group="augmentation", only="images", ge=0, le=16, term="augmentation",
    )  # fmt: skip
    rotate: float = option(
        0.0, N_("Rotation"), N_("Augmentation: turns each image by up to so many degrees."), unit=N_("degrees"),
        group="augmentation", only="images", ge=0, le=180, term="augmentation",
    )  # fmt: skip
    scale: float = option(
        0.0, N_("Scale"), N_("Augmentation: enlarges or shrinks each image by up to this share."),
        group="augmentation", only="images", ge=0, le=0.9, term="augmentation",
    )  # fmt: skip
    validation: int = option(
        5000, N_("Validation"), N_("Examples cut from the training part to choose the best epoch; 0 trains on everything."),
        unit=N_("examples"), group="data", ge=0, le=1_000_000, term="validation-data",
    )  # fmt: skip
    limit_train: int = option(
        0, N_("Training examples"), N_("Uses only so many training examples; 0 uses all."),
        unit=N_("examples"), group="data", ge=0, le=100_000_000, term="training-data",
    )  # fmt: skip


class DropoutRecipe(SupervisedRecipe):
    """For networks with dropout."""

    dropout: float = option(
        0.3, N_("Dropout"), N_("Share of hidden units switched off at each training step."),
        group="regularisation", passes_to="model", ge=0, le=0.95, term="dropout",
    )  # fmt: skip


class ConvRecipe(SupervisedRecipe):
    """For convolutional networks whose number of filters can be chosen."""

    width: int = option(
        32,
        N_("Width"),
        N_("Filters of the first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=512,
    )


class DropoutConvRecipe(ConvRecipe, DropoutRecipe):
    """Filters and dropout."""


class MLPRecipe(DropoutRecipe):
    """For fully connected networks."""

    width: int = option(
        256, N_("Width"), N_("Units of each hidden layer."), unit=N_("units"), group="model", passes_to="model", ge=1, le=4096
    )
    depth: int = option(2, N_("Depth"), N_("Hidden layers."), unit=N_("layers"), group="model", passes_to="model", ge=0, le=20)


class HousingRecipe(MLPRecipe):
    """For Boston housing, whose column `b` is left out unless asked for."""

    use_b: bool = option(
        False,
        N_("Use column b"),
        N_("Column b encodes the share of Black residents of a district; it is left out unless you switch it on."),
        group="data", passes_to="data",
    )  # fmt: skip
