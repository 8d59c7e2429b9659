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


def choices(wanted: list[tasks.Task]) -> list[Choice]:
    """The networks of some tasks that are on this machine: shipped ones in the order of `wanted`, then runs with weights, newest first."""
    there = set(checkpoints.shipped())
    shipped = [
        Choice(name, tasks.of_checkpoint(name), paths.checkpoints() / f"{name}.safetensors")
        for name in dict.fromkeys(t.checkpoint for t in wanted)
        if name in there
    ]
    own = [Choice(run.id, run.task, run.best_weights, run) for t in wanted for run in runs.every(t.name) if run.best_weights.exists()]
    return shipped + sorted(own, key=lambda c: c.run.created, reverse=True)


def digit_networks() -> list[Choice]:
    """The networks that answer a digit, in the order of `choices`."""
    return choices([t for t in tasks.TASKS if t.dataset == DATASET])


def verified(choice: Choice) -> Path:
    """The choice's weights; those of a shipped one are held against their card. Raises UserError where they do not match."""
    return checkpoints.card(choice.id).weights if choice.run is None else choice.weights


def find(choices: list[Choice], wanted: str | None, default: str) -> Choice | None:
    """The choice called `wanted`, else the one called `default`, else the first; None where there is none at all."""
    by_id = {c.id: c for c in choices}
    return by_id.get(wanted or "") or by_id.get(default) or next(iter(choices), None)

