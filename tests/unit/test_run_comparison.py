"""What the table of runs says of a log, held against the trainers that wrote it."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric

from core import data, tasks
from core.analysis import run_comparison
from core.training.events import EpochEnd
from tests import factories

HELD = {"threads": 1, "precision": "32-true", "epochs": 6, "limit_train": 40, "batch_size": 8}
CHANGES = {
    "mnist-softmax": {"num_validation": 40, "learning_rate": 2.0},
    "boston-mlp": {"num_validation": 20, "learning_rate": 0.2},
    "cyclegan-light": {"num_validation": 3},
}


def trained(name: str, classifier: object = None):  # noqa: ANN201
    """A trainer at the end of a short training, and its log."""
    task = tasks.get_task(name)
    recipe = task.recipe.changed(**{**HELD, **factories.SMALL.get(name, {}), **CHANGES[name]})
    torch.set_num_threads(1)
    dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
    trainer = task.trainer_class()(
        task.model, dataset, recipe, Fabric(accelerator="cpu", devices=1, precision="32-true")
    )
    if classifier and name.startswith("cyclegan"):
        trainer.use_domain_classifier(classifier)
    ends = [e for e in trainer.run() if isinstance(e, EpochEnd)]
    return trainer, pd.DataFrame([{"epoch": float(e.epoch), **e.metrics} for e in ends])


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.slow
def test_the_best_epoch_is_the_trainers_own(name: str) -> None:
    rates = itertools.cycle([0.2, 0.7, 0.9, 0.4, 0.6])  # it fluctuates between epochs

    def classifier(photos: torch.Tensor) -> np.ndarray:
        return np.linspace(0, 1, len(photos)) * next(rates)

    trainer, log = trained(name, classifier)
    found = run_comparison.find_best_epoch(log)
    assert found.epoch == trainer.best["epoch"] < 6
    sign = -1 if found.score.higher_is_better else 1
    assert sign * found.value == pytest.approx(trainer.best["rank"][0])
    assert set(found.score.validation) | {found.score.tie_breaker} <= set(trainer.metric_names)


@pytest.mark.slow
def test_without_a_classifier_the_newest_translation_counts() -> None:
    trainer, log = trained("cyclegan-light")
    assert run_comparison.find_best_epoch(log) == run_comparison.BestEpoch(6.0) and trainer.best["epoch"] == 6


def test_nothing_validated_has_no_best() -> None:
    assert (
        run_comparison.find_best_epoch(pd.DataFrame({"epoch": [0.5, 1.0], "train/loss": [2.0, 1.0]})) is None
    )


def test_the_figure_that_stands_for_a_test() -> None:
    both = {"cycle_error": 0.1, "fool_rate_a2b": 0.8, "fool_rate_b2a": 0.6}
    assert run_comparison.primary_test_metric(both) == ("fool_rate", 0.6)
    assert run_comparison.primary_test_metric({"cycle_error": 0.1}) == ("cycle_error", 0.1)
    assert (
        run_comparison.primary_test_metric({"rmse": 3.0, "mae": 2.0}) == ("rmse", 3.0)
        and run_comparison.primary_test_metric({}) is None
    )
