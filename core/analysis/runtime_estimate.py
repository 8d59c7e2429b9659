"""Estimate training time from a few timed steps.

Seconds per step come from real runs of the same task and recipe if there are any, else from a measurement. A measurement on an idle
machine is kept (`core.runs.step_times`); one taken beside other work is provisional and soon repeated.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from core import data, paths
from core.data import array_cache
from core.kinds import get_kind
from core.messages import N_, UserError
from core.runs import step_times, store, system_info
from core.task_spec import Task
from core.training.recipe import Recipe, field_bounds
from core.training.supervised_recipe import SupervisedRecipe

MAX_EPOCHS = int(field_bounds(SupervisedRecipe.field("epochs"))[1])
_TIMED_STEPS, _WARMUP_STEPS = 12, 3
_TARGET_SECONDS = 1.5  # duration of a measurement of fast steps
_MIN_STEPS, _MAX_SECONDS = 4, 6.0  # of slow steps: at least this many, unless they take longer
_SINGLE_STEP_SECONDS = 20.0  # after this time one step is enough
_MAX_OTHER_LOAD = 0.2  # share of this process's cores that other processes may use on an "idle" machine
_MIN_LOAD_SECONDS = 0.5  # core-seconds; the system counts in steps of 0.01 s
_PROVISIONAL_SECONDS = 60.0  # for this long a provisional measurement is not repeated
_lock = threading.Lock()
_provisional: dict[tuple[str, str], tuple[float, float]] = {}  # seconds per step, time of the measurement


@dataclass(frozen=True)
class RuntimeEstimate:
    """Estimated training time of a recipe, without start-up and the evaluation at the end.

    Attributes:
        step_seconds: seconds per optimizer step.
        steps_per_epoch: optimizer steps per epoch.
        total_steps: optimizer steps of the whole recipe.
        seconds: seconds of the whole recipe.
        data: title of the data set.
        is_provisional: whether the steps were timed beside other work, so that the real training may be faster.
    """

    step_seconds: float
    steps_per_epoch: int
    total_steps: int
    seconds: float
    data: str
    is_provisional: bool = False

    def max_steps_for(self, seconds: float) -> int:
        """Number of steps in a time budget, at least one."""
        return max(1, int(seconds / self.step_seconds))

    def with_time_limit(self, recipe: Recipe, seconds: float) -> Recipe:
        """`recipe` with as many steps as fit into `seconds`, up to the maximum of a recipe."""
        steps = min(self.max_steps_for(seconds), MAX_EPOCHS * self.steps_per_epoch)
        return recipe.changed(max_steps=steps, epochs=-(-steps // self.steps_per_epoch))


def estimate_runtime(task: Task, recipe: Recipe) -> RuntimeEstimate:
    """Estimate the training time of `recipe`, from recorded steps or by timing some now. Never downloads.

    Raises UserError if the recipe does not fit the data.
    """
    dataset = _load_dataset(
        task.dataset, str(data.find_dataset(task.dataset)), tuple(sorted(recipe.part("data").items()))
    )
    train = get_kind(task.kind).num_train_examples(dataset, recipe)
    per_epoch = -(-min(train, recipe.limit_train or train) // recipe.batch_size)
    total = per_epoch * recipe.epochs
    total = min(total, recipe.max_steps or total)
    step, provisional = _estimate_step_seconds(task, recipe, dataset)
    return RuntimeEstimate(step, per_epoch, total, total * step, dataset.title, provisional)


def check_recipe(task: Task, recipe: Recipe) -> None:
    """Raise UserError if `recipe` does not fit the data: too large a validation set, or batches larger than the training set.

    Data that are not decoded yet are not checked, because that takes time. Imports no torch, downloads nothing.
    """
    folder, options = str(data.find_dataset(task.dataset)), tuple(sorted(recipe.part("data").items()))
    try:
        with array_cache.cached_only():
            dataset = _load_dataset(task.dataset, folder, options)
    except array_cache.NotCachedError:
        return
    count = get_kind(task.kind).num_train_examples(dataset, recipe)
    count = min(count, recipe.limit_train or count)
    if recipe.batch_size > count:
        raise UserError(
            N_("batch_size is {value}, but must be at most {count}, the number of training examples."),
            value=recipe.batch_size,
            count=f"{count:,}",
        )


@functools.lru_cache(maxsize=8)
def _load_dataset(name: str, folder: str, options: tuple) -> data.ArrayDataset:
    """The data that a run would use; `folder`, where they are, is part of the cache key only."""
    return data.load_dataset(name, download=False, **dict(options))


def limit_recipe(task: Task, recipe: Recipe, seconds: float) -> Recipe:
    """`recipe` with as many steps as fit into `seconds`, by `estimate_runtime`; unchanged if `seconds` is 0.

    Raises UserError if the recipe does not fit the data.
    """
    return estimate_runtime(task, recipe).with_time_limit(recipe, seconds) if seconds else recipe


def is_cached(task: Task, recipe: Recipe) -> bool:
    """Whether `estimate_runtime` returns without timing anything."""
    return step_times.find(task, recipe) is not None or _find_provisional(task, recipe) is not None


def is_busy() -> bool:
    """Whether a run is in progress, so that nothing should be timed."""
    return any(r.status().state == "running" for r in store.list_runs(private=True))


def _provisional_key(task: Task, recipe: Recipe) -> tuple[str, str]:
    return str(paths.cache()), step_times.cache_key(task, recipe)


def _find_provisional(task: Task, recipe: Recipe) -> float | None:
    value, measured_at = _provisional.get(_provisional_key(task, recipe), (0.0, float("-inf")))
    return value if time.monotonic() - measured_at < _PROVISIONAL_SECONDS else None


def _estimate_step_seconds(task: Task, recipe: Recipe, dataset: data.ArrayDataset) -> tuple[float, bool]:
    """Seconds per step, and whether they are provisional."""
    with _lock:
        if (value := step_times.find(task, recipe)) is not None:
            return value, False
        if (value := _find_provisional(task, recipe)) is not None:
            return value, True
        with _other_load() as load:
            value = _measure_step_seconds(task, recipe, dataset)
        if load() > _MAX_OTHER_LOAD or is_busy():
            _provisional[_provisional_key(task, recipe)] = value, time.monotonic()
            return value, True
    step_times.record(task, recipe, value)
    return value, False


@contextmanager
def _other_load() -> Iterator[Callable[[], float]]:
    """Measure what other processes do while the block runs: yields a function that returns the share of this process's cores, in [0, 1],
    that they used.
    """
    import psutil

    cores = psutil.Process().cpu_affinity() if hasattr(psutil.Process, "cpu_affinity") else None

    def sample() -> tuple[float, float, float]:
        """Seconds that these cores were busy, that they existed, and that this process used."""
        times = psutil.cpu_times(percpu=True)
        times = [times[i] for i in cores] if cores and max(cores) < len(times) else times
        idle = sum(t.idle + getattr(t, "iowait", 0.0) for t in times)
        total = sum(t.user + t.nice + t.system + t.idle + getattr(t, "iowait", 0.0) for t in times)
        own = psutil.Process().cpu_times()
        return total - idle, total, own.user + own.system

    before, result = sample(), [0.0]
    yield lambda: result[0]
    busy, total, own = (after - start for after, start in zip(sample(), before, strict=True))
    result[0] = max(0.0, busy - own) / total if total >= _MIN_LOAD_SECONDS else 0.0


def throughput_by_device(task: Task, recipe: Recipe) -> dict[str, float | None]:
    """Training throughput in images/s on the "cpu" and on a GPU ("cuda"; None if there is none), measured now. Never downloads."""
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
    """Seconds per step: the first quartile of a few real ones. Sample images and validation between two steps do not count."""
    import torch
    from lightning_fabric import Fabric

    from core.training.events import Step

    rng, threads = torch.get_rng_state(), torch.get_num_threads()
    try:
        torch.set_num_threads(recipe.with_resolved_threads().threads)
        precision = system_info.resolve_precision(
            recipe.precision, "" if accelerator == "auto" else accelerator
        )
        fabric = Fabric(accelerator=accelerator, devices=1, precision=precision)
        endless = {"limit_train": 0, "max_steps": 0, "epochs": 1000}
        endless |= get_kind(task.kind).timing_overrides(recipe, dataset)
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
        # Other work only adds time, so the faster steps are closer to those of an idle machine.
        return float(np.percentile(times[min(_WARMUP_STEPS, len(times) // 2) :], 25))
    finally:
        torch.set_rng_state(rng)
        torch.set_num_threads(threads)


def _has_enough_steps(steps: int, seconds: float) -> bool:
    """Whether `steps`, timed within `seconds`, are enough for an estimate."""
    wanted = (
        (_TIMED_STEPS + _WARMUP_STEPS, _TARGET_SECONDS),
        (_MIN_STEPS, _MAX_SECONDS),
        (1, _SINGLE_STEP_SECONDS),
    )
    return any(steps >= fewest and seconds > after for fewest, after in wanted)
