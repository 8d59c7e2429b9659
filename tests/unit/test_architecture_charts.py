"""Charts of the Architecture page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.inference.model_summary import ReceptiveField
from ui.architecture import model_summary


@pytest.fixture
def vgg_layers() -> pd.DataFrame:
    """Layers in VGG's order: convolutions and their activations alternate, three fully connected layers at the end."""
    kinds = ["Conv2d", "BatchNorm2d", "ReLU"] * 13 + ["Linear", "ReLU"] * 3
    return pd.DataFrame(
        {
            "group": ["features"] * 39 + ["classifier"] * 6,
            "title": [f"{kind} {i}" for i, kind in enumerate(kinds)],
            "short": [f"layer{i}" for i in range(len(kinds))],
            "name": [f"features.{i}" for i in range(len(kinds))],
            "kind": kinds,
            "shape": ["64x32x32"] * len(kinds),
            "ms": np.linspace(0.1, 3, len(kinds)),
        }
    )


def test_bars_of_neighboring_layers_do_not_overlap(vgg_layers: pd.DataFrame) -> None:
    figure = model_summary.layer_bars(vgg_layers, "ms", "Time (ms)")
    edges = sorted((x - bar.width / 2, x + bar.width / 2) for bar in figure.data for x in bar.x)
    assert len(edges) == len(vgg_layers)
    assert all(right <= left for (_, right), (left, _) in zip(edges, edges[1:], strict=False))


def test_bars_have_names_and_many_bars_those_of_their_blocks(vgg_layers: pd.DataFrame) -> None:
    few = model_summary.layer_bars(vgg_layers.tail(6), "ms", "Time (ms)").layout.xaxis
    assert list(few.ticktext) == [f"layer{i}" for i in range(39, 45)]
    many = model_summary.layer_bars(vgg_layers, "ms", "Time (ms)").layout.xaxis
    assert list(many.ticktext) == ["features", "classifier"] and list(many.tickvals) == [0, 39]


def test_the_receptive_field_chart_names_both_axes() -> None:
    fields = [ReceptiveField("conv1", 3, 3), ReceptiveField("conv2", 7, 5)]
    figure = model_summary.receptive_field_chart(fields, 32)
    assert figure.layout.xaxis.title.text == "layers, from input to output"
    assert figure.layout.yaxis.title.text == "side length (pixels)"
    assert list(figure.data[0].y) == [3, 7]
