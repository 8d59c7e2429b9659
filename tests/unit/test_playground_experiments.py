"""The results that the experiments of the playground describe are what their settings lead to."""

from __future__ import annotations

import dataclasses

import pytest

from core.lessons.playground import data_sets
from core.lessons.playground.experiments import EXPERIMENTS
from core.lessons.playground.settings import Settings
from core.lessons.playground.training import Frame, Trainer

BY_ID = {e.id: e for e in EXPERIMENTS}


def run(settings: Settings, epochs: int) -> Frame:
    trainer = Trainer(settings, data_sets.make_points(settings))
    for _ in range(epochs * trainer.steps_per_epoch):
        trainer.step()
    return trainer.frame()


def test_there_are_ten_with_an_answer_each() -> None:
    assert len(BY_ID) == 10
    assert all(0 <= e.answer < len(e.options) for e in EXPERIMENTS)


@pytest.mark.slow
def test_the_shapes_of_boundaries() -> None:
    assert run(BY_ID["line"].settings, 60).train_accuracy < 0.7
    two = BY_ID["enclose"].settings
    assert run(two, 150).test_accuracy < 0.9 < run(dataclasses.replace(two, hidden=(3,)), 150).test_accuracy
    assert run(BY_ID["features"].settings, 60).test_accuracy == 1


@pytest.mark.slow
def test_what_goes_wrong() -> None:
    frame = run(BY_ID["rate"].settings, 1)
    assert frame.has_failed and frame.step < 20
    zeros = run(BY_ID["zeros"].settings, 60)
    assert set(zeros.gradient_norms) == {0.0} and zeros.test_accuracy < 0.7
    sigmoid = BY_ID["vanishing"].settings
    first, *_, last = run(sigmoid, 1).gradient_norms
    assert (
        last > 1000 * first
        and run(dataclasses.replace(sigmoid, activation="relu"), 1).gradient_norms[0] > 50 * first
    )
    assert 10 <= sum(run(BY_ID["dead"].settings, 40).dead_units) <= 22


@pytest.mark.slow
def test_overfitting_and_its_cure() -> None:
    settings = BY_ID["overfitting"].settings
    plain = run(settings, 200)
    best, epoch = min((test, epoch) for epoch, _train, test in plain.history)
    assert plain.test_loss > 1.3 * best and epoch < 60
    name, value = BY_ID["l2"].compare
    cured = run(dataclasses.replace(settings, **{name: value}), 200)
    assert cured.test_loss < plain.test_loss and cured.train_loss > plain.train_loss
