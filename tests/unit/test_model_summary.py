"""Layers, MACs, receptive fields and graphs of every network, held against outside counts."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core import models, tasks
from core.checkpoints import Spec
from core.inference import grad_cam, graph, model_summary
from core.inference.predictor import Predictor
from core.messages import UserError
from tests import factories

IMAGE = (3, 32, 32)
NETWORKS = [t for t in tasks.TASKS if t.dataset == "cifar10"]
EACH = pytest.mark.parametrize("task", NETWORKS, ids=lambda t: t.name)


def build(task: tasks.Task) -> nn.Module:
    recipe = task.recipe.changed(**factories.SMALL[task.name])
    torch.manual_seed(0)
    return models.create_model(task.model, IMAGE, 10, **recipe.part("model")).eval()


@pytest.mark.slow
@EACH
def test_the_layers_add_up_to_what_the_flop_counter_counts(task):
    network = build(task)
    layers = model_summary.summarize_layers(network, IMAGE)
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in network.parameters())
    assert sum(layer.macs for layer in layers) == model_summary.count_macs(network, IMAGE)
    assert not any(layer.macs for layer in layers if "Norm" in layer.kind or "ReLU" in layer.kind)
    modules = dict(network.named_modules())
    for layer in layers:
        if layer.kind in ("Conv2d", "Linear"):  # every weight is used once per place of the output
            assert layer.macs == modules[layer.name].weight.numel() * math.prod(layer.out_shape[1:])
    assert layers[-1].out_shape == (10,)
    assert {layer.name for layer in layers} <= {name for name, _ in network.named_modules()}


@EACH
def test_parameters_are_counted_without_memory(task):
    options = task.recipe.part("model")
    built = models.create_model(task.model, IMAGE, 10, **options)
    assert model_summary.count_parameters(
        lambda: models.create_model(task.model, IMAGE, 10, **options)
    ) == sum(p.numel() for p in built.parameters())
    assert (
        model_summary.count_parameters(lambda: models.create_model("vgg", IMAGE, 10, depth=19, width=512))
        > 1e9
    )


class Patch(nn.Module):
    """The discriminator of pix2pix, whose receptive field is known: 70 pixels (Isola et al., arXiv 1611.07004)."""

    def __init__(self):
        super().__init__()
        sizes = [(3, 8, 2), (8, 16, 2), (16, 32, 2), (32, 32, 1), (32, 1, 1)]
        self.body = nn.Sequential(*(nn.Conv2d(a, b, 4, s, 1) for a, b, s in sizes))

    def embed(self, x):
        return self.body(x)


def test_the_receptive_field_of_a_known_network():
    found = model_summary.measure_receptive_fields(Patch(), IMAGE, size=256)
    assert [f.height for f in found] == [4, 10, 22, 46, 70] and [f.width for f in found] == [
        4,
        10,
        22,
        46,
        70,
    ]


def test_pooling_and_branches_are_seen_through():
    vgg = model_summary.measure_receptive_fields(
        models.create_model("vgg", IMAGE, 10, depth=11, width=2), IMAGE, size=128
    )
    assert [f.height for f in vgg][:4] == [3, 4, 8, 10]  # conv 3, pool 4, conv 8, pool 10
    gate = model_summary.measure_receptive_fields(
        models.create_model("efficientnet", IMAGE, 10, multiplier=0.125), IMAGE
    )
    assert gate[-1].height == 32  # squeeze and excitation looks at everything


@pytest.mark.slow
@EACH
def test_every_network_has_its_graph(task):
    network = build(task)
    brief, whole = graph.to_dot(network, IMAGE), graph.to_dot(network, IMAGE, detailed=True)
    for text in (brief, whole):
        nodes = set(re.findall(r'^"(\w+)" \[label', text, re.M))
        edges = re.findall(r'^"(\w+)" -> "(\w+)";', text, re.M)
        assert {n for e in edges for n in e} <= nodes and any(b == "output" for _, b in edges)
    assert brief.count("->") <= whole.count("->")
    if task.name == "cifar10-resnet":
        assert "add" in whole and "32×32" in whole.replace("8×32×32", "32×32")


def test_a_network_that_decides_on_its_way_is_a_sentence():
    class Decides(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(UserError, match="graph is not available"):
        graph.to_dot(Decides(), IMAGE)


@pytest.mark.parametrize(
    "change",
    [{"depth": 24, "padding": False, "skip": False}, {"padding": False}],
    ids=["too small", "unequal sizes"],
)
def test_a_shape_that_breaks_is_told_in_words(change):
    with pytest.raises(UserError, match=r"[Bb]lock \d+ .*(Use fewer blocks|Turn on padding)"):
        models.create_model("sandbox", IMAGE, 10, **change)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("depthwise", [False, True])
def test_the_sandbox_takes_whatever_its_recipe_allows(stride, depthwise):
    for depth in (1, 2, 9):
        network = models.create_model(
            "sandbox", IMAGE, 10, width=4, depth=depth, stride=stride, depthwise=depthwise
        )
        assert network(torch.zeros(2, *IMAGE)).shape == (2, 10)


# ---- Grad-CAM --------------------------------------------------------------------------------------------------------


def predictor(task: tasks.Task) -> Predictor:
    options = task.recipe.changed(**factories.SMALL[task.name]).part("model")
    classes = tuple("abcdefghij")
    spec = Spec(
        task.name,
        task.model,
        options,
        IMAGE,
        "classification",
        classes,
        (0.5,) * 3,
        (0.25,) * 3,
        0.0,
        1.0,
        "",
    )
    return Predictor(build(task), spec)


@pytest.mark.parametrize("task", [t for t in NETWORKS if t.model != "mlp"], ids=lambda t: t.name)
def test_grad_cam_is_captums(task):
    network = predictor(task)
    x = np.random.default_rng(0).integers(0, 256, IMAGE).astype(np.uint8)
    found = grad_cam.grad_cam(network, x, target=3)
    layer = dict(network.network.named_modules())[found.layer]
    inputs = network.normalize(x[None])
    theirs = LayerGradCam(network.network, layer).attribute(inputs, target=3, relu_attributions=True)
    theirs = LayerGradCam.interpolate(theirs.detach(), IMAGE[1:], interpolate_mode="bilinear")[0, 0]
    theirs = theirs / theirs.max() if float(theirs.max()) > 0 else theirs
    np.testing.assert_allclose(found.heatmap, theirs.numpy(), atol=1e-4)
    np.testing.assert_allclose(found.probabilities, network.predict(x[None])[0], atol=1e-5)
    assert min(found.map_shape[1:]) >= grad_cam.MIN_MAP_SIZE


def test_a_network_without_maps_is_a_sentence():
    task = tasks.get_task("cifar10-mlp")
    with pytest.raises(UserError, match="no feature maps"):
        grad_cam.grad_cam(predictor(task), np.zeros(IMAGE, np.uint8))


@pytest.mark.parametrize(
    ("name", "options", "part"),
    [
        ("inception", {}, "blocks"),  # not its last branch
        ("resnet", {"depth": 10, "width": 8}, "stages.3.0"),  # not the shortcut's 1×1 convolution
        ("resnet", {"depth": 18, "width": 8}, "stages.3.1"),  # after the skip was added
        ("sandbox", {"width": 8, "depth": 4, "stride": 2}, "blocks.3"),
        ("vgg", {"depth": 11, "width": 8}, "features"),
    ],
)
def test_grad_cam_looks_at_all_that_a_block_passes_on(name, options, part):
    network = models.create_model(name, IMAGE, 10, **options).eval()
    layer = grad_cam.select_layer(network, IMAGE)
    assert layer.rpartition(".")[0] == part or layer == part
    kept = []
    dict(network.named_modules())[layer].register_forward_hook(
        lambda _m, _x, y: kept.append(y.detach().clone())
    )
    x = torch.randn(1, *IMAGE)
    network(x)
    if name != "vgg":  # nothing but pooling and one linear layer comes after it
        assert torch.allclose(kept[0].mean((2, 3)), network.embed(x), atol=1e-5)
    assert float(kept[0].min()) >= 0  # after its activation


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mlp", {}),
        ("notes_cnn", {}),
        ("resnet", {}),
        *(("resnet18_imagenet", {"init": s}) for s in ("frozen", "fine-tuned")),
    ],
)
def test_a_training_step_is_counted_as_torch_counts_it(name, options):
    network = models.create_model(name, (3, 32, 32), 10, **options).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, 32, 32)).sum().backward()
    assert model_summary.count_training_macs(network, (3, 32, 32)) == counter.get_total_flops() // 2


def test_what_takes_no_memory_of_its_own_counts_none():
    rows = model_summary.summarize_layers(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Identity(), nn.Flatten(), nn.Linear(3600, 2)), (3, 32, 32)
    )
    assert [r.activation_bytes for r in rows] == [4 * 3600, 0, 0, 4 * 2]
