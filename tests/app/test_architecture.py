"""The Architecture page: summaries, changed options, and training a model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.runs import queue

LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])


@LANGUAGES
def test_a_link_to_a_model_that_is_too_large(visit: Callable, language: str) -> None:
    page = visit(
        "architecture",
        language,
        net="cifar10-vgg",
        **{"net.cifar10-vgg.width": "512", "net.cifar10-vgg.depth": "19"},
    )
    assert (
        page.says(
            "This model would have {count}M parameters; the limit is {most}M. Choose a smaller width or depth."
        )
        and not page.errors
    )


@LANGUAGES
@pytest.mark.parametrize(
    "net", ["cifar10-sandbox", "cifar10-inception", "cifar10-mlp", "mnist-cnn", "fruit-classifier"]
)
def test_a_model_is_summarized(visit: Callable, net: str, language: str) -> None:
    page = visit("architecture", language, net=net)
    assert (
        not page.errors
        and page.says("Parameters")
        and page.metrics[page.word("Convolutional and fully connected layers")]
    )
    [table] = [e.value for e in page.at.dataframe]
    assert len(table) >= 5


def test_a_change_shows_its_cost_and_impossible_options_are_explained(visit: Callable) -> None:
    page = visit("architecture", net="cifar10-sandbox")
    page.set("net.cifar10-sandbox.width", 64)
    assert page.says("{factor}× the MACs of the original model")
    page.set("net.cifar10-sandbox.padding", False)
    assert any("Turn on padding" in w for w in page.warnings) and not page.errors
    page.set("net.cifar10-sandbox.skip", False)
    page.set("net.cifar10-sandbox.depth", 24)
    assert any("Use fewer blocks" in w for w in page.warnings) and not page.errors


@pytest.mark.parametrize("value", [0, 100_000])
def test_an_option_out_of_bounds_disables_training(visit: Callable, value: int) -> None:
    page = visit("architecture", net="cifar10-sandbox")
    page.set("net.cifar10-sandbox.width", value)
    [button] = [b for b in page.at.button if b.key == "train-this"]
    assert button.disabled and page.says("Enter {allowed}.") and not page.errors
    page.set("net.cifar10-sandbox.width", 16)
    [button] = [b for b in page.at.button if b.key == "train-this"]
    assert not button.disabled and not page.says("Enter {allowed}.")


def test_training_for_a_minute(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.analysis import runtime_estimate

    started = []
    monkeypatch.setattr(queue, "_launch_process", started.append)
    monkeypatch.setattr(
        runtime_estimate,
        "estimate_runtime",
        lambda *a: runtime_estimate.RuntimeEstimate(0.5, 100, 100, 50, ""),
    )
    page = visit("architecture", net="cifar10-sandbox")
    page.set("net.cifar10-sandbox.depth", 3)
    [button] = [b for b in page.at.button if b.key == "train-this"]
    button.click()
    page.run()
    [run] = started
    assert (
        run.task_name == "cifar10-sandbox"
        and run.recipe.depth == 3
        and run.recipe.max_steps == 120
        and run.recipe.epochs == 2
    )
