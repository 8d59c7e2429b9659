"""Grid of clickable square thumbnails, in as many columns as fit the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.kit import image_display
from ui.kit.component import register

_mount = register(__file__)


@dataclass(frozen=True)
class GridTile:
    """Thumbnail: a JPEG file as `content`, and its name."""

    content: bytes
    label: str


def image_grid(tiles: Sequence[GridTile], key: str, on_open: Callable[[int], None], *, alt: str) -> None:
    """Show `tiles`; call `on_open` with the index of the clicked one, before the page reruns. `alt` is for screen readers."""
    data = {
        "alt": alt,
        "tiles": [{"src": image_display.data_url(t.content), "label": t.label} for t in tiles],
    }
    _mount(key=key, data=data, on_opened_change=lambda: on_open(st.session_state[key]["opened"]))
