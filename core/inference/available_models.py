"""Models to choose from: pretrained ones, and the best weights of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import checkpoints, paths, tasks
from core.messages import UserError
from core.runs import store
from core.runs.store import Run

DATASET = "mnist"


@dataclass(frozen=True)
class ModelChoice:
    """A model to choose.

    Attributes:
        id: name of a checkpoint, or ID of a run.
        task: its task.
        weights: its weights file.
        run: None for a pretrained model.
    """

    id: str
    task: tasks.Task
    weights: Path
    run: Run | None = None


def list_models(wanted_tasks: list[tasks.Task]) -> list[ModelChoice]:
    """The installed models of the tasks `wanted_tasks`: pretrained ones in that order, then runs with
    weights, newest first.
    """
    installed = set(checkpoints.pretrained_names())
    pretrained = [
        ModelChoice(name, tasks.task_for_checkpoint(name), paths.checkpoints() / f"{name}.safetensors")
        for name in dict.fromkeys(t.checkpoint for t in wanted_tasks)
        if name in installed
    ]
    trained = [
        ModelChoice(run.id, run.task, run.best_weights_path, run)
        for t in wanted_tasks
        for run in store.list_runs(t.name)
        if run.best_weights_path.exists()
    ]
    return pretrained + sorted(trained, key=lambda c: c.run.created_at, reverse=True)


def find_weights(
    task: tasks.Task, options: Mapping[str, Any], in_shape: tuple[int, ...]
) -> ModelChoice | None:
    """The first installed model of `task` that was built with `options` for inputs of `in_shape`, or None. Damaged files are
    passed over.
    """
    from core import models  # torch: other lists of models do without it

    for choice in list_models([task]):
        try:
            spec = checkpoints.read_spec(choice.weights)
        except UserError:
            continue
        if (spec.model, tuple(spec.in_shape)) != (task.model, tuple(in_shape)):
            continue
        # A file that is older than an option was built with its default.
        defaults = models.default_options(task.model)
        if {**defaults, **spec.options} == {**defaults, **options}:
            return choice
    return None


def list_digit_models() -> list[ModelChoice]:
    """The installed digit classifiers, in the order of `list_models`."""
    return list_models([t for t in tasks.TASKS if t.dataset == DATASET])


def find_choice(choices: list[ModelChoice], requested: str | None, default: str) -> ModelChoice | None:
    """The model with the id `requested`, else the one with the id `default`, else the first. Returns None if
    `choices` is empty.
    """
    by_id = {c.id: c for c in choices}
    return by_id.get(requested or "") or by_id.get(default) or next(iter(choices), None)
