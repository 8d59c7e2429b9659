"""Seconds per optimizer step on this machine, by task and recipe: recorded by finished runs, or measured on an idle machine."""

from __future__ import annotations

import hashlib
import json
import threading

from core import paths
from core.files import read_json, write_json
from core.runs import system_info
from core.task_spec import Task
from core.training.recipe import Recipe

# Recipe fields that do not change the time of a step.
_TIME_INDEPENDENT_FIELDS = {
    "epochs",
    "max_steps",
    "learning_rate",
    "momentum",
    "weight_decay",
    "label_smoothing",
    "patience",
    "num_validation",
    "limit_train",
    "seed",
    "schedule",
    "lr_step_size",
    "lr_gamma",
    "norm_lr_factor",
    "cycle_weight",
    "identity_weight",
    "constant_lr_fraction",
    "beta1",
    "sample_every",
    "input_scaling",
}
_lock = threading.Lock()


def record(task: Task, recipe: Recipe, step_seconds: float) -> None:
    """Store the seconds per step of a real run, or of a measurement on an idle machine. Raises OSError."""
    with _lock:
        paths.cache().mkdir(parents=True, exist_ok=True)
        write_json(_cache_file(), {**_read_cache(), cache_key(task, recipe): step_seconds})


def find(task: Task, recipe: Recipe) -> float | None:
    """The recorded seconds per step, or None."""
    value = _read_cache().get(cache_key(task, recipe))
    return value if isinstance(value, float) else None


def cache_key(task: Task, recipe: Recipe) -> str:
    """A hash of everything that changes the time of a step: task, machine, and recipe fields."""
    values = {
        "task": task.name,
        "threads": recipe.with_resolved_threads().threads,
        "machine": system_info.cpu_name(),
        **({"cards": cards} if (cards := system_info.gpu_names()) else {}),
        **recipe.model_dump(exclude={*_TIME_INDEPENDENT_FIELDS, "threads"}),
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


# Not "prices.json", where earlier versions also kept what they had measured on a busy machine.
def _cache_file():  # noqa: ANN202
    return paths.cache() / "step_times.json"


def _read_cache() -> dict:
    value = read_json(_cache_file())
    return value if isinstance(value, dict) else {}
