"""Takes the bar off the drawing canvas.

streamlit-drawable-canvas 0.13.0 keeps a bar with Undo, Edit and Reset over the upper right corner of the field, unseen until a mouse
has been there for a tenth of a second. A stroke that begins there is lost, and a finger, which hovers nowhere, presses unseen
buttons: one of them throws the drawing away. The page has buttons of its own; tests/browser draws there.
"""

from __future__ import annotations

import streamlit as st

# The canvas lives in a shadow root, which no style of the page reaches, and Clear brings a new one.
_JS = """
const bare = new CSSStyleSheet()
bare.replaceSync('.dc-toolbar { display: none !important }')

export default function ({ data }) {
  const strip = () => {
    for (const element of document.querySelectorAll(`.st-key-${data.field} *`)) {
      const root = element.shadowRoot
      if (root && !root.adoptedStyleSheets.includes(bare)) root.adoptedStyleSheets.push(bare)
    }
  }
  strip()
  const timer = setInterval(strip, 50)
  return () => clearInterval(timer)
}
"""
_mount = st.components.v2.component("manabi_canvas_bar", js=_JS, isolate_styles=False)


def hide_canvas_bar(field: str) -> None:
    """Remove the bar of the canvas in the container whose key is `field`."""
    _mount(key=f"{field}-bar", data={"field": field}, height=1)
