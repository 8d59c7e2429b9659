"""Photo with its instances drawn over it as vectors: hovering shows a name, a click selects.

Shapes react where they are drawn, not where their boxes are, and stay sharp when zoomed. All data is set as text and attributes,
never as markup: category names come from untrusted files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.kit.component import register

_mount = register(__file__)


def annotated_image(data: dict[str, Any], key: str, chosen: Callable[[int], None]) -> None:
    """Show a photo with what `data` holds: "photo" (URL), "width", "height" of the picture and "view" (x, y, width, height of the part
    that is shown) in its pixels, "opacity" in 0..1, "boxes" whether they are drawn, "alt", and "instances": each "id", "path" (SVG path
    data or ""), "box" (x, y, width, height or None), "colour" and "dark" (RGB), "crowd", "lit", "label" ("" for none), "text" for the
    mouse, "bones" of (x1, y1, x2, y2), "joints" of (x, y, visible, name, colour). `chosen` is called with the place of the instance that
    was clicked, -1 for none."""
    _mount(key=key, data=data, on_chosen_change=lambda: chosen(st.session_state[key]["chosen"]))
