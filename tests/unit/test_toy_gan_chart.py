"""The chart of the toy GAN in both themes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.lessons.toy_gan import ToyGAN
from ui.kit import palette
from ui.playground import toy_gan

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_points_stand_out_from_every_score(theme: str) -> None:
    figure = toy_gan.plane_chart(ToyGAN("two", 0), dark=theme == "dark")
    surface, *points = figure.data
    colors = [
        palette.mix_colors(THEME[theme]["backgroundColor"], color, surface.opacity)
        for _score, color in surface.colorscale
    ]
    assert len(colors) == 3 and len(points) == 2
    for trace in points:
        assert min(palette.contrast_ratio(trace.marker.color, color) for color in colors) >= 3
