"""Out-of-distribution inputs for evaluating the digit detector: letters in matplotlib's fonts, and scribbles.

Both are preprocessed like drawings. Rejection rates measured on printed letters do not carry over to handwritten ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.digits import canvas

# Letters that look like a digit when shown alone:
#   0: O o D Q    1: I l i j    2: Z z    5: S s    6: G b    8: B    9: g q    4: Y y (the open 4)
DIGIT_LIKE_LETTERS = frozenset("OoDQIlijZzSsGbBgqYy")
LETTERS = "".join(
    c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in DIGIT_LIKE_LETTERS
)
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSerif-BoldItalic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmti10",
    "cmtt10",
)
_CANVAS_SIZE = 280


def font_file(name: str) -> Path:
    """Path of the font `name`, one of those bundled with matplotlib."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


def render_text(text: str, font: str, height: int = 190) -> np.ndarray:
    """Render `text` in the center of a canvas: ink uint8 (280, 280)."""
    image = Image.new("L", (_CANVAS_SIZE, _CANVAS_SIZE))
    ImageDraw.Draw(image).text(
        (_CANVAS_SIZE / 2, _CANVAS_SIZE / 2),
        text,
        fill=255,
        font=ImageFont.truetype(str(font_file(font)), height),
        anchor="mm",
    )
    return np.asarray(image)


def render_letters(fonts: tuple[str, ...] = FONTS, alphabet: str = LETTERS) -> tuple[np.ndarray, list[str]]:
    """Render each letter of `alphabet` in each font: preprocessed images uint8 (N, 28, 28) and their letters (N,)."""
    names = [letter for _font in fonts for letter in alphabet]
    rendered = [render_text(letter, font) for font in fonts for letter in alphabet]
    return np.stack([canvas.prepare_digit(ink).pixels for ink in rendered]), names


def draw_scribbles(n: int = 300, seed: int = 0) -> np.ndarray:
    """Draw `n` preprocessed scribbles, uint8 (n, 28, 28): tangled curves, zigzag hatching and crossing lines, a third each."""
    rng = np.random.default_rng(seed)
    kinds = (_draw_tangle, _draw_hatch, _draw_crossing)
    return np.stack(
        [
            canvas.prepare_digit(_draw_strokes(kinds[i % 3](rng), int(rng.integers(8, 24)))).pixels
            for i in range(n)
        ]
    )


def _draw_tangle(rng: np.random.Generator) -> list[np.ndarray]:
    from scipy.interpolate import make_interp_spline

    points = rng.uniform(30, 250, (int(rng.integers(7, 13)), 2))
    return [make_interp_spline(np.linspace(0, 1, len(points)), points, k=3)(np.linspace(0, 1, 200))]


def _draw_hatch(rng: np.random.Generator) -> list[np.ndarray]:
    turns = int(rng.integers(6, 13))
    position = np.linspace(40, 240, turns) + rng.normal(0, 6, turns)
    amplitude = np.where(np.arange(turns) % 2, 60, 220) + rng.normal(0, 15, turns)
    angle = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [(np.stack([position, amplitude], axis=1) - 140) @ rotation * 0.8 + 140]


def _draw_crossing(rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.uniform(30, 250, (2, 2)) for _ in range(int(rng.integers(4, 8)))]


def _draw_strokes(strokes: list[np.ndarray], brush: int) -> np.ndarray:
    """Draw strokes, each (points, 2) of x and y, with a round brush: ink uint8 (280, 280)."""
    image = Image.new("L", (_CANVAS_SIZE, _CANVAS_SIZE))
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        pen.line([tuple(p) for p in stroke], fill=255, width=brush, joint="curve")
        for x, y in (stroke[0], stroke[-1]):
            pen.ellipse((x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2), fill=255)
    return np.asarray(image)
