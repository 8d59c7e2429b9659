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
from core.task import Task
from core.training import machine, runs
from core.training.recipe import Recipe, bounds
from core.training.supervised_recipe import SupervisedRecipe

MOST_EPOCHS = int(bounds(SupervisedRecipe.field("epochs"))[1])
_STEPS, _WARM_UP = 12, 3
# Fields that change how long a training is, or what it comes to, but not the time of a step.
_FREE = {
    "epochs", "max_steps", "learning_rate", "momentum", "weight_decay", "label_smoothing", "patience", "validation", "limit_train", "seed",
    "schedule", "step_epochs", "step_factor", "norm_rate", "cycle", "identity", "constant", "beta1", "sample_every", "scaling",
}  # fmt: skip
_SECONDS = 1.5  # enough steps to fill this, where steps are quick
_FEWEST, _PATIENCE = 4, 6.0  # so many steps at least, and no more seconds than that, where steps are slow
_DEADLINE = 20.0  # seconds after which one step is enough
_lock = threading.Lock()


@dataclass(frozen=True)
class Price:
    """Seconds per step, steps per epoch, steps and seconds of the whole recipe. Its steps alone: before them the process starts, after
    them it reads the test part."""

    step_seconds: float
    steps_per_epoch: int
    total_steps: int
    seconds: float
    data: str

    def steps_within(self, seconds: float) -> int:
        """How many steps fit a budget; at least one."""
        return max(1, int(seconds / self.step_seconds))

    def limited(self, recipe: Recipe, seconds: float) -> Recipe:
        """`recipe` with as many steps as fit into `seconds`, or as many as a recipe may have."""
        steps = min(self.steps_within(seconds), MOST_EPOCHS * self.steps_per_epoch)
        return recipe.changed(max_steps=steps, epochs=-(-steps // self.steps_per_epoch))


def price(task: Task, recipe: Recipe) -> Price:
    """The price of `recipe`, measured now or remembered. Never downloads. Raises UserError where the recipe cannot run."""
    dataset = _dataset(task.dataset, str(data.find(task.dataset)), tuple(sorted(recipe.part("data").items())))
    train = _examples(task, recipe, dataset)
    per_epoch = -(-min(train, recipe.limit_train or train) // recipe.batch_size)
    total = per_epoch * recipe.epochs
    total = min(total, recipe.max_steps or total)
    step = _step_seconds(task, recipe, dataset)
    return Price(step, per_epoch, total, total * step, dataset.title)


def _examples(task: Task, recipe: Recipe, dataset: data.DataSet) -> int:
    """Training examples of an epoch: those that are not held back; of two domains, those of the larger."""
    if task.kind == "translation":
        return max((dataset.train_y == domain).sum() for domain in (0, 1)) - recipe.validation
    return len(dataset.train_x) - dataset.validation_size(recipe.validation)


@functools.lru_cache(maxsize=8)
def _dataset(name: str, folder: str, options: tuple) -> data.DataSet:
    """The data that a training would take; `folder`, where they lie, only renews the entry."""
    return data.obtain(name, download=False, **dict(options))


def learn(task: Task, recipe: Recipe, step_seconds: float) -> None:
    """Remember what a real run took: it knows better than a few timed batches."""
    with _lock:
        paths.cache().mkdir(parents=True, exist_ok=True)
        write_json(_file(), {**_remembered(), _key(task, recipe): step_seconds})


def known(task: Task, recipe: Recipe) -> bool:
    """Whether `price` would answer at once."""
    return _key(task, recipe) in _remembered()


def blocked() -> bool:
    """Whether a training runs here now, so that nothing should be timed."""
    return any(r.status().state == "running" for r in runs.every())


def _file():  # noqa: ANN202
    return paths.cache() / "prices.json"


def _remembered() -> dict:
    value = read_json(_file())
    return value if isinstance(value, dict) else {}


def _key(task: Task, recipe: Recipe) -> str:
    """Everything that changes the time of a step."""
    values = {
        "task": task.name, "threads": recipe.resolved().threads, "machine": machine.processor(),
        **({"cards": cards} if (cards := machine.graphics_cards()) else {}),
        **recipe.model_dump(exclude={*_FREE, "threads"}),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _step_seconds(task: Task, recipe: Recipe, dataset: data.DataSet) -> float:
    key = _key(task, recipe)
    with _lock:
        value = _remembered().get(key)
        if isinstance(value, float):
            return value
        value = _measure(task, recipe, dataset)
    learn(task, recipe, value)
    return value


def by_device(task: Task, recipe: Recipe) -> dict[str, float | None]:
    """Images per second in a training on the processor ("cpu") and on the graphics card ("cuda"; None where PyTorch sees none), both
    measured now. Never downloads."""
    import torch

    dataset = _dataset(task.dataset, str(data.find(task.dataset)), tuple(sorted(recipe.part("data").items())))
    with _lock:
        found: dict[str, float | None] = {"cpu": recipe.batch_size / _measure(task, recipe, dataset, "cpu"), "cuda": None}
        if torch.cuda.is_available():
            found["cuda"] = recipe.batch_size / _measure(task, recipe, dataset, "cuda")
    return found


def _measure(task: Task, recipe: Recipe, dataset: data.DataSet, accelerator: str = "auto") -> float:
    """Seconds per step, by the first quartile of a few real ones. What comes between two steps (pictures, validation) does not count."""
    import torch
    from lightning.fabric import Fabric

    from core.training.events import Step

    rng, threads = torch.get_rng_state(), torch.get_num_threads()
    try:
        torch.set_num_threads(recipe.resolved().threads)
        precision = machine.resolve_precision(recipe.precision, "" if accelerator == "auto" else accelerator)
        fabric = Fabric(accelerator=accelerator, devices=1, precision=precision)
        endless = {"limit_train": 0, "max_steps": 0, "epochs": 1000}
        if task.kind == "translation":
            endless |= {"sample_every": 1_000_000}
        else:
            endless |= {"validation": min(recipe.validation, len(dataset.train_x) // 2), "patience": 0}
        trainer = task.trainer_class()(task.model, dataset, recipe.changed(**endless), fabric)
        events, times, begun = trainer.run(), [], time.perf_counter()
        before = begun
        while (event := next(events, None)) is not None:
            now = time.perf_counter()
            if isinstance(event, Step):
                times.append(now - before)
            if _enough(len(times), now - begun):
                break
            before = time.perf_counter()
        # What else the machine does just now only ever adds; the quicker steps tell what an idle one takes.
        return float(np.percentile(times[min(_WARM_UP, len(times) // 2) :], 25))
    finally:
        torch.set_rng_state(rng)
        torch.set_num_threads(threads)


def _enough(steps: int, seconds: float) -> bool:
    """Whether so many steps, timed within so many seconds, tell the price."""
    wanted = ((_STEPS + _WARM_UP, _SECONDS), (_FEWEST, _PATIENCE), (1, _DEADLINE))
    return any(steps >= fewest and seconds > after for fewest, after in wanted)
