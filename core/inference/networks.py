"""The networks that can answer a digit: those that ship with the project, and the best weights of one's own runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import checkpoints, paths, tasks
from core.training import runs
from core.training.runs import Run

DATASET = "mnist"


@dataclass(frozen=True)
class Choice:
    """A network to choose: `id` is a task's name or a run's id; `run` is None for a shipped one."""

    id: str
    task: tasks.Task
    weights: Path
    run: Run | None = None


def digit_networks() -> list[Choice]:
    """Shipped networks in the order of the task table, then runs with weights, newest first."""
    shipped = []
    for task in tasks.TASKS:
        path = paths.checkpoints() / f"{task.name}.safetensors"
        if task.dataset == DATASET and path.exists():
            shipped.append(Choice(task.name, task, path))
    own = [
        Choice(run.id, run.task, run.best_weights, run)
        for task in tasks.TASKS
        if task.dataset == DATASET
        for run in runs.every(task.name)
        if run.best_weights.exists()
    ]
    return shipped + sorted(own, key=lambda c: c.run.created, reverse=True)


def verified(choice: Choice) -> Path:
    """The choice's weights; those of a shipped one are held against their card. Raises UserError where they do not match."""
    return checkpoints.card(choice.id).weights if choice.run is None else choice.weights


def find(choices: list[Choice], wanted: str | None, default: str) -> Choice | None:
    """The choice called `wanted`, else the one called `default`, else the first; None where there is none at all."""
    by_id = {c.id: c for c in choices}
    return by_id.get(wanted or "") or by_id.get(default) or next(iter(choices), None)

