"""The network of the playground, drawn in the browser: inputs, the map of every unit, weights as lines, the output plane and the loss.

Maps arrive as bytes, one per grid point. While `running`, the browser asks for the next frame after `delay` milliseconds, and only while
its tab is visible: a busy server is asked less often, a hidden page not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import streamlit as st

from ui.kit.component import register

_mount = register(__file__, "plane", "playground_network")


@dataclass(frozen=True)
class ViewLabels:
    """Texts of the view. `alt` describes it to screen readers; `hint` stands on an empty plane that can be drawn on.

    In braces stand what the browser fills in: `{count}` (dead units), `{layer}`, `{unit}`.
    """

    alt: str
    plane: str
    loss: str
    train: str
    test: str
    epoch: str
    inputs: str
    output: str
    gradient: str
    dead: str
    hint: str
    classes: tuple[str, str]
    draw: str
    undo: str
    clear: str
    caption: str
    layers: str
    add_layer: str
    remove_layer: str
    add_unit: str
    remove_unit: str
    unit: str
    positive: str
    negative: str
    tile: str


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
    on_layers: Callable[[object], None] | None = None,
) -> None:
    """Show `frame`, as `ui.playground.encode` makes it.

    With `drawing`, clicks on the plane add points: `on_draw` gets all of them, rows of x, y and class. The view takes over `own` when it is
    mounted and whenever `revision` changes. With `on_layers`, buttons add and remove layers and units: it gets the units of each layer that
    the visitor wants. `serial` counts frames.
    """
    data = {
        **frame,
        "labels": {_camel_case(name): text for name, text in asdict(labels).items()},
        "editable": on_layers is not None,
        "serial": serial,
        "running": running,
        "delay": delay,
        "drawing": drawing,
        "own": own or [],
        "revision": revision,
    }

    def read_points() -> None:
        if on_draw is not None:
            on_draw(st.session_state[key]["drawn"])

    def read_layers() -> None:
        if on_layers is not None:
            on_layers(st.session_state[key]["layers"])

    _mount(
        key=key,
        data=data,
        on_tick_change=lambda: None,
        on_drawn_change=read_points,
        on_layers_change=read_layers,
    )


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
