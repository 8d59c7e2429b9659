"""What a trainable thing is: an entry of the table in `core.tasks`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Literal

from core.data import dataset_info
from core.training.recipe import Recipe

SUPERVISED_TRAINER = "core.training.supervised:SupervisedTrainer"
CYCLEGAN_TRAINER = "core.training.cyclegan:CycleGANTrainer"


@dataclass(frozen=True)
class ExpectedResult:
    """What real runs of the full recipe reached: `mean` and `spread` (half the range) of `metric` over `seeds` seeds."""

    metric: str
    mean: float
    spread: float
    seeds: int
    seconds: float
    machine: str
    command: str


@dataclass(frozen=True)
class PublishedResult:
    """What somebody else reached with a network of this family on the original data: `accuracy` of `network`, trained for `epochs`."""

    network: str
    accuracy: float
    epochs: float
    source: str


@dataclass(frozen=True)
class Task:
    """One trainable thing. `title` and `about` are message ids; `quick` holds the recipe fields that its short form changes."""

    name: str
    title: str
    about: str
    kind: Literal["classification", "regression", "translation"]
    dataset: str
    model: str
    recipe: Recipe
    quick: dict[str, Any] = field(default_factory=dict)
    trainer: str = SUPERVISED_TRAINER
    expected_result: ExpectedResult | None = None
    published_result: PublishedResult | None = None
    pretrained: str = ""  # weights of others, a name of `core.pretrained`
    checkpoint_name: str = ""  # name of its checkpoint, where that is not the task's

    @property
    def checkpoint(self) -> str:
        """The name under which its best network ships."""
        return self.checkpoint_name or self.name

    def quick_recipe(self) -> Recipe:
        """The recipe that gives first feedback in seconds."""
        return self.recipe.changed(**self.quick)

    def fields(self) -> list[str]:
        """The recipe fields that mean something to this task, in the order of their groups."""
        meaningless = {"classification", "regression"} - {self.kind}
        info = dataset_info(self.dataset)
        if not info.is_image:
            meaningless.add("images")
        if not info.photos:
            meaningless.add("photos")
        order = ["main", "optimizer", "regularization", "augmentation", "model", "data", "machine"]
        shown = [
            n
            for n, f in type(self.recipe).model_fields.items()
            if f.json_schema_extra["only"] not in meaningless
        ]
        return sorted(shown, key=lambda n: order.index(type(self.recipe).field(n).json_schema_extra["group"]))

    def trainer_class(self) -> type:
        """The trainer, imported now (this imports torch)."""
        module, name = self.trainer.split(":")
        return getattr(importlib.import_module(module), name)
