"""Drawing of a model's blocks from left to right: hovering shows facts, a click or Enter opens a block, arrow keys move between them.

It scrolls inside itself. Below it stands a strip with the feature maps of the opened block. All data is set as text and attributes,
never as markup.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.kit.component import register

_mount = register(__file__, "svg", "scroll_edges")


def block_drawing(data: dict[str, Any], key: str, on_open: Callable[[str], None]) -> None:
    """Draw the blocks; call `on_open` with the name of a clicked one, before the page reruns.

    Args:
        data: lengths in pixels: "width", "top" and "bottom" of the drawing; "blocks", each with "name", "title", "kind", "label", "facts"
            (lines), "chosen", "join", "sign", "x", "y", "w", "h", "dx", "dy" and "src" (URL of the image on its side, or ""); "edges"
            (SVG paths); "groups" with "name", "from" and "to"; "ghosts" like blocks; "colors" by kind; "legend" of "text" and "color"
            ("" for an outline); "maps" with "title", "notes", "tiles" of "src" and "label", "values" of "label", "share" and "text",
            and "color", or None; "scroll", what the buttons to the left and right are called; "alt" for screen readers.
        key: of the component in the session state.
        on_open: callback.
    """
    _mount(key=key, data=data, on_opened_change=lambda: on_open(st.session_state[key]["opened"]))
