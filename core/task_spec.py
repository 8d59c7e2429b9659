"""`Task`: an entry of the table in `core.tasks`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core import checkpoints
from core.data import dataset_info
from core.data.registry import TryLink
from core.kinds import get_kind
from core.messages import N_, UserError
from core.training.recipe import Recipe

if TYPE_CHECKING:
    from core.training.trainer import Trainer

SUPERVISED_TRAINER = "core.training.supervised:SupervisedTrainer"
TRANSFER_TRAINER = "core.training.frozen:transfer_trainer"
CYCLEGAN_TRAINER = "core.training.cyclegan:CycleGANTrainer"


@dataclass(frozen=True)
class ExpectedResult:
    """What the full recipe reaches, from the model card of the task's pretrained checkpoint.

    Attributes:
        metric: name of the kind's selection metric.
        value: its value on the test set.
        seconds: training time.
        machine: what it was trained on.
        command: the command that repeats the training.
    """

    metric: str
    value: float
    seconds: float
    machine: str
    command: str


@dataclass(frozen=True)
class PublishedResult:
    """A published test `accuracy` of a `network` of the same family on the original data, trained for `epochs`."""

    network: str
    accuracy: float
    epochs: float
    source: str


QUICK, FULL = "quick", "full"
"""Names of the variants of a recipe that every task has."""


@dataclass(frozen=True)
class Preset:
    """A named variant of a task's recipe: `changes` are recipe fields; `title` and `about` are message ids."""

    name: str
    title: str
    about: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What can be trained: a model on a data set with a recipe.

    Attributes:
        name: unique name, also the name of its run folder.
        title, about: message ids.
        kind: name of a registered kind, see `core.kinds`.
        dataset: name of a registered data set.
        model: name of a registered model.
        recipe: the full recipe.
        quick: recipe fields that the quick variant changes.
        presets: further variants of the recipe.
        trainer: dotted name of the trainer class, `module:class`.
        published_result: a published result of the same model family.
        pretrained: what to start from: third-party weights of `core.pretrained`, or a checkpoint of this project.
        checkpoint_name: name of its pretrained checkpoint if that is not the task's name.
        short_title: message id for names of runs and labels of charts; the title after its data set if it is empty.
        private: whether it belongs to a user: it is not in the table, and its runs are not listed.
        batch_norm: whether the model has batch normalization layers, so that recipe fields about them apply.
    """

    name: str
    title: str
    about: str
    kind: str
    dataset: str
    model: str
    recipe: Recipe
    quick: dict[str, Any] = field(default_factory=dict)
    presets: tuple[Preset, ...] = ()
    trainer: str = SUPERVISED_TRAINER
    published_result: PublishedResult | None = None
    pretrained: str = ""
    checkpoint_name: str = ""
    short_title: str = ""
    private: bool = False
    batch_norm: bool = True

    @property
    def checkpoint(self) -> str:
        """Name of its pretrained checkpoint."""
        return self.checkpoint_name or self.name

    @property
    def try_links(self) -> tuple[TryLink, ...]:
        """Pages on which a trained model of this task can be tried."""
        return get_kind(self.kind).try_links(dataset_info(self.dataset))

    @property
    def expected_result(self) -> ExpectedResult | None:
        """The result in the task's model card, or None if it has no pretrained checkpoint of its own."""
        card, score = checkpoints.read_card(self.checkpoint) or {}, get_kind(self.kind).selection_metric
        value = score.test_value(card.get("metrics", {}))
        if card.get("task") != self.name or value is None:
            return None
        return ExpectedResult(
            score.name, value, card.get("seconds", 0.0), card.get("machine", ""), card.get("command", "")
        )

    def quick_recipe(self) -> Recipe:
        """The recipe for first results in seconds."""
        return self.variant_recipe(QUICK)

    def variants(self) -> tuple[str, ...]:
        """Names of the variants of the recipe: quick, the presets, full."""
        return (QUICK, *(preset.name for preset in self.presets), FULL)

    def variant_recipe(self, name: str) -> Recipe:
        """The recipe of the variant `name`. Raises UserError if the task has none of this name."""
        changes = {QUICK: self.quick, FULL: {}, **{p.name: p.changes for p in self.presets}}
        if name not in changes:
            raise UserError(
                N_("{task} has no preset {name}. Presets: {presets}."),
                task=self.name,
                name=name,
                presets=", ".join(self.variants()),
            )
        return self.recipe.changed(**changes[name])

    def fields(self, recipe: Recipe | None = None) -> list[str]:
        """The recipe fields that apply to this task's kind, data set and model, in the order of their groups; with `recipe`, only those
        that have an effect beside its other values.
        """
        kind, info = get_kind(self.kind), dataset_info(self.dataset)
        scopes = {
            "": True,
            "images": info.is_image,
            "digits": info.digits,
            "photos": info.photos,
            "batch-norm": self.batch_norm,
        }
        order = ["main", "optimizer", "regularization", "augmentation", "model", "data", "machine"]
        shown = [
            n
            for n, f in type(self.recipe).model_fields.items()
            if scopes.get(scope := f.json_schema_extra["only"]) or kind.has_field(scope)
        ]
        if recipe is not None:
            values = recipe.model_dump()
            shown = [n for n in shown if recipe.has_effect(n, values)]
        return sorted(shown, key=lambda n: order.index(type(self.recipe).field(n).json_schema_extra["group"]))

    def trainer_class(self) -> type[Trainer]:
        """The trainer class. Calling this imports torch."""
        module, name = self.trainer.split(":")
        return getattr(importlib.import_module(module), name)
