"""The image of the learning path on the home page."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw

from core.learning_path.routes import GROUPS
from ui.kit import palette

_STATIONS_DONE = 4
_LINE, _ASPHALT, _TEXT = "#3A404D", "#232833", "#C9CDD6"


def make_road(width: int, height: int, background: str) -> Image.Image:
    """The road map as a winding road: a station per group of concepts, the first ones done, the next one marked."""
    scale, count = 3, len(GROUPS)
    sheet = Image.new("RGB", (width * scale, height * scale), background)
    pen = ImageDraw.Draw(sheet)

    def place(t: float) -> tuple[float, float]:
        return scale * (60 + 520 * t), scale * (200 + 118 * math.sin(2.6 * math.pi * t - 0.4))

    steps = [place(i / 400) for i in range(401)]
    for breadth, color in ((46, _LINE), (38, _ASPHALT)):
        for x, y in steps:
            pen.circle((x, y), breadth * scale / 2, fill=color)
    for x, y in steps[::14]:
        pen.circle((x, y), 2 * scale, fill=_TEXT)
    for number in range(count):
        x, y = place(number / (count - 1))
        r = 21 * scale
        if number < _STATIONS_DONE:
            pen.circle((x, y), r, fill=palette.GREEN, outline="white", width=3 * scale)
            mark = [(x - 0.42 * r, y + 0.02 * r), (x - 0.1 * r, y + 0.36 * r), (x + 0.45 * r, y - 0.35 * r)]
            pen.line(mark, "white", 5 * scale, joint="curve")
        elif number == _STATIONS_DONE:
            r *= 1.35
            pen.polygon(
                [(x, y - r), (x + r, y), (x, y + r), (x - r, y)],
                fill=palette.ACCENT,
                outline="white",
                width=3 * scale,
            )
            pen.polygon(
                [(x - 0.2 * r, y - 0.36 * r), (x + 0.4 * r, y), (x - 0.2 * r, y + 0.36 * r)], fill="white"
            )
        else:
            pen.circle((x, y), 0.8 * r, fill=background, outline=_TEXT, width=4 * scale)
    return sheet.resize((width, height), Image.Resampling.LANCZOS)
