"""Grid of clickable thumbnails, in as many columns as fit the screen: 2, 3, 4 or 6, so that 24 leave no hole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.kit import image_display
from ui.kit.component import register

_mount = register(__file__)

ColoredText = tuple[str, str]
"""CSS color of the dot before a text ("" for none), and the text."""


@dataclass(frozen=True)
class GridTile:
    """Thumbnail: a JPEG file as `content`, its caption, and in a grid to choose from whether it is `selected` (None elsewhere)."""

    content: bytes
    caption: Sequence[ColoredText]
    selected: bool | None = None


def image_grid(
    tiles: Sequence[GridTile],
    key: str,
    on_open: Callable[[int], None],
    *,
    alt: str,
    wide: bool = False,
    legend: Sequence[ColoredText] = (),
) -> None:
    """Show `tiles`, 4:3 if `wide`, else square, above their `legend`; call `on_open` with the index of the clicked one, before the page
    reruns.

    `alt` is for screen readers.
    """
    data = {
        "alt": alt,
        "wide": wide,
        "legend": list(legend),
        "tiles": [
            {"src": image_display.data_url(t.content), "caption": list(t.caption), "selected": t.selected}
            for t in tiles
        ],
    }
    _mount(key=key, data=data, on_opened_change=lambda: on_open(st.session_state[key]["opened"]))
