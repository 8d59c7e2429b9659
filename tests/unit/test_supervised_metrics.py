"""Metrics that the supervised trainer publishes, and how a training ends."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch

from core.training.events import Done, EpochEnd, Step
from tests.unit.test_supervised_trainer import make

pytestmark = pytest.mark.slow


def test_epoch_figures_are_means_over_the_examples_of_the_epoch() -> None:
    trainer = make("mnist-softmax", epochs=1)
    events = list(trainer.run())
    steps, end = [e for e in events if isinstance(e, Step)], events[-2]
    sizes = [32] * 6 + [8]
    for name in ("loss", "accuracy"):
        mean = np.average([e.metrics[f"train/{name}"] for e in steps], weights=sizes)
        assert end.metrics[f"train/{name}_epoch"] == pytest.approx(mean, rel=1e-6)


def test_validation_figures_by_hand() -> None:
    trainer = make("mnist-softmax", epochs=1)
    end = [e for e in trainer.run() if isinstance(e, EpochEnd)][-1]
    x, y = trainer.validation.inputs(slice(None)), trainer.validation.y
    with torch.no_grad():
        logits = trainer.module.eval()(x)
    assert end.metrics["val/accuracy"] == pytest.approx(float((logits.argmax(1) == y).float().mean()))
    assert end.metrics["val/loss"] == pytest.approx(
        float(torch.nn.functional.cross_entropy(logits, y)), rel=1e-5
    )


def test_regression_figures_are_in_the_targets_own_unit() -> None:
    trainer = make("boston-mlp", epochs=3, limit_train=0, num_validation=80)
    end = [e for e in trainer.run() if isinstance(e, EpochEnd)][-1]
    scale = trainer.output_scale()
    with torch.no_grad():
        out = (
            trainer.module.eval()(trainer.validation.inputs(slice(None)))[:, 0] * scale["std"] + scale["mean"]
        )
    rmse = float((out - trainer.validation.y).square().mean().sqrt())
    assert end.metrics["val/rmse"] == pytest.approx(rmse, rel=1e-4)
    np.testing.assert_allclose(end.probe[:, 0], out[:8], rtol=1e-4)


def test_the_rate_that_is_published_is_the_one_that_was_used() -> None:
    trainer = make("mnist-softmax", schedule="cosine", learning_rate=0.1)
    rates = [e.metrics["lr"] for e in trainer.run() if isinstance(e, Step)]
    np.testing.assert_allclose(rates, [0.05 * (1 + math.cos(math.pi * i / 14)) for i in range(14)], rtol=1e-6)


def test_steps_at_most_end_it_in_the_middle_of_an_epoch() -> None:
    trainer = make("mnist-softmax", max_steps=10, epochs=5)
    events = list(trainer.run())
    assert events[-1] == Done(10, events[-1].best_epoch, "steps")
    assert [e.epoch for e in events if isinstance(e, EpochEnd)] == [1, 2] and trainer.total_epochs == 2
    assert trainer.images_seen == len(trainer.train) + 3 * trainer.recipe.batch_size


def test_early_stopping_waits_for_its_patience_and_names_the_best_epoch() -> None:
    trainer = make(
        "mnist-mlp", patience=2, epochs=200, learning_rate=0.01, optimizer="adam", dropout=0.0, limit_train=60
    )
    events = list(trainer.run())
    ends = [e for e in events if isinstance(e, EpochEnd)]
    assert events[-1].reason == "early stopping" and len(ends) < 200
    found = [e.metrics["val/loss"] for e in ends]
    assert min(found) == found[-3], "the last two epochs were not better than the third last"
    best = [e.epoch for e in ends if e.best][-1]
    assert events[-1].best_epoch == best
    top = max(ends, key=lambda e: (e.metrics["val/accuracy"], -e.metrics["val/loss"]))
    assert top.epoch == best


def test_a_training_that_is_over_only_says_so() -> None:
    trainer = make("mnist-softmax")
    list(trainer.run())
    again = make("mnist-softmax")
    again.load_state(copy.deepcopy(trainer.state()))
    assert list(again.run()) == [Done(14, trainer.best["epoch"], "epochs")]
