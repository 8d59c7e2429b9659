"""Ablations: the same training with one thing changed, measured, and shown where the concept is explained.

Every variant of an ablation starts from the same seed and sees the same examples in the same order. `python -m core ablate NAME` trains
them and writes their curves to `ablation_results/NAME.json`, which the Glossary reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core import tasks
from core.files import read_json, write_json
from core.messages import N_, UserError, closest_names
from core.task_spec import Task
from core.training.recipe import Recipe

if TYPE_CHECKING:
    from core.data import ArrayDataset

FOLDER = Path(__file__).with_name("ablation_results")
Metric = Literal["train_loss", "val_loss", "val_accuracy", "seconds"]
_LOGGED = {"train_loss": "train/loss_epoch", "val_loss": "val/loss", "val_accuracy": "val/accuracy"}
_DIGITS = 5


@dataclass(frozen=True)
class Variant:
    """One variant: its `label` (a message id) and the recipe fields that make it, by name."""

    label: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Ablation:
    """A question to one training recipe.

    Attributes:
        name: unique name, also of its file of results.
        term: id of the glossary entry that explains the concept.
        task: name of the task.
        variants: what is compared, by a short name.
        recipe: fields that all variants share and that differ from the task's recipe.
        metric: what is compared at the end: a figure of the last epoch, or the seconds of an epoch.
        seeds: number of seeds of the measurement.
    """

    name: str
    term: str
    task: str
    variants: Mapping[str, Variant]
    recipe: Mapping[str, Any] = field(default_factory=dict)
    metric: Metric = "val_accuracy"
    seeds: int = 3

    @property
    def curve(self) -> Metric:
        """What is drawn over the epochs, or over time where `metric` is "seconds"."""
        return "train_loss" if self.metric == "seconds" else self.metric

    def variant_recipe(self, variant: str, **more: object) -> Recipe:
        """The recipe of a variant, measured on one thread in single precision so that its figures can be repeated."""
        shared = {**self.recipe, "threads": 1, "precision": "32-true", **more}
        return tasks.get_task(self.task).recipe.changed(**{**shared, **self.variants[variant].changes})


_MNIST = {"epochs": 5, "limit_train": 10_000, "num_validation": 5000}

ABLATIONS: tuple[Ablation, ...] = (
    Ablation(
        name="batch-norm",
        term="batch-normalization",
        task="mnist-cnn",
        variants={
            "with": Variant(N_("with batch normalization"), {"batch_norm": True}),
            "without": Variant(N_("without"), {"batch_norm": False}),
        },
        recipe=_MNIST,
    ),
    Ablation(
        name="pooling",
        term="pooling",
        task="mnist-cnn",
        variants={
            "max": Variant(N_("max pooling"), {"pooling": "max"}),
            "average": Variant(N_("average pooling"), {"pooling": "average"}),
            "none": Variant(N_("no pooling"), {"pooling": "none"}),
        },
        recipe=_MNIST,
    ),
    Ablation(
        name="residual",
        term="residual-connection",
        task="cifar10-resnet",
        variants={
            "residual-56": Variant(N_("56 layers, residual"), {"depth": 56, "skip": True}),
            "plain-56": Variant(N_("56 layers, plain"), {"depth": 56, "skip": False}),
            "residual-20": Variant(N_("20 layers, residual"), {"depth": 20, "skip": True}),
            "plain-20": Variant(N_("20 layers, plain"), {"depth": 20, "skip": False}),
        },
        recipe={
            "width": 16,
            "epochs": 10,
            "batch_size": 128,
            "optimizer": "sgd",
            "nesterov": False,
            "momentum": 0.9,
            "learning_rate": 0.1,
            "weight_decay": 1e-4,
            "norm_lr_factor": 1.0,
            "schedule": "none",
            "label_smoothing": 0.0,
            "ema_decay": 0.0,
            "flip": "random",
            "crop_padding": 4,
            "num_validation": 500,
            "tta_flip": False,
            "tta_shift": False,
        },
        metric="train_loss",
        seeds=1,
    ),
    Ablation(
        name="input-scaling",
        term="normalization",
        task="mnist-mlp",
        variants={
            "bytes": Variant(N_("0 to 255"), {"input_scaling": "bytes"}),
            "unit": Variant(N_("0 to 1"), {"input_scaling": "unit"}),
            "symmetric": Variant(N_("−1 to 1"), {"input_scaling": "symmetric"}),
            "standardized": Variant(N_("standardized"), {"input_scaling": "standardized"}),
        },
        recipe={**_MNIST, "batch_size": 64, "dropout": 0.0},
    ),
    Ablation(
        name="dataloader",
        term="batch-size",
        task="mnist-cnn",
        variants={
            "dataloader": Variant(N_("one image at a time (DataLoader)"), {"batching": "dataloader"}),
            "tensors": Variant(N_("whole batches (tensors)"), {"batching": "tensors"}),
        },
        recipe={**_MNIST, "epochs": 3},
        metric="seconds",
    ),
)


@dataclass(frozen=True)
class AblationResult:
    """Measured curves of an ablation.

    Attributes:
        ablation: the ablation.
        command: the command that repeats the measurement.
        date: day of the measurement, YYYY-MM-DD.
        data: title of the data set, a message id.
        train: number of training images.
        validation: number of validation images.
        epochs: number of epochs.
        seeds: the seeds that every variant was trained with.
        runs: for each variant, one dictionary per seed with a list per metric, a value per epoch. `seconds` is processor time.
    """

    ablation: Ablation
    command: str
    date: str
    data: str
    train: int
    validation: int
    epochs: int
    seeds: tuple[int, ...]
    runs: Mapping[str, Sequence[Mapping[str, Sequence[float]]]]

    def mean_curve(self, variant: str, metric: Metric) -> np.ndarray:
        """Mean over the seeds (epochs,)."""
        return np.mean([run[metric] for run in self.runs[variant]], axis=0)

    def final(self, variant: str) -> float:
        """The ablation's metric, mean over the seeds: of the last epoch, or for "seconds" over all epochs."""
        values = self.mean_curve(variant, self.ablation.metric)
        return float(values.mean() if self.ablation.metric == "seconds" else values[-1])

    def spread(self, variant: str) -> tuple[float, float]:
        """Smallest and largest value of `final` among the seeds."""
        by_seconds = self.ablation.metric == "seconds"
        values = [np.asarray(run[self.ablation.metric]) for run in self.runs[variant]]
        ends = [float(v.mean() if by_seconds else v[-1]) for v in values]
        return min(ends), max(ends)


def get_ablation(name: str) -> Ablation:
    """Return the ablation `name`. Raises UserError with the closest names if there is none."""
    by_name = {a.name: a for a in ABLATIONS}
    if name not in by_name:
        raise UserError(
            N_("Ablation {name} not found. Closest matches: {nearest}."),
            name=name,
            nearest=closest_names(name, by_name),
        )
    return by_name[name]


def read_result(path: Path) -> AblationResult | None:
    """The result in a file that `measure` wrote, or None if it is missing or a training of it is."""
    found = read_json(path)
    if found is None or any(len(runs) < len(found["seeds"]) for runs in found["runs"].values()):
        return None
    fields = {key: found[key] for key in ("command", "date", "data", "train", "validation", "epochs", "runs")}
    return AblationResult(get_ablation(found["ablation"]), seeds=tuple(found["seeds"]), **fields)


def load_result(name: str) -> AblationResult | None:
    """The result of the ablation `name` that the Glossary shows, or None if it has not been measured with every seed."""
    return read_result(FOLDER / f"{name}.json")


def results_by_term() -> dict[str, AblationResult]:
    """The results that were measured, by the id of the glossary entry that shows them."""
    found = ((ablation.term, load_result(ablation.name)) for ablation in ABLATIONS)
    return {term: result for term, result in found if result is not None}


Progress = Callable[[str, int, int, int, Mapping[str, float]], None]


def measure(
    ablation: Ablation,
    seeds: Sequence[int],
    data_root: str | None,
    changes: Mapping[str, Any],
    out: Path,
    command: str,
    show: Progress,
) -> None:
    """Train every variant with every seed, and write the curves to `out` after each training. Trainings that `out` holds with the same
    settings are not repeated, so an interrupted measurement goes on.

    Args:
        ablation: what is compared.
        seeds: seeds of the trainings.
        data_root: folder with the data, or None for the usual places.
        changes: recipe fields of all variants, for another size.
        out: the file of results.
        command: the command that repeats the measurement.
        show: called after every epoch with the variant, the seed, the epoch, the number of epochs and the epoch's figures.

    Raises:
        UserError: if the data are not installed (a measurement on fallback data would be named after other data), or if a recipe is
            invalid.
    """
    from core import data

    task = tasks.get_task(ablation.task)
    recipes = {name: ablation.variant_recipe(name, **changes) for name in ablation.variants}
    settings = {name: recipe.difference(task.recipe) for name, recipe in recipes.items()}
    earlier = read_json(out) or {}
    runs = earlier["runs"] if earlier.get("recipes") == settings else {name: [] for name in recipes}
    for number, seed in enumerate(seeds, 1):
        for variant, recipe in recipes.items():
            if len(runs[variant]) >= number:
                continue
            seeded = recipe.changed(seed=seed)
            dataset = data.load_dataset(task.dataset, data_root, download=False, **seeded.part("data"))
            if dataset.stand_in_for:
                raise UserError(dataset.notice)
            curves: dict[str, list[float]] = {metric: [] for metric in (*_LOGGED, "seconds")}
            for epoch, figures in enumerate(_train(task, seeded, dataset), 1):
                show(variant, seed, epoch, recipe.epochs, figures)
                for metric, value in figures.items():
                    curves[metric].append(float(f"{value:.{_DIGITS}g}"))
            runs[variant].append(curves)
            rest = len(dataset.train_x) - recipe.num_validation
            result = {
                "ablation": ablation.name,
                "command": command,
                "date": time.strftime("%Y-%m-%d"),
                "data": dataset.title,
                "train": min(rest, recipe.limit_train or rest),
                "validation": recipe.num_validation,
                "epochs": recipe.epochs,
                "seeds": list(seeds[:number]),
                "recipes": settings,
                "runs": runs,
            }
            write_json(out, result)


def _train(task: Task, recipe: Recipe, dataset: ArrayDataset) -> Iterator[dict[str, float]]:
    """Train in this process; yield the figures of each epoch, `seconds` of processor time without validation among them."""
    import torch
    from lightning_fabric import Fabric

    from core.training.events import EpochEnd, Step

    before = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        fabric = Fabric(accelerator="cpu", devices=1, precision=recipe.precision)
        trainer = task.trainer_class()(task.model, dataset, recipe, fabric)
        begun = last = time.process_time()
        for event in trainer.run():
            if isinstance(event, Step):
                last = time.process_time()
            elif isinstance(event, EpochEnd):
                figures = {name: event.metrics[logged] for name, logged in _LOGGED.items()}
                yield {**figures, "seconds": last - begun}
                begun = time.process_time()
    finally:
        torch.set_num_threads(before)
