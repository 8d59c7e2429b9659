"""Stories of the lessons on the train page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.runs.store import Run


def test_the_lesson_on_scaling_starts_three_runs(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-softmax", recipe="full")
    page.at.session_state["lesson-scaling-mnist-softmax"] = True
    page.run()
    assert page.says("divided by 255")
    page.press("Start three runs")
    assert [run.recipe.input_scaling for run in launched] == ["bytes", "unit", "standardized"]
    assert len({run.config["sweep"] for run in launched}) == 1
    assert page.at.query_params["sweep"] == launched[0].config["sweep"]


def test_the_lesson_on_a_preset_trains_with_it_and_without(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-cnn")
    page.at.session_state["lesson-preset-mnist-cnn-one-cycle"] = True
    page.run()
    assert page.says("the learning rate rises over the first 30% of the steps")
    page.press("Train both")
    assert [run.recipe.schedule for run in launched] == ["none", "one-cycle"]
    assert page.at.query_params["sweep"] == launched[0].config["sweep"] == launched[1].config["sweep"]


def test_a_preset_is_chosen_beside_quick_and_full(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-cnn", recipe="one-cycle")
    assert page.at.number_input("mnist-cnn.one-cycle.epochs").value == 10
    page.set("mnist-cnn.one-cycle.epochs", 3).press("Start training")
    [run] = launched
    assert (run.recipe.schedule, run.recipe.epochs, run.recipe.limit_train) == ("one-cycle", 3, 0)
    other = visit("train", task="mnist-softmax", recipe="one-cycle")
    assert other.at.number_input("mnist-softmax.quick.epochs").value == 2


def test_tables_have_no_pixels_to_scale(visit: Callable) -> None:
    page = visit("train", task="boston-mlp")
    assert not page.says("scaling of the pixels") and not page.says("augmentation does")


@pytest.mark.parametrize("cuda", [None, 5000.0])
def test_processor_against_graphics_card(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, cuda: float | None
) -> None:
    from core.analysis import runtime_estimate

    monkeypatch.setattr(
        runtime_estimate, "throughput_by_device", lambda task, recipe: {"cpu": 1000.0, "cuda": cuda}
    )
    page = visit("train", task="mnist-softmax", recipe="full")
    page.at.session_state["lesson-devices-mnist-softmax"] = True
    page.run()
    assert not page.says("1,000")
    page.press("Measure throughput")
    assert page.says("1,000 samples/s")
    assert page.says("5,000 samples/s") if cuda else page.says("not measured")


def test_the_preview_of_augmentation(visit: Callable) -> None:
    page = visit("train", task="cifar10-best")
    page.at.session_state["augmentation-cifar10-best"] = True
    page.run()
    assert page.says("All enabled augmentations") and page.says("off in this recipe")
    page.press("Resample")
    assert page.says("Cutout")
