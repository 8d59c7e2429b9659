"""The tasks of a project: `photos-<id>-<model>`, made when they are asked for by name, and never in the table of tasks."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import numpy as np

from core import tasks
from core.messages import N_, UserError, closest_names
from core.projects import dataset, splits, store
from core.projects.store import PREFIX, Project
from core.task_spec import Task
from core.training.recipe import Recipe

__all__ = ["MODELS", "PREFIX", "PhotoModel", "base_recipe", "make_task", "parse_task_name", "task_name"]

_NAME_PATTERN = re.compile(rf"{PREFIX}([0-9a-f]{{32}})-([a-z0-9]+)")
_QUICK_FIELDS = {"epochs": 2, "limit_train": 1000}
_MAX_BATCH_SHARE = 8  # an epoch has at least this many steps


@dataclass(frozen=True)
class PhotoModel:
    """A family that can be trained on photos: its title, and the task of the table whose model and recipe it takes."""

    title: str
    base: str


MODELS: dict[str, PhotoModel] = {
    "resnet": PhotoModel("ResNet", "cifar10-resnet"),
    "mobilenetv1": PhotoModel("MobileNetV1", "cifar10-mobilenetv1"),
    "efficientnet": PhotoModel("EfficientNet", "cifar10-efficientnet"),
    "inception": PhotoModel("Inception", "cifar10-inception"),
    "fast": PhotoModel(N_("fast CNN"), "cifar10-fast"),
    "vgg": PhotoModel("VGG", "cifar10-vgg"),
    "alexnet": PhotoModel("AlexNet", "cifar10-alexnet"),
}
"""The models offered for photos, by the name that commands and task names use."""


def parse_task_name(name: str) -> tuple[str, str] | None:
    """The id of the project and the model in a task's name, or None if it is no such name."""
    match = _NAME_PATTERN.fullmatch(name)
    return (match[1], match[2]) if match else None


def task_name(project: Project, model: str) -> str:
    """Name of the task that trains `model` on `project`."""
    return f"{project.dataset_name}-{model}"


def get_private_task(name: str) -> Task:
    """The task called `name`. Raises UserError if there is no such project or model."""
    parsed = parse_task_name(name)
    if parsed is None:
        raise store.unknown_project_error()
    project = store.open_project(parsed[0])
    return _make_task(project, project.stamp, parsed[1])


@functools.lru_cache(maxsize=64)
def _make_task(project: Project, stamp: tuple[int, ...], model: str) -> Task:
    """See `make_task`; `stamp` invalidates the cache entry."""
    return make_task(project, model)


def base_task(model: str) -> Task:
    """The task of the table that `model` is taken from. Raises UserError if no such model is offered."""
    if model not in MODELS:
        raise UserError(
            N_("Model {name} not found. Closest matches: {nearest}."),
            name=model[:40],
            nearest=closest_names(model, MODELS),
        )
    return tasks.get_task(MODELS[model].base)


def base_recipe(model: str) -> Recipe:
    """The recipe of `model` before it is fitted to a project's photos."""
    return base_task(model).recipe


def make_task(project: Project, model: str) -> Task:
    """The task that trains `model` on `project`, its recipe fitted to the number and size of the photos.

    Raises:
        UserError: if no such model is offered.
    """
    base, recipe = base_task(model), base_recipe(model)
    place = {name: i for i, name in enumerate(project.classes)}
    held_out = splits.test_ids(project.photos())
    labels = np.array([place[p.label] for p in project.photos() if p.id not in held_out], np.int64)
    changes = {
        "num_validation": splits.validation_size(labels, len(place)),
        "batch_size": _batch_size(recipe.batch_size, len(labels)),
    }
    if "image_size" in recipe.part("data"):
        changes["image_size"] = dataset.default_image_size(project)
    title = MODELS[model].title
    return Task(
        name=task_name(project, model),
        title=f"{project.name}: {title}",
        short_title=title,
        about=base.about,
        kind="classification",
        dataset=project.dataset_name,
        model=base.model,
        recipe=recipe.changed(**changes),
        quick=_QUICK_FIELDS,
        batch_norm=base.batch_norm,
        private=True,
    )


def _batch_size(full: int, count: int) -> int:
    """The recipe's batch size, halved until an epoch of `count` photos has some steps."""
    while full > 8 and full * _MAX_BATCH_SHARE > count:
        full //= 2
    return full
