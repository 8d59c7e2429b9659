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
