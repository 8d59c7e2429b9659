"""Stories of hyperparameter sweeps on the train page."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from core.files import write_json
from core.runs import store
from core.runs.store import Run
from tests import factories
from ui.kit import cache, matrix_charts


def test_a_sweep_queues_a_run_for_every_combination(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-softmax", recipe="full")
    page.set("sweep-values-1-learning_rate", "0.001, 0.01、0.1")
    page.set("sweep-field-2", "optimizer")
    page.set("sweep-values-2-optimizer", "sgd, adam")
    page.press("Queue 6 runs")
    assert {(r.recipe.learning_rate, r.recipe.optimizer) for r in launched} == {
        (x, o) for x in (0.001, 0.01, 0.1) for o in ("sgd", "adam")
    }
    assert page.at.query_params["sweep"] == launched[0].config["sweep"]
    assert page.says("{done} of {count} runs finished", done=0, count=6)


def test_a_sweep_that_has_run_ends_in_a_table(visit: Callable) -> None:
    made = [factories.finished("mnist-softmax", learning_rate=x) for x in (0.001, 0.01)]
    for run in made:
        write_json(run.path / "config.json", {**run.config, "sweep": "s1", "sweep_fields": ["learning_rate"]})
    page = visit("train", sweep="s1")
    assert page.says("Sweep over {fields}", fields="Learning rate")
    [table] = [d.value for d in page.at.dataframe]
    assert list(table["learning_rate"]) == [0.001, 0.01]
    best = [cache.run_metrics(run)["val/accuracy"].max() for run in made]
    assert list(table["validation"]) == best and list(table["test"]) == [0.9, 0.9]
    assert visit("train", run=made[0].id).says("View sweep")


def test_a_setting_is_chosen_by_the_validation_part_alone(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, sweep = [], matrix_charts.sweep_chart
    monkeypatch.setattr(
        matrix_charts,
        "sweep_chart",
        lambda table, x, y, *rest, **more: drawn.append(y) or sweep(table, x, y, *rest, **more),
    )
    made = [factories.finished("mnist-softmax", learning_rate=x) for x in (0.001, 0.01)]
    for run in made:
        write_json(run.path / "config.json", {**run.config, "sweep": "s1", "sweep_fields": ["learning_rate"]})
    assert not visit("train", sweep="s1").says("No validation set was held out") and drawn == ["validation"]
    for run in made:
        log = pd.read_csv(run.path / "metrics.csv")
        log[[c for c in log if c.startswith("val/")]] = None
        log.to_csv(run.path / "metrics.csv", index=False)
    assert visit("train", sweep="s1").says("No validation set was held out") and drawn == ["validation"]


def test_a_double_click_queues_a_sweep_once_and_a_new_run_takes_its_place(
    visit: Callable, launched: list[Run]
) -> None:
    page = visit("train", task="mnist-softmax", recipe="full")
    page.press("Queue 3 runs")
    page.press("Queue 3 runs")
    assert len(launched) == 3
    page.at.session_state["_started"] = 0.0
    page.press("Start training")
    assert len(launched) == 4 and "sweep" not in page.at.query_params


@pytest.mark.parametrize("values", ["much", "0.1, -3", ", ".join(str(i / 100) for i in range(1, 30))])
def test_a_sweep_with_a_wrong_value_is_a_sentence(visit: Callable, launched: list[Run], values: str) -> None:
    page = visit("train", task="mnist-softmax", recipe="full")
    page.set("sweep-values-1-learning_rate", values)
    page.at.button("sweep-start").click()
    page.run()
    [expander] = [e for e in page.at.expander if e.label == "Hyperparameter sweep"]
    assert len(expander.error) == 1 and len(page.errors) == 1
    assert not page.run().errors
    assert not launched
    assert not store.list_runs()


def test_an_unknown_sweep_is_said_and_leaves_the_link(visit: Callable) -> None:
    page = visit("train", sweep="nothing")
    assert page.warnings == ["Sweep nothing not found."]
    assert "sweep" not in page.at.query_params
    assert page.says("Your run will appear here")
