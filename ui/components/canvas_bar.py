"""Hide the toolbar of the drawing canvas.

streamlit-drawable-canvas 0.13.0 lays a bar with Undo, Edit and Reset over the upper right corner of the canvas, invisible until a
mouse hovers there. A stroke that begins there is lost, and a finger, which cannot hover, presses invisible buttons: one of them
discards the drawing. The page has buttons of its own.
"""

from __future__ import annotations

from ui.kit.component import register

_mount = register(__file__)


def hide_canvas_bar(field: str) -> None:
    """Hide the toolbar of every canvas in the container with key `field`, also of those that come later."""
    _mount(key=f"{field}-bar", data={"field": field}, height=1)
