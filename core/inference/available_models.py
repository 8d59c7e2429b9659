"""The networks that can answer a digit: those that ship with the project, and the best weights of one's own runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import checkpoints, paths, tasks
from core.runs import store
from core.runs.store import Run

DATASET = "mnist"


@dataclass(frozen=True)
class ModelChoice:
    """A network to choose: `id` is a task's name or a run's id; `run` is None for a shipped one."""

    id: str
    task: tasks.Task
    weights: Path
    run: Run | None = None


def list_models(wanted: list[tasks.Task]) -> list[ModelChoice]:
    """The networks of some tasks that are on this machine: shipped ones in the order of `wanted`, then runs with weights, newest first."""
    there = set(checkpoints.pretrained_names())
    shipped = [
        ModelChoice(name, tasks.task_for_checkpoint(name), paths.checkpoints() / f"{name}.safetensors")
        for name in dict.fromkeys(t.checkpoint for t in wanted)
        if name in there
    ]
    own = [
        ModelChoice(run.id, run.task, run.best_weights_path, run)
        for t in wanted
        for run in store.list_runs(t.name)
        if run.best_weights_path.exists()
    ]
    return shipped + sorted(own, key=lambda c: c.run.created_at, reverse=True)


def list_digit_models() -> list[ModelChoice]:
    """The networks that answer a digit, in the order of `choices`."""
    return list_models([t for t in tasks.TASKS if t.dataset == DATASET])


def verify_weights(choice: ModelChoice) -> Path:
    """The choice's weights; those of a shipped one are held against their card. Raises UserError where they do not match."""
    return checkpoints.load_card(choice.id).weights if choice.run is None else choice.weights


def find_choice(choices: list[ModelChoice], wanted: str | None, default: str) -> ModelChoice | None:
    """The choice called `wanted`, else the one called `default`, else the first; None where there is none at all."""
    by_id = {c.id: c for c in choices}
    return by_id.get(wanted or "") or by_id.get(default) or next(iter(choices), None)
