"""The Architecture page: summaries, changed options, and training a model."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from core.runs import queue

if TYPE_CHECKING:
    from tests.app.conftest import Page

LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])


def drawing(page: Page) -> dict[str, Any]:
    """What the block drawing was given."""
    [found] = [c for c in page.at.get("bidi_component") if c.proto.component_name == "manabi_block_drawing"]
    return json.loads(found.proto.json)


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
    "net", ["cifar10-sandbox", "cifar10-inception", "mnist-cnn", "boston-mlp", "cyclegan-light"]
)
def test_a_model_is_summarized(visit: Callable, net: str, language: str) -> None:
    page = visit("architecture", language, net=net)
    assert not page.errors and page.says("Parameters") and page.metrics[page.word("Weighted layers")]
    [table] = [e.value for e in page.at.dataframe]
    weighted = int(page.metrics[page.word("Weighted layers")])
    assert len(table) == weighted and (table[page.word("MACs")] > 0).all()
    first = table[page.word("layer")].iloc[0]
    assert first.startswith((page.word("Convolution"), page.word("Fully connected"))) and "→" in first
    page.set("layer-detailed", True)
    [table] = [e.value for e in page.at.dataframe]
    assert len(table) > weighted


def test_a_change_shows_its_cost_and_impossible_options_are_explained(visit: Callable) -> None:
    page = visit("architecture", net="cifar10-sandbox")
    assert not any(m.delta for m in page.at.metric)
    assert "**blocks.5** (49%) has the most parameters, **blocks.1** (24%) the most MACs" in page.text
    page.set("net.cifar10-sandbox.width", 64)
    said = "**Width (filters) 32 → 64**: parameters ×3.98, MACs ×3.96, activation memory ×2. The MACs change most in **blocks.1**"
    assert said in page.text
    deltas = {m.label: m.delta for m in page.at.metric}
    assert deltas["MACs"] == "+296%" and deltas["Parameters"] == "+298%" and not deltas["Weighted layers"]
    assert {m.label: m.proto.delta_description for m in page.at.metric}["MACs"] == "vs. 39.7 M"
    drawn = drawing(page)
    assert (
        len(drawn["ghosts"]) == 9
    )  # of every convolution and of the pooling; the input and the head kept their shape
    page.set("layer-detailed", True)
    assert drawing(page)["ghosts"] == drawn["ghosts"]
    page.set("net.cifar10-sandbox.width", 32)
    assert {m.label: m.delta for m in page.at.metric}["MACs"] == "-75%"
    page.set("net.cifar10-sandbox.padding", False)
    assert any("Turn on padding" in w for w in page.warnings) and not page.errors
    page.set("net.cifar10-sandbox.skip", False)
    page.set("net.cifar10-sandbox.depth", 24)
    assert any("Use fewer blocks" in w for w in page.warnings) and not page.errors


def test_the_output_memory_of_a_layer_is_that_of_its_shape_and_what_it_leaves_out_is_said(
    visit: Callable,
) -> None:
    page = visit("architecture", net="cifar10-sandbox")
    page.set("layer-column", "activation")
    [table] = [e.value for e in page.at.dataframe]
    sizes = [4 * math.prod(map(int, shape.split("×"))) / 1e3 for shape in table["output shape"]]
    assert list(table["Output memory (kB)"]) == pytest.approx(sizes, rel=1e-3)
    left_out = "Only the outputs of the layers shown: 0.557 MB of 1.48 MB."
    assert left_out in page.text
    page.set("layer-detailed", True)
    assert left_out not in page.text


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


def test_an_opened_block_shows_its_strongest_channels(visit: Callable) -> None:
    page = visit("architecture", net="mnist-cnn", block="conv.0")
    maps = drawing(page)["maps"]
    assert (
        maps["title"] == "Convolution 5×5, 1 → 32 · conv.0"
        and len(maps["tiles"]) == 12
        and not maps["values"]
    )
    assert "mnist-cnn" in maps["notes"][-1] and "28×28" in maps["notes"][0]
    page = visit("architecture", net="mnist-cnn", block="head")
    maps = drawing(page)["maps"]
    assert not maps["tiles"] and {v["label"] for v in maps["values"]} <= set("0123456789")
    page = visit("architecture", net="mnist-cnn", block="gone")
    assert drawing(page)["maps"] is None and not page.errors


def test_random_weights_are_called_random(visit: Callable) -> None:
    page = visit("architecture", net="mnist-cnn", block="conv.0", **{"net.mnist-cnn.width": "8"})
    maps = drawing(page)["maps"]
    assert maps["notes"][-1].endswith(
        page.word(
            "Random weights: there is no checkpoint with these settings. Train the model to see learned features."
        )
    )
    assert len(maps["tiles"]) == 8 and drawing(page)["ghosts"]


def test_both_networks_of_a_translation_are_drawn(visit: Callable) -> None:
    page = visit("architecture", net="cyclegan-light", block="to_rgb.1")
    assert drawing(page)["maps"]["tiles"][0]["label"] == "all channels"
    page = visit("architecture", net="cyclegan-light", part="Discriminator")
    assert [b["name"] for b in drawing(page)["blocks"]][1:] == [f"layers.{n}" for n in (0, 2, 5, 8, 11)]
    assert not page.errors


def test_another_example_is_shown(visit: Callable) -> None:
    page = visit("architecture", net="mnist-cnn")
    first = drawing(page)["blocks"][0]["src"]
    page.press("Next example")
    assert drawing(page)["blocks"][0]["src"] != first and page.at.query_params["example"] == "1"
