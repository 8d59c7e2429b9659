"""The theme reads well in light and dark, and agrees with the charts' palette."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ui.kit import matrix_charts, palette

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
THEME = CONFIG["theme"]
MODES = {mode: {**THEME, **THEME[mode]} for mode in ("light", "dark")}


@pytest.mark.parametrize("mode", MODES)
def test_text_links_and_accent_reach_4_5(mode):
    theme = MODES[mode]
    page, raised = theme["backgroundColor"], theme["secondaryBackgroundColor"]
    for background in (page, raised):
        assert palette.contrast_ratio(theme["textColor"], background) >= 7
        assert palette.contrast_ratio(theme["linkColor"], background) >= 4.5
        caption = palette.mix_colors(background, theme["textColor"], 0.6)
        assert palette.contrast_ratio(caption, background) >= 4.5
    # On the dark surfaces it only colors controls and large text: no color reaches 4.5:1 there and under white text.
    assert palette.contrast_ratio(theme["primaryColor"], page) >= (4.5 if mode == "light" else 4)
    assert palette.contrast_ratio(theme["primaryColor"], raised) >= 3
    assert (
        palette.contrast_ratio("#FFFFFF", theme["primaryColor"]) >= 4.5
    )  # Streamlit writes white on it in both modes


@pytest.mark.parametrize("mode", MODES)
def test_a_selected_option_reads_on_its_tint(mode):
    """Streamlit writes it in the primary color, on a background of up to 12% (light) or 20% (dark) of it."""
    theme = {**MODES[mode], **THEME[mode].get("sidebar", {})}
    background, share = theme["secondaryBackgroundColor"], 0.12 if mode == "light" else 0.2
    tint = palette.mix_colors(background, theme["primaryColor"], share)
    assert palette.contrast_ratio(theme["primaryColor"], tint) >= 4.5


@pytest.mark.parametrize("mode", MODES)
def test_the_lines_of_charts_read_on_the_page(mode):
    page = MODES[mode]["backgroundColor"]
    assert palette.contrast_ratio(palette.NEUTRAL, page) >= 3
    assert palette.contrast_ratio(palette.TRAIN, page) >= 3


@pytest.mark.parametrize("mode", MODES)
def test_the_digits_of_cells_reach_4_5(mode):
    dark, page = mode == "dark", MODES[mode]["backgroundColor"]
    counts = np.array([[980, 3, 1], [40, 500, 300], [0, 9, 7]])
    labels = {f"{name}_label": name for name in ("true", "predicted", "count", "share")}
    sweep = pd.DataFrame({"x": [1, 2, 3, 4] * 4, "c": np.repeat([1, 2, 3, 4], 4), "y": np.linspace(0, 1, 16)})
    for figure in (
        matrix_charts.confusion_chart(counts, ["a", "b", "c"], dark=dark, **labels),
        matrix_charts.sweep_chart(sweep, "x", "y", "c", labels={"x": "x", "y": "y", "c": "c"}, dark=dark),
    ):
        [cells] = figure.data
        for fill, text in zip(cells.marker.color, cells.textfont.color, strict=True):
            assert palette.contrast_ratio(text, fill) >= 4.5
            assert not dark or text == palette.WHITE
            faded = palette.mix_colors(page, fill, cells.unselected.marker.opacity)
            assert palette.contrast_ratio(cells.unselected.textfont.color, faded) >= 4.5


@pytest.mark.parametrize("step", range(0, 256, 15))
def test_text_reads_on_every_gray(step):
    gray = palette.to_hex((step, step, step))
    assert palette.contrast_ratio(palette.text_color(gray), gray) >= 4.5


def test_one_accent_and_one_palette():
    assert THEME["primaryColor"].upper() == palette.ACCENT.upper()
    assert set(THEME["chartCategoricalColors"]) <= {*palette.SERIES_COLORS, *palette.ROLE_COLORS.values()}


def test_nothing_is_fetched_and_nothing_is_told():
    assert "http" not in str(THEME)
    assert "Noto Sans JP" in THEME["font"]
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert (
        CONFIG["client"]["showErrorDetails"] == "none" and CONFIG["client"]["showSidebarNavigation"] is False
    )
    assert CONFIG["server"]["enableXsrfProtection"] is True and CONFIG["server"]["maxUploadSize"] == 20


def test_every_option_is_one_that_streamlit_knows():
    """Streamlit only warns about a misspelt option, in its log."""
    from streamlit import config

    known = set(config.get_config_options(force_reparse=False))
    nested = {"light", "dark", "sidebar"}
    for section, options in CONFIG.items():
        assert _option_names(section, options, nested) <= known


def _option_names(prefix, options, nested):
    names = set()
    for name, value in options.items():
        full = f"{prefix}.{name}"
        names |= _option_names(full, value, nested) if name in nested else {full}
    return names
