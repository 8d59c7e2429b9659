"""Layers of a network from left to right, a column of feature maps for each, and bars for the probabilities at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ui.kit.component import register

_mount = register(__file__, "scroll_edges")


@dataclass(frozen=True)
class LayerBar:
    """A bar with its `name`, its `share` of the width in 0..1, and `text`, its value in words."""

    name: str
    share: float
    text: str


@dataclass(frozen=True)
class LayerColumn:
    """A layer: `title`, `shape` of its output, and `maps`, the addresses of images from top to bottom, or `bars`."""

    title: str
    shape: str
    maps: Sequence[str] = ()
    bars: Sequence[LayerBar] = ()


def layer_strip(columns: Sequence[LayerColumn], key: str, *, alt: str) -> None:
    """Show `columns`; where they do not fit, they scroll sideways and the edge fades. `alt` says what the strip shows."""
    _mount(key=key, data={"columns": [asdict(c) for c in columns], "alt": alt})
