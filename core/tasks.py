"""THE table: every trainable thing = data set + model + trainer + recipe + quick variant + expected result.

Menus, the command line, tests and the README's table iterate over it. Importing it does not import torch: models go by their
registered name, trainers by a dotted one.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Literal

from core.messages import N_, UserError, nearest
from core.training.recipe import ConvRecipe, DropoutConvRecipe, HousingRecipe, MLPRecipe, Recipe, SupervisedRecipe

SUPERVISED = "core.training.supervised:SupervisedTrainer"


@dataclass(frozen=True)
class Expected:
    """What real runs of the full recipe reached: `mean` and `spread` (half the range) of `metric` over `seeds` seeds."""

    metric: str
    mean: float
    spread: float
    seeds: int
    seconds: float
    machine: str
    command: str


@dataclass(frozen=True)
class Task:
    """One trainable thing. `title` and `about` are message ids; `quick` holds the recipe fields that its short form changes."""

    name: str
    title: str
    about: str
    kind: Literal["classification", "regression"]
    dataset: str
    model: str
    recipe: Recipe
    quick: dict[str, Any] = field(default_factory=dict)
    trainer: str = SUPERVISED
    expected: Expected | None = None

    def quick_recipe(self) -> Recipe:
        """The recipe that gives first feedback in seconds."""
        return self.recipe.changed(**self.quick)

    def fields(self) -> list[str]:
        """The recipe fields that mean something to this task, in the order of their groups."""
        hidden = {"classification": "regression", "regression": "classification"}[self.kind]
        images = self.dataset in IMAGE_DATASETS
        order = ["main", "optimizer", "regularisation", "augmentation", "model", "data", "machine"]
        shown = [
            n
            for n, f in type(self.recipe).model_fields.items()
            if f.json_schema_extra["only"] != hidden and (images or f.json_schema_extra["only"] != "images")
        ]
        return sorted(shown, key=lambda n: order.index(type(self.recipe).field(n).json_schema_extra["group"]))

    def trainer_class(self) -> type:
        """The trainer, imported now (this imports torch)."""
        module, name = self.trainer.split(":")
        return getattr(importlib.import_module(module), name)


IMAGE_DATASETS = {"mnist"}
_QUICK = {"epochs": 2, "limit_train": 2000, "validation": 500}

TASKS: tuple[Task, ...] = (
    Task(
        name="mnist-cnn",
        title=N_("MNIST: the notes' CNN"),
        about=N_("One convolution, batch norm, ReLU, max pooling and one linear layer, with the recipe of the learning notes."),
        kind="classification",
        dataset="mnist",
        model="notes_cnn",
        recipe=ConvRecipe(),
        quick=_QUICK,
        expected=Expected("accuracy", 0.9837, 0.0, 1, 61, "AMD EPYC, 2 cores, bf16-mixed", "python -m core train mnist-cnn --threads 2"),
    ),
    Task(
        name="mnist-softmax",
        title=N_("MNIST: softmax regression"),
        about=N_("One linear layer from pixels to digits: the smallest network, and the one to beat."),
        kind="classification",
        dataset="mnist",
        model="softmax",
        recipe=SupervisedRecipe(learning_rate=0.001, batch_size=128),
        quick=_QUICK,
        expected=Expected("accuracy", 0.9242, 0.0, 1, 4, "AMD EPYC, 2 cores, bf16-mixed", "python -m core train mnist-softmax --threads 2"),
    ),
    Task(
        name="mnist-mlp",
        title=N_("MNIST: multilayer perceptron"),
        about=N_("Two fully connected hidden layers. It does not know that neighbouring pixels belong together."),
        kind="classification",
        dataset="mnist",
        model="mlp",
        recipe=MLPRecipe(learning_rate=0.001, batch_size=128, dropout=0.2),
        quick=_QUICK,
        expected=Expected("accuracy", 0.9813, 0.0, 1, 9, "AMD EPYC, 2 cores, bf16-mixed", "python -m core train mnist-mlp --threads 2"),
    ),
    Task(
        name="mnist-lenet5",
        title=N_("MNIST: LeNet-5"),
        about=N_("The network of 1998: two convolutions, average pooling and tanh."),
        kind="classification",
        dataset="mnist",
        model="lenet5",
        recipe=SupervisedRecipe(learning_rate=0.002, schedule="cosine", epochs=12),
        quick=_QUICK,
        expected=Expected("accuracy", 0.9885, 0.0, 1, 45, "AMD EPYC, 2 cores, bf16-mixed", "python -m core train mnist-lenet5 --threads 2"),
    ),
    Task(
        name="mnist-modern",
        title=N_("MNIST: a modern small CNN"),
        about=N_("Two blocks of 3x3 convolutions with batch norm, dropout, augmentation and a one-cycle learning rate."),
        kind="classification",
        dataset="mnist",
        model="modern_cnn",
        recipe=DropoutConvRecipe(
            epochs=20, batch_size=128, optimizer="adamw", learning_rate=0.004, weight_decay=0.02, schedule="one-cycle",
            shift=2.5, rotate=12, scale=0.12,
        ),
        quick=_QUICK,
        expected=Expected("accuracy", 0.9963, 0.0, 1, 206, "AMD EPYC, 2 cores, bf16-mixed", "python -m core train mnist-modern --threads 2"),  # noqa: E501
    ),
    Task(
        name="boston-mlp",
        title=N_("Boston: house prices"),
        about=N_("A fully connected network predicts the median house price of a district, in thousands of dollars of 1970."),
        kind="regression",
        dataset="boston",
        model="mlp",
        recipe=HousingRecipe(
            epochs=200, batch_size=32, learning_rate=0.003, weight_decay=0.001, width=64, depth=2, dropout=0.1, validation=60,
        ),
        quick={"epochs": 20},
        expected=Expected("rmse", 3.5666, 0.0, 1, 3, "AMD EPYC, 2 cores, bf16-mixed", "python -m core train boston-mlp --threads 2"),
    ),
)  # fmt: skip


def task(name: str) -> Task:
    """The task called `name`. Raises UserError with the nearest names where there is none."""
    for entry in TASKS:
        if entry.name == name:
            return entry
    raise UserError(
        N_("There is no task called {name}. The nearest names: {nearest}."),
        name=name, nearest=nearest(name, (t.name for t in TASKS)),
    )  # fmt: skip
