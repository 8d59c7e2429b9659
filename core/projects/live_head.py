"""The head of a frozen network, trained in the server on the photos of a project while its settings are changed.

Shapes: N training and validation photos, F features.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core import data
from core.analysis import cross_validation
from core.analysis.cross_validation import FoldScores
from core.task_spec import Task
from core.training.photo_recipes import PhotoFields
from core.training.supervised_recipe import SupervisedRecipe

_HEAD_FIELDS = (
    "epochs",
    "batch_size",
    "learning_rate",
    "optimizer",
    "momentum",
    "nesterov",
    "schedule",
    "weight_decay",
    "label_smoothing",
    "class_weights",
    "num_validation",
    "seed",
    "patience",
    "ema_decay",
)


@dataclass(frozen=True)
class LiveResult:
    """A head trained with some settings.

    Attributes:
        num_correct: number of validation photos that it classifies correctly.
        num_validation: number of validation photos.
        train_accuracy: in [0, 1].
        course: validation accuracy after each epoch.
    """

    num_correct: int
    num_validation: int
    train_accuracy: float
    course: tuple[float, ...]


@dataclass(frozen=True)
class Features:
    """Features (N, F) of the photos that are not held out for the test, their labels (N,), and the number of classes."""

    values: np.ndarray
    labels: np.ndarray
    num_classes: int


def compute_features(task: Task, recipe: PhotoFields) -> Features:
    """The features of a project's photos by the network that `task` starts from, read from the cache if they are there.

    Raises:
        UserError: if the weights are not installed, or if the photos do not suffice.
    """
    from core import models, pretrained
    from core.training.batches import Batches
    from core.training.features import cached_features

    photos = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
    network = models.create_model(task.model, photos.in_shape, photos.num_outputs, **recipe.part("model"))
    pretrained.load_pretrained(task, recipe, network)
    batches = Batches(photos, photos.train_x, photos.train_y)
    values = cached_features(network, batches).numpy()
    return Features(values, np.asarray(photos.train_y), photos.num_outputs)


def train_live_head(features: Features, recipe: PhotoFields) -> LiveResult:
    """Train a head with the settings of `recipe`, on the same split as a run; about a second for a few hundred photos.

    Raises:
        UserError: if the recipe does not fit the number of photos.
    """
    from core.training import heads
    from core.training.events import EpochEnd

    settings = _head_recipe(recipe)
    *events, result = heads.train_head(features.values, features.labels, settings, features.num_classes)
    course = tuple(
        float(e.metrics["val/accuracy"])
        for e in events
        if isinstance(e, EpochEnd) and "val/accuracy" in e.metrics
    )
    accuracy = result.validation_accuracy or 0.0
    return LiveResult(
        round(accuracy * settings.num_validation), settings.num_validation, result.train_accuracy, course
    )


def cross_validate_head(
    features: Features, recipe: PhotoFields, k: int = 5, repeats: int = 2
) -> Iterator[FoldScores]:
    """Train heads with the settings of `recipe` on `repeats` times `k` folds (fewer where a class is smaller), and yield the scores so far
    after each: every photo that is not held out for the test is validated on.
    """
    smallest = int(np.bincount(features.labels, minlength=features.num_classes).min())
    scorer = cross_validation.head_scorer(features.values, features.labels, _head_recipe(recipe))
    yield from cross_validation.cross_validate(
        features.labels, scorer, max(2, min(k, smallest)), repeats, recipe.seed
    )


def _head_recipe(recipe: PhotoFields) -> SupervisedRecipe:
    """The settings of `recipe` that matter for a head."""
    from core.training import heads

    wanted = recipe.model_dump()
    return heads.HEAD_RECIPE.changed(**{n: wanted[n] for n in _HEAD_FIELDS})
