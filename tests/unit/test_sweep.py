"""Sweeps queue one run per distinct combination, and promise as many."""

from __future__ import annotations

import pytest

from core import tasks
from core.analysis import sweep


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        ({"learning_rate": "0.1, 0.1"}, 1),
        ({"learning_rate": "0.1, 0.10, 1e-1"}, 1),
        ({"learning_rate": "0.1, 0.2", "batch_size": "32、64"}, 4),
        ({"learning_rate": ""}, 1),
        ({"learning_rate": "abc, abc, 0.1"}, 2),
    ],
    ids=["twice", "three spellings", "two fields", "empty", "not a number"],
)
def test_a_sweep_counts_distinct_values(texts: dict[str, str], count: int) -> None:
    assert sweep.count_runs(tasks.get_task("mnist-mlp").recipe, texts) == count


def test_equal_combinations_are_one_run() -> None:
    recipe = tasks.get_task("mnist-mlp").recipe
    recipes = sweep.expand_grid(recipe, {"learning_rate": [0.1, 0.1], "batch_size": [32, 64, 32]})
    assert [(r.learning_rate, r.batch_size) for r in recipes] == [(0.1, 32), (0.1, 64)]
