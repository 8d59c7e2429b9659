"""Animation of a forward pass: the stages light up in order, each from the one before it.

It plays, pauses and steps in the browser, by buttons and by keyboard (arrows, space, Home, End). If the visitor prefers reduced motion,
it waits for the first press, and stages appear at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ui.kit.component import register

_mount = register(__file__)


@dataclass(frozen=True)
class StageView:
    """A stage as the component shows it.

    Either `image` (a data URL of tiles in rows of `columns`, each `tile` = (w, h) pixels large, `gap` pixels apart) or `bars` (K,) with
    their `names`. A `window` of that many pixels slides over the stage before it. `winner` is the bar to highlight.
    """

    title: str
    shape: str
    text: str
    image: str = ""
    tile: tuple[int, int] = (0, 0)
    columns: int = 0
    count: int = 0
    gap: int = 0
    window: int = 0
    bars: np.ndarray | None = None
    names: Sequence[str] = ()
    texts: Sequence[str] = ()
    winner: int = -1


def forward_pass(stages: Sequence[StageView], key: str, *, plays: int, labels: Mapping[str, str]) -> None:
    """Show the stages; play them from the first whenever `plays` grows.

    New stages replace the old ones in place. `labels` has the texts for "group", "play", "pause", "back", "next" and "restart".
    """
    shown = [
        {
            "title": s.title,
            "shape": s.shape,
            "text": s.text,
            "image": s.image,
            "tile": s.tile,
            "columns": s.columns,
            "count": s.count,
            "gap": s.gap,
            "window": s.window,
            "bars": None if s.bars is None else [float(v) for v in s.bars],
            "names": list(s.names),
            "texts": list(s.texts),
            "winner": s.winner,
        }
        for s in stages
    ]
    _mount(key=key, data={"stages": shown, "plays": plays, "labels": dict(labels)})
