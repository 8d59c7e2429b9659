"""The network of the playground, drawn in the browser: inputs, the map of every unit, weights as lines, the output plane and the loss.

Maps arrive as bytes, one per grid point. While `running`, the browser asks for the next frame after `delay` milliseconds, and only while
its tab is visible: a busy server is asked less often, a hidden page not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from ui.kit.component import register

_mount = register(__file__, "plane")


@dataclass(frozen=True)
class ViewLabels:
    """Texts of the view. `alt` describes it to screen readers; `hint` stands on an empty plane that can be drawn on."""

    alt: str
    plane: str
    loss: str
    train: str
    test: str
    epoch: str
    inputs: str
    output: str
    units: str
    gradient: str
    dead: str
    hint: str
    classes: tuple[str, str]
    draw: str
    undo: str
    clear: str
    caption: str


def playground_view(
    key: str,
    frame: dict,
    *,
    labels: ViewLabels,
    serial: int,
    running: bool = False,
    delay: int = 0,
    drawing: bool = False,
    own: list | None = None,
    revision: int = 0,
    on_draw: Callable[[list], None] | None = None,
) -> None:
    """Show `frame`, as `ui.playground.encode` makes it.

    With `drawing`, clicks on the plane add points: `on_draw` gets all of them, rows of x, y and class. The view takes over `own` when it is
    mounted and whenever `revision` changes. `serial` counts frames.
    """
    data = {
        **frame,
        "labels": asdict(labels),
        "serial": serial,
        "running": running,
        "delay": delay,
        "drawing": drawing,
        "own": own or [],
        "revision": revision,
    }

    def read_points() -> None:
        import streamlit as st

        if on_draw is not None:
            on_draw(st.session_state[key]["drawn"])

    _mount(key=key, data=data, on_tick_change=lambda: None, on_drawn_change=read_points)
