"""Blocks of every network, their place in the drawing and what they compute, held against layers, papers and hooks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core import data, models, tasks
from core.inference import block_activations, block_graph, model_summary
from core.kinds import get_kind
from core.messages import UserError
from tests import factories
from ui.architecture import block_layout

EACH = pytest.mark.parametrize("task", tasks.TASKS, ids=lambda t: t.name)
IMAGE = (3, 32, 32)


def small_networks(task: tasks.Task) -> tuple[list[nn.Module], tuple[int, ...]]:
    info, recipe = data.dataset_info(task.dataset), task.recipe.changed(**factories.SMALL.get(task.name, {}))
    shape = info.example_shape(**recipe.part("data"))
    builders = get_kind(task.kind).networks(task.model, shape, info.num_outputs, recipe.part("model"))
    return [build().eval() for build in builders.values()], shape


@pytest.mark.slow
@EACH
def test_every_layer_belongs_to_one_block(task):
    networks, shape = small_networks(task)
    for network in networks:
        layers = model_summary.summarize_layers(network, shape)
        blocks = block_graph.find_blocks(network, shape)
        assert [b.name for b in blocks if b.kind == "input"] == ["input"]
        assert sorted(name for b in blocks for name, _ in b.layers) == sorted(layer.name for layer in layers)
        assert sum(b.parameters for b in blocks) == sum(p.numel() for p in network.parameters())
        assert sum(b.macs for b in blocks) == sum(layer.macs for layer in layers)
        names = [b.name for b in blocks]
        assert len(set(names)) == len(names)
        for place, block in enumerate(blocks):
            assert set(block.inputs) <= set(names[:place]) and bool(block.inputs) == (block.kind != "input")


@pytest.mark.slow
@EACH
def test_boxes_do_not_overlap_and_lie_inside_the_drawing(task):
    networks, shape = small_networks(task)
    for network in networks:
        blocks = block_graph.find_blocks(network, shape)
        layout = block_layout.arrange(blocks, block_layout.map_unit(blocks))
        assert layout.bottom - layout.top < 400
        for place, box in enumerate(layout.boxes):
            assert (
                box.x + box.w + box.dx < layout.width and layout.top < box.top < box.y + box.h < layout.bottom
            )
            for other in layout.boxes[:place]:
                beside = other.x + other.w + other.dx < box.x or box.x + box.w + box.dx < other.x
                assert beside or other.y + other.h < box.top or box.y + box.h < other.top, (box, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet", "inception", "vgg", "mobilenetv1", "fast_cnn"])
def test_receptive_fields_are_those_that_gradients_measure(name):
    network = models.create_model(name, IMAGE, 10).eval()
    computed = {b.name: b.receptive_field for b in block_graph.find_blocks(network, IMAGE)}
    for field in model_summary.measure_receptive_fields(network, IMAGE, limit=100):
        if field.height < IMAGE[1] // 2:  # those of the center reach the border of the image soon after
            assert computed[field.layer] == field.height, field


def test_a_patch_of_the_discriminator_is_the_papers():
    from core.models.cyclegan import Discriminators

    blocks = block_graph.find_blocks(Discriminators(64).a, (3, 256, 256))
    assert blocks[-1].shape == (1, 30, 30) and blocks[-1].receptive_field == 70  # arXiv 1611.07004


def test_branches_and_skip_connections_are_connected():
    blocks = {b.name: b for b in block_graph.find_blocks(models.create_model("inception", IMAGE, 10), IMAGE)}
    assert len(blocks["blocks.0.cat"].inputs) == 4 and blocks["blocks.0.cat"].group == "blocks.0"
    blocks = {b.name: b for b in block_graph.find_blocks(models.create_model("resnet", IMAGE, 10), IMAGE)}
    assert set(blocks["stages.0.1.add"].inputs) == {"stages.0.0.add", "stages.0.1.body.2.0"}
    assert set(blocks["stages.1.0.add"].inputs) == {"stages.1.0.shortcut.0", "stages.1.0.body.2.0"}


def test_activations_are_those_of_the_network():
    torch.manual_seed(0)
    network = models.create_model("resnet", IMAGE, 10, depth=10, width=8).eval()
    blocks, x = block_graph.find_blocks(network, IMAGE), torch.randn(1, *IMAGE)
    found = block_activations.compute_activations(network, blocks, x, 4)
    assert set(found) == {b.name for b in blocks}
    with torch.no_grad():
        stem, logits = network.stem(x)[0], network(x)[0]
    stem_found, head = found["stem.0.0"], found["head"]
    assert list(stem_found.peaks) == pytest.approx(
        stem.amax((1, 2)).sort(descending=True).values[:4].tolist()
    )
    assert torch.allclose(torch.from_numpy(stem_found.values), stem[list(stem_found.channels)])
    assert head.channels[0] == int(logits.argmax()) and head.low == pytest.approx(float(logits.min()))
    assert stem_found.count == 8 and len(stem_found.channels) == 4


def test_a_removed_block_is_an_outline_at_the_right_end():
    former, current = (
        block_layout.arrange(
            block_graph.find_blocks(models.create_model("sandbox", IMAGE, 10, depth=d), IMAGE), 4
        )
        for d in (3, 2)
    )
    ghosts = block_layout.place_ghosts(former, current)
    assert {"blocks.2.body.0", "blocks.2.shortcut", "blocks.2.add"} <= {g.block.name for g in ghosts}
    gone = [g for g in ghosts if g.block.name.startswith("blocks.2")]
    assert min(g.x for g in gone) == pytest.approx(current.width)
    assert block_layout.place_ghosts(current, current) == []


def test_a_model_whose_operations_depend_on_its_input_is_explained():
    class Depends(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(UserError, match="depend on its input"):
        block_graph.find_blocks(Depends(), IMAGE)
