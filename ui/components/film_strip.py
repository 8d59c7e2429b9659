"""Row of small square thumbnails to choose a photo from, with tiles for own photos before it and arrows to turn its pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.kit import image_display
from ui.kit.component import register

_mount = register(__file__)


@dataclass(frozen=True)
class FilmTile:
    """A tile of the strip: a JPEG file as `content`, or "" with the name of a drawn icon ("upload", "camera").

    Attributes:
        name: what `on_choose` is called with.
        label: shown below an icon, and read by screen readers.
        content: JPEG file.
        icon: "upload" or "camera", for a tile without an image.
        selected: whether it is the one that is shown.
    """

    name: str
    label: str
    content: bytes = b""
    icon: str = ""
    selected: bool = False


@dataclass(frozen=True)
class FilmPages:
    """Where the strip stands among its pages: `text` such as "1–8 of 158", and the names of the arrows."""

    text: str
    previous: str
    next: str
    has_previous: bool
    has_next: bool


def film_strip(
    tiles: Sequence[FilmTile],
    key: str,
    on_choose: Callable[[str], None],
    *,
    alt: str,
    pages: FilmPages | None = None,
    on_turn: Callable[[int], None] | None = None,
) -> None:
    """Show `tiles` in a row that scrolls sideways on a narrow screen.

    Args:
        tiles: from left to right.
        key: unique on the page.
        on_choose: called with the name of a clicked tile, before the page reruns.
        alt: what the strip shows, for screen readers.
        pages: shows arrows before and after the images; None if all fit.
        on_turn: called with -1 or 1 for the arrows.
    """
    data = {
        "alt": alt,
        "tiles": [
            {
                "name": t.name,
                "label": t.label,
                "src": image_display.data_url(t.content) if t.content else "",
                "icon": t.icon,
                "selected": t.selected,
            }
            for t in tiles
        ],
        "pages": {
            "text": pages.text,
            "previous": pages.previous,
            "next": pages.next,
            "has_previous": pages.has_previous,
            "has_next": pages.has_next,
        }
        if pages
        else None,
    }
    _mount(
        key=key,
        data=data,
        on_chosen_change=lambda: on_choose(st.session_state[key]["chosen"]),
        on_turned_change=lambda: on_turn(st.session_state[key]["turned"]) if on_turn else None,
    )
