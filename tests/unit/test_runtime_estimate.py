"""The price of a training: steps are timed, whatever else the trainer publishes between them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from core import data, tasks
from core.analysis import runtime_estimate
from core.task_spec import Task
from core.training.events import Done, EpochEnd, Event, Sample, Step
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
    """A trainer that publishes what it is told, each event after so many seconds of `clock`."""

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
