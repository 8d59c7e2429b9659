"""The tasks of a project: `photos-<id>-<model>`, made when they are asked for by name, and never in the table of tasks."""

from __future__ import annotations

import dataclasses
import functools
import re

import numpy as np

from core import checkpoints, pretrained, tasks
from core.messages import Message, N_, UserError, closest_names
from core.projects import dataset, splits, store
from core.projects.store import PREFIX, Project
from core.task_spec import TRANSFER_TRAINER, Task
from core.training.photo_recipes import FAMILIES, Init, PhotoFamily, PhotoFields
from core.training.recipe import Recipe

__all__ = [
    "MODELS",
    "PREFIX",
    "fitted_recipe",
    "labeled_classes",
    "make_task",
    "parse_task_name",
    "task_name",
]

_NAME_PATTERN = re.compile(rf"{PREFIX}([0-9a-f]{{32}})-([a-z0-9]+)")
_QUICK_FIELDS = {"epochs": 2, "limit_train": 1000}
_MAX_BATCH_SHARE = 8  # an epoch has at least this many steps


MODELS = FAMILIES
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


def get_family(model: str) -> PhotoFamily:
    """The family called `model`. Raises UserError if no such model is offered."""
    if model not in MODELS:
        raise UserError(
            N_("Model {name} not found. Closest matches: {nearest}."),
            name=model[:40],
            nearest=closest_names(model, MODELS),
        )
    return MODELS[model]


def base_task(model: str) -> Task:
    """A task that trains `model` on photos, with the recipe before it is fitted to a project. Raises UserError if no such model is
    offered.
    """
    family = get_family(model)
    return _task(family, model, "cifar10", family.title, family.make_recipe(family.default_init))


def fitted_recipe(project: Project, model: str, init: Init | None = None) -> PhotoFields:
    """The recipe of `model`, fitted to the number and size of the project's photos.

    Args:
        project: the project.
        model: name of the family.
        init: how the network starts; the family's default if None.

    Raises:
        UserError: if no such model is offered, or if it cannot start that way.
    """
    family = get_family(model)
    init = init or family.default_init
    if init not in family.inits:
        raise UserError(
            N_(
                "There are no pretrained weights for {model}. Set Start to “scratch”, or choose another model."
            ),
            model=Message(family.title),
        )
    place = {name: i for i, name in enumerate(project.classes)}
    held_out = splits.test_ids(project.photos())
    labels = np.array([place[p.label] for p in project.photos() if p.id not in held_out], np.int64)
    recipe = family.make_recipe(init, len(labels))
    pretrained_size = family.transfer_size if init != "scratch" else 0
    return recipe.changed(
        num_validation=splits.validation_size(labels, len(place)),
        batch_size=_batch_size(recipe.batch_size, len(labels)),
        image_size=pretrained_size or dataset.default_image_size(project),
    )


def make_task(project: Project, model: str) -> Task:
    """The task that trains `model` on `project`. Raises UserError if no such model is offered."""
    family = get_family(model)
    return dataclasses.replace(
        _task(
            family,
            task_name(project, model),
            project.dataset_name,
            f"{project.name}: {family.title}",
            fitted_recipe(project, model),
        ),
        private=True,
    )


def labeled_classes(task: Task, recipe: Recipe) -> tuple[str, ...]:
    """The classes (message ids) whose labels the network that a run of `task` with `recipe` starts from was trained on.

    A result on one of them says nothing about transfer. Empty if the network starts from scratch, or from third-party weights.
    """
    classes: list[str] = []
    while pretrained.is_transfer(task, recipe) and pretrained.is_checkpoint(task.pretrained):
        card = checkpoints.read_card(task.pretrained) or {}
        classes += card.get("classes", ())
        source = next((t for t in tasks.TASKS if t.name == card.get("task")), None)
        if source is None:
            break
        task, recipe = source, source.recipe
    return tuple(dict.fromkeys(classes))


def _task(family: PhotoFamily, name: str, dataset_name: str, title: str, recipe: PhotoFields) -> Task:
    return Task(
        name=name,
        title=title,
        short_title=family.title,
        about=family.about,
        kind="classification",
        dataset=dataset_name,
        model=family.model,
        recipe=recipe,
        quick=_QUICK_FIELDS,
        trainer=TRANSFER_TRAINER,
        pretrained=family.pretrained,
        batch_norm=family.batch_norm,
    )


def _batch_size(full: int, count: int) -> int:
    """The recipe's batch size, halved until an epoch of `count` photos has some steps."""
    while full > 8 and full * _MAX_BATCH_SHARE > count:
        full //= 2
    return full
