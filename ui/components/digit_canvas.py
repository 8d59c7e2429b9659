"""Canvas for one digit: white strokes on black, as wide as its column, with undo, clear and the brush size at hand.

It opens with a sample that the first stroke replaces. All drawing happens in the browser; the strokes arrive after the pen was lifted.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.digits.canvas import CANVAS_SIDE
from ui.kit.component import register

_mount = register(__file__)


@dataclass(frozen=True)
class CanvasLabels:
    """Texts of the canvas: hints shown on it over the sample and while it is empty, its description and its tools."""

    over_sample: str
    empty: str
    description: str
    undo: str
    clear: str
    brush: str


def digit_canvas(
    key: str, strokes: list | None, *, sample: list, revision: int, labels: CanvasLabels
) -> list | None:
    """Show the canvas. Returns the strokes drawn on it: [] after Clear, None while the sample is shown.

    Strokes and sample have the format of `core.digits.canvas.ink_from_strokes`. The canvas takes over `strokes` when it is mounted and
    whenever `revision` changes; in between it keeps its own.
    """
    data = {
        "side": CANVAS_SIDE,
        "strokes": strokes,
        "sample": sample,
        "revision": revision,
        "labels": {
            "over_sample": labels.over_sample,
            "empty": labels.empty,
            "description": labels.description,
            "undo": labels.undo,
            "clear": labels.clear,
            "brush": labels.brush,
        },
    }
    result = _mount(key=key, data=data, default={"drawing": None}, on_drawing_change=lambda: None)
    drawing = result.get("drawing")
    if not isinstance(drawing, dict) or drawing.get("revision") != revision:
        return strokes
    return drawing["strokes"] if isinstance(drawing.get("strokes"), list) else None
