"""The colours of Manabi Lab and what each of them means.

Chart colours are Okabe and Ito's (Color Universal Design, 2008), which people with any kind of colour vision tell apart. They sit
on light and dark backgrounds alike. The accent and the greys of the pages are in `.streamlit/config.toml`.
"""

from __future__ import annotations

ORANGE, SKY, GREEN = "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

# One meaning each, on every page.
TRAIN, VALIDATION, TEST = BLUE, ORANGE, PURPLE
CORRECT, WRONG = GREEN, VERMILLION  # never without a mark or a word beside it
POSITIVE, NEGATIVE = SKY, ORANGE  # signed attribution

NEUTRAL = "#8A8F98"
ACCENT = "#7862E4"  # the theme's primary colour: at least 4.5:1 on both backgrounds, and white on it
GRID = "rgba(138, 143, 152, 0.25)"
TRANSPARENT = "rgba(0, 0, 0, 0)"

ROLE_COLORS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
SERIES_COLORS = (
    VERMILLION,
    SKY,
    GREEN,
    PURPLE,
    NEUTRAL,
)  # runs and other series: the two colours of the live curves left out
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "x",
    "star",
)  # one more than colours, so that 30 series all look different

RGB = tuple[int, int, int]


def to_rgb(colour: str) -> RGB:
    """`#RRGGBB` as three numbers in 0..255."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def to_hex(values: RGB) -> str:
    """Three numbers in 0..255 as `#RRGGBB`."""
    return "#{:02X}{:02X}{:02X}".format(*(round(v) for v in values))


def to_css_rgba(colour: str, alpha: float) -> str:
    """`#RRGGBB` with opacity `alpha` in 0..1, as CSS writes it."""
    return "rgba({}, {}, {}, {:g})".format(*to_rgb(colour), alpha)


def mix_colors(low: str, high: str, share: float) -> str:
    """The colour `share` (0..1) of the way from `low` to `high`."""
    return to_hex(tuple(a + (b - a) * share for a, b in zip(to_rgb(low), to_rgb(high), strict=True)))


def relative_luminance(colour: str) -> float:
    """Relative luminance in 0..1 (WCAG 2.1)."""
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in to_rgb(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_ratio(one: str, other: str) -> float:
    """Contrast ratio in 1..21 (WCAG 2.1)."""
    high, low = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_color(background: str) -> str:
    """Black or white, whichever reads better on `background`."""
    return max(("#111318", "#FFFFFF"), key=lambda text: contrast_ratio(text, background))


def series_style(role: str | int) -> tuple[str, str]:
    """Colour and dash of a series: by its role, or by its place among others; colours repeat with another dash."""
    if isinstance(role, int):
        return SERIES_COLORS[role % len(SERIES_COLORS)], DASHES[role // len(SERIES_COLORS) % len(DASHES)]
    return ROLE_COLORS[role], "solid"
