"""Colors of Manabi Lab and their meanings.

Chart colors are those of Okabe and Ito (Color Universal Design, 2008), distinguishable with any kind of color vision, on light and
dark backgrounds. Model families have more than six colors and a mark each: `family_style`. The accent and the grays of the pages are in
`.streamlit/config.toml`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from core import tasks

ORANGE, SKY, GREEN = "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

# One meaning each, on every page.
TRAIN, VALIDATION, TEST = BLUE, ORANGE, PURPLE
CORRECT, WRONG = GREEN, VERMILLION  # never without a mark or a word beside it
POSITIVE, NEGATIVE = SKY, ORANGE  # signed attribution

NEUTRAL = "#8A8F98"
ACCENT = (
    "#7862E4"  # the theme's primary color: at least 4.5:1 on white, white on it, 3:1 on the dark background
)
GRID = "rgba(138, 143, 152, 0.25)"
BLACK, WHITE = "#000000", "#FFFFFF"
TRANSPARENT = "rgba(0, 0, 0, 0)"

ROLE_COLORS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
# Runs and other series, without the two colors of the live curves.
SERIES_COLORS = (VERMILLION, SKY, GREEN, PURPLE, NEUTRAL)
DASHES = ("solid", "dash", "dot", "dashdot")
# One more than colors, so that 30 series all look different.
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")


@dataclass(frozen=True)
class FamilyStyle:
    """How a model family looks in every chart: color, plotly marker symbol, and dash of its curves."""

    color: str
    symbol: str
    dash: str = "solid"


# Found by maximizing the smallest CIEDE2000 difference between any two, for normal, red-blind and green-blind vision, among the colors with
# a contrast of 3:1 on both backgrounds; tests/unit/test_palette.py measures it.
FAMILY_COLORS = (
    "#1299F3",
    "#1248FC",
    "#00A2AB",
    "#F34899",
    "#D87E00",
    "#C60000",
    "#637575",
    "#B40999",
    "#7E5A48",
    "#C67E6C",
)
# By registered name of the model. Related architectures share a color, never a mark.
_FAMILIES: dict[str, tuple[int, str]] = {
    "softmax": (6, "hexagon"),
    "linear": (6, "diamond-tall"),
    "mlp": (6, "square"),
    "notes_cnn": (0, "triangle-left"),
    "lenet5": (0, "triangle-right"),
    "modern_cnn": (0, "circle"),
    "alexnet": (8, "triangle-down"),
    "vgg": (4, "triangle-up"),
    "inception": (7, "cross"),
    "resnet": (1, "diamond"),
    "resnet18_imagenet": (1, "star-diamond"),
    "mobilenetv1": (2, "x"),
    "efficientnet": (3, "pentagon"),
    "fast_cnn": (5, "star"),
    "backbone": (5, "octagon"),
    "original": (0, "diamond-wide"),
    "sandbox": (9, "star-square"),
    "cyclegan": (9, "star-triangle-up"),
}
_VARIANTS = ("", "-open", "-dot", "-open-dot")  # suffixes of plotly's marker symbols

RGB = tuple[int, int, int]


def to_rgb(color: str) -> RGB:
    """Parse `#RRGGBB` to three integers in 0..255."""
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def to_hex(values: RGB) -> str:
    """Format three numbers in 0..255 as `#RRGGBB`."""
    return "#{:02X}{:02X}{:02X}".format(*(round(v) for v in values))


def to_css_rgba(color: str, alpha: float) -> str:
    """Format `#RRGGBB` with opacity `alpha` in 0..1 for CSS."""
    return "rgba({}, {}, {}, {:g})".format(*to_rgb(color), alpha)


def mix_colors(low: str, high: str, share: float) -> str:
    """Interpolate from `low` (`share` 0) to `high` (1)."""
    return to_hex(tuple(a + (b - a) * share for a, b in zip(to_rgb(low), to_rgb(high), strict=True)))


def shade(color: str, luminance: float) -> str:
    """Mix `color` with black or white until its relative luminance is about `luminance`."""
    other = BLACK if relative_luminance(color) > luminance else WHITE
    mixes = (mix_colors(color, other, step / 50) for step in range(51))
    return min(mixes, key=lambda mix: abs(relative_luminance(mix) - luminance))


def relative_luminance(color: str) -> float:
    """Return the relative luminance in 0..1 (WCAG 2.1)."""
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in to_rgb(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_ratio(first: str, second: str) -> float:
    """Return the contrast ratio in 1..21 (WCAG 2.1)."""
    high, low = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_color(background: str) -> str:
    """Return black or white, whichever has more contrast on `background`: at least 4.58 on any color."""
    return max((BLACK, WHITE), key=lambda text: contrast_ratio(text, background))


def darken_for_white(color: str) -> str:
    """Mix `color` with black until white text on it has a contrast of 4.5."""
    mixes = (mix_colors(color, BLACK, step / 50) for step in range(51))
    return next(mix for mix in mixes if contrast_ratio(mix, WHITE) >= 4.5)


def series_style(role: str | int) -> tuple[str, str]:
    """Return color and dash of a series, by its role or its index; colors repeat with another dash."""
    if isinstance(role, int):
        return SERIES_COLORS[role % len(SERIES_COLORS)], DASHES[role // len(SERIES_COLORS) % len(DASHES)]
    return ROLE_COLORS[role], "solid"


def family_style(name: str) -> FamilyStyle:
    """Return the style of the family of a task or model called `name`, the same on every page.

    A model that is not in the table, such as a plugin's, gets a color by its name and a mark of its own kind.
    """
    name = tasks.current_name(name)
    model = next((task.model for task in tasks.TASKS if task.name == name), name)
    if model not in _FAMILIES:
        return FamilyStyle(FAMILY_COLORS[zlib.crc32(model.encode()) % len(FAMILY_COLORS)], "hexagram")
    color, symbol = _FAMILIES[model]
    return FamilyStyle(FAMILY_COLORS[color], symbol)


def family_styles(names: Sequence[str]) -> list[FamilyStyle]:
    """Return the styles of several tasks or models of one chart; those of one family differ by their mark's fill and by their dash."""
    styles, seen = [], dict[FamilyStyle, int]()
    for name in names:
        base = family_style(name)
        place = seen[base] = seen.get(base, -1) + 1
        variant = _VARIANTS[place % len(_VARIANTS)]
        styles.append(FamilyStyle(base.color, base.symbol + variant, DASHES[place % len(DASHES)]))
    return styles
