"""The price of a training: steps are timed, whatever else the trainer publishes between them."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import data, paths, tasks
from core.analysis import runtime_estimate
from core.runs import step_times
from core.task_spec import Task
from core.training.events import Done, EpochEnd, Event, Sample, Step
from core.training.recipe import num_cores
from core.training.supervised import SupervisedTrainer
from tests import factories

MANY = 200
"""Events after which a measurement that has not ended never does."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_estimate, "_TARGET_SECONDS", 0.0)
    monkeypatch.setattr(runtime_estimate, "_MAX_SECONDS", 0.0)


def measured(monkeypatch: pytest.MonkeyPatch, task: Task, **changes: object) -> tuple[float, list[Event]]:
    """The seconds per step of the task's quick recipe on its stand-in data, and the events that it took."""
    recipe = task.quick_recipe().changed(
        threads=1, precision="32-true", **{**factories.SMALL.get(task.name, {}), **changes}
    )
    trainer, seen = task.trainer_class(), []
    if not isinstance(trainer, type):  # a function that chooses between the supervised ones
        trainer = SupervisedTrainer
    run = trainer.run

    def watched(self: object) -> Iterator[Event]:
        for event in itertools.islice(run(self), MANY):
            seen.append(event)
            yield event
        pytest.fail("the measurement does not end")

    monkeypatch.setattr(trainer, "run", watched)
    dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
    return runtime_estimate._measure_step_seconds(task, recipe, dataset), seen


@pytest.mark.parametrize("task", tasks.TASKS, ids=lambda t: t.name)
@pytest.mark.slow
def test_the_quick_recipe_of_every_task_has_a_price_after_a_few_steps(
    monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    seconds, seen = measured(monkeypatch, task)
    assert 0 < seconds < float("inf")
    assert (
        sum(isinstance(e, Step) for e in seen)
        <= runtime_estimate._TIMED_STEPS + runtime_estimate._WARMUP_STEPS
    )


def test_one_step_an_epoch_has_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, seen = measured(monkeypatch, tasks.get_task("boston-mlp"), batch_size=400)
    assert seconds > 0 and [type(e) for e in seen[:3]] == [Step, EpochEnd, Step]


class Scripted:
    """A trainer that publishes the given events, each after a given time on `clock`."""

    script: tuple[tuple[Event, float], ...] = ()
    clock = 0.0

    def __init__(self, *_: object) -> None:
        Scripted.clock = 0.0

    def run(self) -> Iterator[Event]:
        for event, seconds in self.script:
            Scripted.clock += seconds
            yield event


STEP, LOOK, END = Step(1, 0.1, 1, {}), Sample(1, 0.1, {}), EpochEnd(1, 1, 1, {}, True, None)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    monkeypatch.setattr(Task, "trainer_class", lambda self: Scripted)
    monkeypatch.setattr(runtime_estimate.time, "perf_counter", lambda: Scripted.clock)
    return Scripted


def scripted_price() -> float:
    task = tasks.get_task("cyclegan-light")
    return runtime_estimate._measure_step_seconds(
        task, task.quick_recipe(), data.load_dataset("boston", download=False)
    )


def test_what_lies_between_two_steps_does_not_count(scripted: type[Scripted]) -> None:
    scripted.script = ((LOOK, 1.0), *([(STEP, 0.1), (LOOK, 1.0), (END, 1.0)] * 20))
    assert scripted_price() == pytest.approx(0.1)


def test_after_the_deadline_one_step_is_enough(scripted: type[Scripted]) -> None:
    scripted.script = ((LOOK, 1.0), (STEP, 90.0), (STEP, 50.0))
    assert scripted_price() == 90.0 and scripted.clock == 91.0


def test_a_training_that_ends_early_is_priced_by_what_there_was(scripted: type[Scripted]) -> None:
    scripted.script = ((STEP, 9.0), (END, 1.0), (STEP, 0.2), (END, 1.0), (Done(2, 2, "epochs"), 0.0))
    assert scripted_price() == pytest.approx(0.2)


@pytest.mark.parametrize(("seconds", "steps", "epochs"), [(10, 100, 7), (0.01, 1, 1), (1e6, 16_000, 1000)])
def test_a_time_becomes_steps_but_no_more_than_a_recipe_may_have(
    seconds: float, steps: int, epochs: int
) -> None:
    recipe = runtime_estimate.RuntimeEstimate(0.1, 16, 100, 10, "").with_time_limit(
        tasks.get_task("boston-mlp").recipe, seconds
    )
    assert (recipe.max_steps, recipe.epochs) == (steps, epochs)


# ---- what is kept ----------------------------------------------------------------------------------------------------


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Measured seconds per step, popped from the end; the machine is as busy as `load` says."""
    values = [0.3, 0.2, 0.1]
    monkeypatch.setattr(runtime_estimate, "_measure_step_seconds", lambda *_: values.pop())
    return values


def with_load(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    @contextmanager
    def load() -> Iterator[Callable[[], float]]:
        yield lambda: share

    monkeypatch.setattr(runtime_estimate, "_other_load", load)


def test_a_measurement_on_an_idle_machine_is_kept(
    monkeypatch: pytest.MonkeyPatch, measurements: list[float]
) -> None:
    task = tasks.get_task("boston-mlp")
    with_load(monkeypatch, 0.0)
    first = runtime_estimate.estimate_runtime(task, task.recipe)
    assert (first.step_seconds, first.is_provisional) == (0.1, False)
    assert runtime_estimate.estimate_runtime(task, task.recipe) == first and measurements == [0.3, 0.2]


def test_a_measurement_beside_other_work_is_provisional_and_repeated(
    monkeypatch: pytest.MonkeyPatch, measurements: list[float]
) -> None:
    task = tasks.get_task("boston-mlp")
    with_load(monkeypatch, 0.9)
    busy = runtime_estimate.estimate_runtime(task, task.recipe)
    assert (busy.step_seconds, busy.is_provisional) == (0.1, True)
    assert step_times.find(task, task.recipe) is None and runtime_estimate.is_cached(task, task.recipe)
    assert runtime_estimate.estimate_runtime(task, task.recipe) == busy, "within a minute"
    monkeypatch.setattr(runtime_estimate, "_PROVISIONAL_SECONDS", 0.0)
    with_load(monkeypatch, 0.0)
    idle = runtime_estimate.estimate_runtime(task, task.recipe)
    assert (idle.step_seconds, idle.is_provisional) == (0.2, False)


def test_a_real_run_replaces_a_provisional_measurement(
    monkeypatch: pytest.MonkeyPatch, measurements: list[float]
) -> None:
    task = tasks.get_task("boston-mlp")
    with_load(monkeypatch, 0.9)
    assert runtime_estimate.estimate_runtime(task, task.recipe).is_provisional
    step_times.record(task, task.recipe, 0.05)
    real = runtime_estimate.estimate_runtime(task, task.recipe)
    assert (real.step_seconds, real.is_provisional) == (0.05, False)


def test_measurements_of_earlier_versions_are_ignored(
    monkeypatch: pytest.MonkeyPatch, measurements: list[float], own_world: Path
) -> None:
    task = tasks.get_task("boston-mlp")
    with_load(monkeypatch, 0.0)
    paths.cache().mkdir(parents=True)
    key = step_times.cache_key(task, task.recipe)
    (paths.cache() / "prices.json").write_text(json.dumps({key: 99.0}))
    assert runtime_estimate.estimate_runtime(task, task.recipe).step_seconds == 0.1


@pytest.mark.slow
def test_the_load_of_other_processes_is_seen() -> None:
    spin = [sys.executable, "-c", "while True: pass"]
    with runtime_estimate._other_load() as load:
        others = [subprocess.Popen(spin) for _core in range(num_cores())]
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            time.sleep(0.1)
        for other in others:
            other.kill()
            other.wait()
    assert load() > runtime_estimate._MAX_OTHER_LOAD
