"""Grid of clickable photos with the outlines of what is annotated in them, a legend that finds a category, and sliders for the masks and
the size of the tiles, which act in the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import streamlit as st

from ui.kit import image_display
from ui.kit.component import register

_mount = register(__file__, "svg")


@dataclass(frozen=True)
class Outline:
    """Outline of an instance: the id of its category, SVG path data, and whether it is a crowd region."""

    category: int
    path: str
    crowd: bool = False


@dataclass(frozen=True)
class PhotoTile:
    """A photo: a JPEG file as `content`, the size of the coordinates of its `outlines`, its caption, each entry with a category id (None
    for none) and a text, the number of categories that the caption leaves out, and a `title` that names all.
    """

    content: bytes
    size: tuple[int, int]
    caption: Sequence[tuple[int | None, str]]
    more: int = 0
    title: str = ""
    outlines: Sequence[Outline] = field(default=())


class LegendEntry(NamedTuple):
    """A category of the legend: its id, CSS color and name, and the number of its instances as text."""

    category: int
    color: str
    name: str
    count: str


@dataclass(frozen=True)
class GridWords:
    """Texts of the grid: for screen readers, the explanation of its numbers, of its two sliders, and of the buttons that show all
    categories and fewer.
    """

    alt: str
    hint: str
    masks: str
    size: str
    all: str
    fewer: str


def annotated_grid(
    tiles: Sequence[PhotoTile],
    key: str,
    on_open: Callable[[int], None],
    *,
    legend: Sequence[LegendEntry],
    words: GridWords,
) -> None:
    """Show `tiles` below a `legend` of all their categories; call `on_open` with the index of a clicked tile, before the page reruns.

    An entry of the legend marks its category: while the mouse is over it, or from one click to the next.
    """
    data = {
        "words": {
            "alt": words.alt,
            "hint": words.hint,
            "masks": words.masks,
            "size": words.size,
            "all": words.all,
            "fewer": words.fewer,
        },
        "legend": list(legend),
        "tiles": [
            {
                "src": image_display.data_url(tile.content),
                "size": tile.size,
                "caption": list(tile.caption),
                "more": tile.more,
                "title": tile.title,
                "outlines": [(o.category, o.path, o.crowd) for o in tile.outlines],
            }
            for tile in tiles
        ],
    }
    _mount(key=key, data=data, on_opened_change=lambda: on_open(st.session_state[key]["opened"]))
