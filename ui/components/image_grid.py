"""A wall of pictures, each of which opens on a click: square tiles in as many columns as the screen has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.kit import image_display

_CSS = """
.manabi-wall { display: grid; gap: 8px; grid-template-columns: repeat(auto-fill, minmax(138px, 1fr)); }
.manabi-wall button { all: unset; cursor: pointer; position: relative; aspect-ratio: 1; overflow: hidden; border-radius: 0.5rem;
  background: var(--st-secondary-background-color); }
.manabi-wall button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.manabi-wall img { width: 100%; height: 100%; object-fit: cover; display: block; transition: transform 0.15s; }
.manabi-wall button:hover img { transform: scale(1.04); }
.manabi-wall span { position: absolute; left: 0; right: 0; bottom: 0; padding: 14px 8px 5px; font: 12px/1.2 var(--st-font); color: #fff;
  background: linear-gradient(transparent, rgba(0, 0, 0, 0.72)); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
"""
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  let wall = parentElement.querySelector('.manabi-wall')
  if (!wall) {
    wall = document.createElement('div')
    wall.className = 'manabi-wall'
    parentElement.appendChild(wall)
  }
  wall.setAttribute('role', 'list')
  wall.setAttribute('aria-label', data.alt)
  wall.open = (place) => setTriggerValue('opened', place)
  while (wall.children.length > data.tiles.length) wall.lastChild.remove()
  data.tiles.forEach((tile, place) => {
    let button = wall.children[place]
    if (!button) {
      button = document.createElement('button')
      button.append(document.createElement('img'), document.createElement('span'))
      button.onclick = () => wall.open(place)
      wall.appendChild(button)
    }
    const image = button.querySelector('img')
    if (image.src !== tile.src) image.src = tile.src
    image.alt = ''
    button.setAttribute('aria-label', tile.label)
    button.title = tile.label
    button.querySelector('span').textContent = tile.label
  })
}
"""
_mount = st.components.v2.component("manabi_wall", js=_JS, css=_CSS, isolate_styles=False)


@dataclass(frozen=True)
class GridTile:
    """One picture: a JPEG file as `content`, and what it is called."""

    content: bytes
    label: str


def image_grid(tiles: Sequence[GridTile], key: str, opened: Callable[[int], None], *, alt: str) -> None:
    """Show `tiles`; `opened` is called with the place of the one that was clicked, before the page runs again."""
    data = {
        "alt": alt,
        "tiles": [{"src": image_display.data_url(t.content), "label": t.label} for t in tiles],
    }
    _mount(key=key, data=data, on_opened_change=lambda: opened(st.session_state[key]["opened"]))
