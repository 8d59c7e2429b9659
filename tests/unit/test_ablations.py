"""Ablations: what is switched changes the model or its input and nothing else, and the measured curves are what the Glossary shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import data, glossary, tasks
from core.analysis import ablations
from core.messages import UserError

pytestmark = pytest.mark.slow


def build(model: str, shape: tuple[int, ...], **options: object):
    from core.models import create_model

    return create_model(model, shape, 10, **options)


def test_batch_norm_and_pooling_are_switches_of_the_notes_cnn() -> None:
    import torch
    from torch import nn

    def layers(**options: object) -> list[type]:
        return [type(m) for m in build("notes_cnn", (1, 28, 28), **options).conv]

    assert layers() == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d]
    assert layers(batch_norm=False) == [nn.Conv2d, nn.Identity, nn.ReLU, nn.MaxPool2d]
    assert layers(pooling="average")[3] is nn.AvgPool2d
    whole = build("notes_cnn", (1, 28, 28), pooling="none")
    assert whole.head.in_features == 32 * 28 * 28
    assert whole(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize("depth", [20, 56])
def test_the_cifar_resnet_has_its_depth_with_and_without_skip_connections(depth: int) -> None:
    import torch
    from torch import nn

    with torch.device("meta"):
        plain, residual = (
            build("resnet", (3, 32, 32), depth=depth, width=16, skip=skip) for skip in (False, True)
        )
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in plain.modules()) == depth
    assert [stage[0].body[0][0].out_channels for stage in plain.stages] == [16, 32, 64]
    assert sum(isinstance(m, nn.Conv2d) for m in residual.modules()) == depth - 1 + 2  # two projections


def test_symmetric_scaling_gives_inputs_from_minus_one_to_one() -> None:
    from core.training.batches import Batches

    found = data.load_dataset("mnist", download=False, input_scaling="symmetric")
    x = Batches(found, found.train_x, found.train_y).inputs(slice(None))
    assert (float(x.min()), float(x.max())) == pytest.approx((-1, 1), abs=1e-6)


def test_the_dataloader_gives_the_same_losses() -> None:
    from lightning_fabric import Fabric

    from core.training.events import Step
    from core.training.supervised import SupervisedTrainer

    task = tasks.get_task("mnist-cnn")
    losses = {}
    for batching in ("tensors", "dataloader"):
        recipe = task.recipe.changed(
            epochs=2, limit_train=150, num_validation=50, batching=batching, precision="32-true"
        )
        dataset = data.load_dataset("mnist", download=False)
        fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
        events = SupervisedTrainer(task.model, dataset, recipe, fabric).run()
        losses[batching] = [e.metrics["train/loss"] for e in events if isinstance(e, Step)]
    assert losses["dataloader"] == pytest.approx(losses["tensors"], rel=1e-5) and len(losses["tensors"]) == 6


@pytest.mark.parametrize("name", [a.name for a in ablations.ABLATIONS])
def test_variants_differ_in_what_they_switch_alone(name: str) -> None:
    ablation = ablations.get_ablation(name)
    glossary.get_term(ablation.term)
    recipes = [ablation.variant_recipe(variant) for variant in ablation.variants]
    switched = {field for variant in ablation.variants.values() for field in variant.changes}
    for recipe in recipes:
        assert set(recipe.difference(recipes[0])) <= switched
    assert len({json.dumps(recipe.model_dump()) for recipe in recipes}) == len(recipes)


def test_unknown_names_and_missing_data_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="batch-norm"):
        ablations.get_ablation("batchnorm")
    with pytest.raises(UserError, match="not installed"):
        measure(tmp_path / "x.json")


def measure(out: Path, seeds: int = 1) -> list[tuple]:
    seen: list[tuple] = []
    ablations.measure(
        ablations.get_ablation("batch-norm"),
        range(seeds),
        None,
        {"epochs": 2, "limit_train": 120, "num_validation": 50},
        out,
        "python -m core ablate batch-norm",
        lambda *shown: seen.append(shown[:3]),
    )
    return seen


def test_a_measurement_is_written_and_goes_on_where_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = data.load_dataset

    def as_real(*arguments: object, **options: object):
        import dataclasses

        return dataclasses.replace(load(*arguments, **options), stand_in_for="")

    monkeypatch.setattr(data, "load_dataset", as_real)
    out = tmp_path / "batch-norm.json"
    assert len(measure(out)) == 4  # two variants, two epochs
    first = json.loads(out.read_text())
    assert measure(out, seeds=2) == [(v, 1, e) for v in ("with", "without") for e in (1, 2)]
    both = json.loads(out.read_text())
    assert both["seeds"] == [0, 1] and both["train"] == 120
    assert [runs[0] for runs in both["runs"].values()] == [runs[0] for runs in first["runs"].values()]
    assert both["runs"]["with"][0] != both["runs"]["with"][1]


@pytest.mark.parametrize("path", sorted(ablations.FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_committed_results_are_complete_and_small(path: Path) -> None:
    assert path.stat().st_size < 50_000
    result = ablations.load_result(path.stem)
    assert result is not None and result.command.startswith(f"python -m core ablate {path.stem}")
    for variant in result.ablation.variants:
        low, high = result.spread(variant)
        assert len(result.runs[variant]) == len(result.seeds) and low <= result.final(variant) <= high
        for metric in ("train_loss", "val_loss", "val_accuracy", "seconds"):
            curve = result.mean_curve(variant, metric)
            assert curve.shape == (result.epochs,) and np.isfinite(curve).all()


def test_the_glossary_shows_the_measured_figures_and_links_to_their_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import re
    from html import unescape
    from urllib.parse import parse_qs, urlsplit

    from ui.glossary import ablation as glossary_ablation

    run = {"train_loss": [0.5, 0.2], "val_loss": [0.4, 0.3], "seconds": [2.0, 2.0]}
    stored = {
        "ablation": "batch-norm",
        "command": "python -m core ablate batch-norm",
        "date": "2026-11-22",
        "data": "MNIST",
        "train": 10_000,
        "validation": 5000,
        "epochs": 2,
        "seeds": [0, 1],
        "runs": {
            "with": [{**run, "val_accuracy": [0.9, last]} for last in (0.96, 0.98)],
            "without": [{**run, "val_accuracy": [0.8, last]} for last in (0.93, 0.95)],
        },
    }
    (tmp_path / "batch-norm.json").write_text(json.dumps(stored))
    monkeypatch.setattr(ablations, "FOLDER", tmp_path)
    shown = glossary_ablation.figures()
    assert set(shown) == {"batch-normalization"}
    figure = unescape(shown["batch-normalization"])
    assert re.search(r"with batch normalization: 97\.\d+% .*; without: 94\.\d+%", figure)
    assert "MNIST, 2026-11-22. Training set: 10,000, epochs: 2, seeds: 2." in figure
    links = [parse_qs(urlsplit(address).query) for address in re.findall(r'href="([^"]+)"', figure)]
    assert [link["mnist-cnn.batch_norm"] for link in links] == [["true"], ["false"]]
    task = tasks.get_task("mnist-cnn")
    for link in links:
        assert link["task"] == ["mnist-cnn"]
        fields = {name.removeprefix("mnist-cnn."): value[0] for name, value in link.items() if "." in name}
        assert set(fields) <= set(task.fields())
