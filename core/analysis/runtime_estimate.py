"""What a training will take on this machine, from a few timed steps before anybody presses Start.

Prices are measured once per machine and shape of training, and kept under the cache folder.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
import time
from dataclasses import dataclass

import numpy as np

from core import data, paths
from core.files import read_json, write_json
from core.runs import store, system_info
from core.task_spec import Task
from core.training.recipe import Recipe, field_bounds
from core.training.supervised_recipe import SupervisedRecipe

MAX_EPOCHS = int(field_bounds(SupervisedRecipe.field("epochs"))[1])
_TIMED_STEPS, _WARMUP_STEPS = 12, 3
# Fields that change how long a training is, or what it comes to, but not the time of a step.
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
_TARGET_SECONDS = 1.5  # enough steps to fill this, where steps are quick
_MIN_STEPS, _MAX_SECONDS = (
    4,
    6.0,
)  # so many steps at least, and no more seconds than that, where steps are slow
_SINGLE_STEP_SECONDS = 20.0  # seconds after which one step is enough
_lock = threading.Lock()


@dataclass(frozen=True)
class RuntimeEstimate:
    """Seconds per step, steps per epoch, steps and seconds of the whole recipe. Its steps alone: before them the process starts, after
    them it reads the test part."""

    step_seconds: float
    steps_per_epoch: int
    total_steps: int
    seconds: float
    data: str

    def max_steps_for(self, seconds: float) -> int:
        """How many steps fit a budget; at least one."""
        return max(1, int(seconds / self.step_seconds))

    def with_time_limit(self, recipe: Recipe, seconds: float) -> Recipe:
        """`recipe` with as many steps as fit into `seconds`, or as many as a recipe may have."""
        steps = min(self.max_steps_for(seconds), MAX_EPOCHS * self.steps_per_epoch)
        return recipe.changed(max_steps=steps, epochs=-(-steps // self.steps_per_epoch))


def estimate_runtime(task: Task, recipe: Recipe) -> RuntimeEstimate:
    """The price of `recipe`, measured now or remembered. Never downloads. Raises UserError where the recipe cannot run."""
    dataset = _load_dataset(
        task.dataset, str(data.find_dataset(task.dataset)), tuple(sorted(recipe.part("data").items()))
    )
    train = _examples_per_epoch(task, recipe, dataset)
    per_epoch = -(-min(train, recipe.limit_train or train) // recipe.batch_size)
    total = per_epoch * recipe.epochs
    total = min(total, recipe.max_steps or total)
    step = _estimate_step_seconds(task, recipe, dataset)
    return RuntimeEstimate(step, per_epoch, total, total * step, dataset.title)


def _examples_per_epoch(task: Task, recipe: Recipe, dataset: data.ArrayDataset) -> int:
    """Training examples of an epoch: those that are not held back; of two domains, those of the larger."""
    if task.kind == "translation":
        return max((dataset.train_y == domain).sum() for domain in (0, 1)) - recipe.num_validation
    return len(dataset.train_x) - dataset.resolve_validation_size(recipe.num_validation)


@functools.lru_cache(maxsize=8)
def _load_dataset(name: str, folder: str, options: tuple) -> data.ArrayDataset:
    """The data that a training would take; `folder`, where they lie, only renews the entry."""
    return data.load_dataset(name, download=False, **dict(options))


def record_step_time(task: Task, recipe: Recipe, step_seconds: float) -> None:
    """Remember what a real run took: it knows better than a few timed batches."""
    with _lock:
        paths.cache().mkdir(parents=True, exist_ok=True)
        write_json(_cache_file(), {**_read_cache(), _cache_key(task, recipe): step_seconds})


def is_cached(task: Task, recipe: Recipe) -> bool:
    """Whether `price` would answer at once."""
    return _cache_key(task, recipe) in _read_cache()


def is_busy() -> bool:
    """Whether a training runs here now, so that nothing should be timed."""
    return any(r.status().state == "running" for r in store.list_runs())


def _cache_file():  # noqa: ANN202
    return paths.cache() / "prices.json"


def _read_cache() -> dict:
    value = read_json(_cache_file())
    return value if isinstance(value, dict) else {}


def _cache_key(task: Task, recipe: Recipe) -> str:
    """Everything that changes the time of a step."""
    values = {
        "task": task.name,
        "threads": recipe.with_resolved_threads().threads,
        "machine": system_info.cpu_name(),
        **({"cards": cards} if (cards := system_info.gpu_names()) else {}),
        **recipe.model_dump(exclude={*_TIME_INDEPENDENT_FIELDS, "threads"}),
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _estimate_step_seconds(task: Task, recipe: Recipe, dataset: data.ArrayDataset) -> float:
    key = _cache_key(task, recipe)
    with _lock:
        value = _read_cache().get(key)
        if isinstance(value, float):
            return value
        value = _measure_step_seconds(task, recipe, dataset)
    record_step_time(task, recipe, value)
    return value


def throughput_by_device(task: Task, recipe: Recipe) -> dict[str, float | None]:
    """Images per second in a training on the processor ("cpu") and on the graphics card ("cuda"; None where PyTorch sees none), both
    measured now. Never downloads."""
    import torch

    dataset = _load_dataset(
        task.dataset, str(data.find_dataset(task.dataset)), tuple(sorted(recipe.part("data").items()))
    )
    with _lock:
        found: dict[str, float | None] = {
            "cpu": recipe.batch_size / _measure_step_seconds(task, recipe, dataset, "cpu"),
            "cuda": None,
        }
        if torch.cuda.is_available():
            found["cuda"] = recipe.batch_size / _measure_step_seconds(task, recipe, dataset, "cuda")
    return found


def _measure_step_seconds(
    task: Task, recipe: Recipe, dataset: data.ArrayDataset, accelerator: str = "auto"
) -> float:
    """Seconds per step, by the first quartile of a few real ones. What comes between two steps (pictures, validation) does not count."""
    import torch
    from lightning.fabric import Fabric

    from core.training.events import Step

    rng, threads = torch.get_rng_state(), torch.get_num_threads()
    try:
        torch.set_num_threads(recipe.with_resolved_threads().threads)
        precision = system_info.resolve_precision(
            recipe.precision, "" if accelerator == "auto" else accelerator
        )
        fabric = Fabric(accelerator=accelerator, devices=1, precision=precision)
        endless = {"limit_train": 0, "max_steps": 0, "epochs": 1000}
        if task.kind == "translation":
            endless |= {"sample_every": 1_000_000}
        else:
            endless |= {
                "num_validation": min(recipe.num_validation, len(dataset.train_x) // 2),
                "patience": 0,
            }
        trainer = task.trainer_class()(task.model, dataset, recipe.changed(**endless), fabric)
        events, times, begun = trainer.run(), [], time.perf_counter()
        before = begun
        while (event := next(events, None)) is not None:
            now = time.perf_counter()
            if isinstance(event, Step):
                times.append(now - before)
            if _has_enough_steps(len(times), now - begun):
                break
            before = time.perf_counter()
        # What else the machine does just now only ever adds; the quicker steps tell what an idle one takes.
        return float(np.percentile(times[min(_WARMUP_STEPS, len(times) // 2) :], 25))
    finally:
        torch.set_rng_state(rng)
        torch.set_num_threads(threads)


def _has_enough_steps(steps: int, seconds: float) -> bool:
    """Whether so many steps, timed within so many seconds, tell the price."""
    wanted = (
        (_TIMED_STEPS + _WARMUP_STEPS, _TARGET_SECONDS),
        (_MIN_STEPS, _MAX_SECONDS),
        (1, _SINGLE_STEP_SECONDS),
    )
    return any(steps >= fewest and seconds > after for fewest, after in wanted)
