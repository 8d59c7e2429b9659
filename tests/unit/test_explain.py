"""Feature maps and attributions of every network that takes a digit."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest
import torch

from core import models, tasks
from core.checkpoints import Spec
from core.inference import explain
from core.inference.forward_pass import trace_forward
from core.inference.predictor import Predictor
from core.messages import UserError

DIGIT = (1, 28, 28)


NAMES = sorted({t.model for t in tasks.TASKS if t.dataset == "mnist"})


def predictor(name: str) -> Predictor:
    torch.manual_seed(0)
    spec = Spec(
        task="t",
        model=name,
        options={},
        in_shape=DIGIT,
        kind="classification",
        classes=tuple("0123456789"),
        mean=(0.13,),
        std=(0.31,),
        output_mean=0.0,
        output_std=1.0,
        data="none",
    )
    return Predictor(models.create_model(name, DIGIT, 10).eval(), spec)


def digit() -> np.ndarray:
    x = np.zeros((28, 28), np.uint8)
    x[6:22, 12:16] = 255
    x[6:9, 8:20] = 200
    return x


def test_the_registry_has_networks_for_digits() -> None:
    assert {"softmax", "mlp", "lenet5", "notes_cnn", "modern_cnn"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_feature_maps_of_every_layer(name: str) -> None:
    p = predictor(name)
    found = explain.list_feature_layers(p)
    assert bool(found) == any(isinstance(m, torch.nn.Conv2d) for m in p.network.modules())
    for layer in found:
        maps = explain.feature_maps(p, digit(), layer.name)
        assert maps.shape == layer.shape and maps.dtype == np.float32 and np.isfinite(maps).all()
    assert not any(m._forward_hooks for m in p.network.modules())


def test_what_a_layer_gives_is_taken_before_the_next_one_works_in_place() -> None:
    p = predictor("notes_cnn")
    kinds = {
        layer.kind: explain.feature_maps(p, digit(), layer.name) for layer in explain.list_feature_layers(p)
    }
    assert list(kinds) == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
    assert kinds["BatchNorm2d"].min() < 0 <= kinds["ReLU"].min()


@pytest.mark.parametrize("method", explain.METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_attributions(name: str, method: str) -> None:
    p = predictor(name)
    before = p.predict(digit()[None, None])
    values = explain.compute_attribution(p, digit(), 3, method)
    assert values.shape == (28, 28) and values.dtype == np.float32
    assert np.isfinite(values).all() and values.any()
    assert (p.predict(digit()[None, None]) == before).all()
    assert all(w.grad is None for w in p.network.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_integrated_gradients_add_up_to_the_logit(name: str) -> None:
    p = predictor(name)
    with torch.no_grad():
        both = p.network(p.normalize(np.stack([digit(), np.zeros((28, 28), np.uint8)])[:, None]))[:, 7]
    total = explain.compute_attribution(p, digit(), 7).sum()
    assert total == pytest.approx(float(both[0] - both[1]), rel=0.05, abs=0.02)


def test_a_linear_network_is_explained_by_its_weights() -> None:
    p = predictor("softmax")
    weights = p.network.head.weight[4].detach().numpy().reshape(28, 28)
    assert np.allclose(explain.compute_attribution(p, digit(), 4, "saliency"), weights, atol=1e-6)
    assert np.allclose(explain.compute_attribution(p, digit(), 4), weights * digit() / 255 / 0.31, atol=1e-4)


def test_wrong_wishes_are_answered_with_a_sentence() -> None:
    p = predictor("softmax")
    with pytest.raises(UserError, match="Layer conv not found"):
        explain.feature_maps(p, digit(), "conv")
    with pytest.raises(UserError, match="integrated-gradients"):
        explain.compute_attribution(p, digit(), 3, "guess")
    with pytest.raises(UserError, match="Class 10 not found"):
        explain.compute_attribution(p, digit(), 10)
    regression = Predictor(p.network, dataclasses.replace(p.spec, kind="regression", classes=()))
    with pytest.raises(UserError):
        explain.compute_attribution(regression, digit(), 0)


def test_threads_that_share_a_network_do_not_see_each_other() -> None:
    p = predictor("lenet5")
    name = explain.list_feature_layers(p)[0].name
    mine = explain.feature_maps(p, digit(), name)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            p.predict(np.full((1, *DIGIT), 255, np.uint8))

    other = threading.Thread(target=busy)
    other.start()
    try:
        for _ in range(50):
            assert np.allclose(explain.feature_maps(p, digit(), name), mine, atol=1e-5)
    finally:
        stop.set()
        other.join()


def test_maps_are_of_the_image_itself_whatever_the_test_time_augmentation() -> None:
    once = predictor("lenet5")
    often = Predictor(once.network, dataclasses.replace(once.spec, tta_flip=True, tta_shift=True))
    passes = []
    once.network.register_forward_pre_hook(lambda *_: passes.append(1))
    for layer in explain.list_feature_layers(once):
        np.testing.assert_array_equal(
            explain.feature_maps(often, digit(), layer.name), explain.feature_maps(once, digit(), layer.name)
        )
    passes.clear()
    explain.feature_maps(often, digit(), "c1.0")
    assert len(passes) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_forward_pass_leads_from_the_pixels_to_the_prediction(name: str) -> None:
    p = predictor(name)
    first, *between, logits, probabilities = trace_forward(p, digit())
    assert first.kind == "input" and (first.values[0] == digit()).all()
    convolutions = [m.out_channels for m in p.network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [len(s.values) for s in between if s.kind == "convolution"] == convolutions
    hidden = [m.out_features for m in p.network.modules() if isinstance(m, torch.nn.Linear)][:-1]
    assert [s.values.shape for s in between if s.kind == "dense"] == [(n,) for n in hidden]
    assert logits.kind == "logits" and logits.values.shape == (10,)
    shifted = np.exp(logits.values - logits.values.max())
    np.testing.assert_allclose(probabilities.values, shifted / shifted.sum(), atol=1e-5)
    np.testing.assert_allclose(probabilities.values, p.predict(digit()[None, None])[0], atol=1e-6)


def test_a_stage_ends_with_its_activation_and_knows_its_window() -> None:
    stages = trace_forward(predictor("modern_cnn"), digit())
    first, pooled = stages[1:3]
    assert first.modules == ("Conv2d", "BatchNorm2d", "ReLU") and first.window == 3
    assert first.values.min() == 0  # after the ReLU
    assert pooled.kind == "pooling" and pooled.window == 2 and pooled.values.shape[1:] == (14, 14)
    maps = explain.feature_maps(predictor("modern_cnn"), digit(), "block1.0.2")
    np.testing.assert_allclose(first.values, maps)


def test_logits_are_those_of_the_test_time_augmentation() -> None:
    p = predictor("notes_cnn")
    augmented = Predictor(p.network, dataclasses.replace(p.spec, tta_shift=True))
    (*_, plain, _), (*_, averaged, probabilities) = (
        trace_forward(p, digit()),
        trace_forward(augmented, digit()),
    )
    assert not np.allclose(plain.values, averaged.values)
    assert averaged.values.argmax() == probabilities.values.argmax()
