"""Photo with its instances drawn over it as vectors: hovering shows a name, a click selects.

Shapes react where they are drawn, not where their boxes are, and stay sharp when zoomed. All data is set as text and attributes,
never as markup: category names come from untrusted files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.kit.component import register

_mount = register(__file__, "svg")


def annotated_image(
    data: dict[str, Any], key: str, on_select: Callable[[int], None], on_step: Callable[[int], None]
) -> None:
    """Show a photo with its instances, a legend below, and arrows to the previous and next image: beside the photo, on narrow screens over
    it. The arrow keys do the same.

    Args:
        data: "photo" (URL); "width" and "height" of the image and "view" (x, y, width, height of the visible region) in
            pixels; "opacity" of the masks in 0 to 1; "boxes", whether to draw them; "alt" for screen readers; "steps",
            the names of the two arrows ("" for none); "legend", each entry with "category", "color" (CSS) and "text"; and
            "instances", each with "id", "category", "path" (SVG path data or ""), "box" (x, y, width, height or None),
            "color" and "dark" (RGB), "crowd", "selected", "label" ("" for none), "text" (tooltip), "limbs" of (x1, y1, x2, y2) and
            "keypoints" of (x, y, visible, name, color).
        key: of the component in the session state.
        on_select: called before the page reruns with the position of a clicked instance, -1 for the background.
        on_step: called before the page reruns with -1 for the arrow to the previous image, 1 for that to the next.
    """
    _mount(
        key=key,
        data=data,
        on_selected_change=lambda: on_select(st.session_state[key]["selected"]),
        on_stepped_change=lambda: on_step(st.session_state[key]["stepped"]),
    )
