"""Colors and marks of the model families: distinguishable with every kind of color vision, and visible on both backgrounds."""

import itertools
import tomllib
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from core import tasks
from ui.kit import charts, palette

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))[
    "theme"
]
# Machado, Oliveira and Fernandes, 2009: full severity, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "red-blind": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "green-blind": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
MIN_DIFFERENCE = 13  # CIEDE2000; differences above 10 are seen at a glance


def seen(color: str, vision: str) -> np.ndarray:
    """CIELAB values of a color as a person with that vision sees it."""
    rgb = np.array(palette.to_rgb(color)) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(VISION[vision] @ linear, 0, 1)
    return rgb2lab(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("vision", VISION)
def test_colors_of_families_differ_for_every_kind_of_vision(vision):
    assert len(set(palette.FAMILY_COLORS)) >= 10
    closest = min(
        (float(deltaE_ciede2000(seen(a, vision), seen(b, vision))), a, b)
        for a, b in itertools.combinations(palette.FAMILY_COLORS, 2)
    )
    assert closest[0] >= MIN_DIFFERENCE, closest


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("color", palette.FAMILY_COLORS)
def test_colors_of_families_are_visible_on_the_page(color, mode):
    assert palette.contrast_ratio(color, THEME[mode]["backgroundColor"]) >= 3


def test_every_family_has_a_mark_of_its_own():
    models = {task.model for task in tasks.TASKS}
    styles = {model: palette.family_style(model) for model in models}
    assert len({style.symbol for style in styles.values()}) == len(models)
    assert "hexagram" not in {style.symbol for style in styles.values()}  # that of models without an entry
    cifar = {task.model for task in tasks.TASKS if task.dataset == "cifar10"}
    assert len({styles[model].color for model in cifar}) >= 10


def test_a_task_looks_like_its_model_under_every_name():
    assert palette.family_style("cifar10-resnet") == palette.family_style("resnet")
    assert palette.family_style("fruit-judge") == palette.family_style("fruit-classifier-gray")
    assert palette.family_style("of a plugin") == palette.family_style("of a plugin")


def test_models_of_one_family_differ_within_a_chart():
    first, other, second = palette.family_styles(["cifar10-fast", "cifar10-cnn", "cifar10-best"])
    assert first == palette.family_style("fast_cnn") and first.color == second.color != other.color
    assert (first.symbol, first.dash) != (second.symbol, second.dash)
    curves = [
        charts.Series("a", [1, 2], [1, 2], 0, style=first),
        charts.Series("b", [1, 2], [1, 2], 1, style=second),
    ]
    lines = charts.line_chart(curves, "x", "y").data
    assert [(t.line.color, t.line.dash, t.marker.symbol) for t in lines] == [
        (s.color, s.dash, s.symbol) for s in (first, second)
    ]


@pytest.mark.parametrize("task", [t.name for t in tasks.TASKS])
def test_plotly_knows_every_mark_of_runs_of_one_family(task: str) -> None:
    for style in palette.family_styles([task] * 4):
        go.scatter.Marker(symbol=style.symbol)


@pytest.mark.parametrize("color", palette.FAMILY_COLORS)
def test_a_shade_keeps_its_contrast_on_both_backgrounds(color: str) -> None:
    for luminance in (0.13, 0.28):
        shade = palette.shade(color, luminance)
        assert min(palette.contrast_ratio(shade, b) for b in (palette.WHITE, "#0E1117")) >= 3
