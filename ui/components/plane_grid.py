"""Cards with a classifier's output over the plane, its boundary and the points, drawn in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ui.kit.component import register

_mount = register(__file__, "plane")


@dataclass(frozen=True)
class PlaneCard:
    """A card: `output` is a square map of bytes in base64, bottom row first, with `side` values a row.

    Of three classes there are three maps, one after another, unless the card `is_empty`. `arrows` are vectors [x, y, dx, dy] in the
    plane. `alt` describes the card to screen readers.
    """

    title: str
    caption: str
    output: str
    side: int
    alt: str
    arrows: tuple[tuple[float, float, float, float], ...] = ()
    is_empty: bool = False


def plane_grid(key: str, cards: Sequence[PlaneCard], points: dict) -> None:
    """Show `cards`, all with the same `points`, as `ui.playground.encode` makes them."""
    _mount(key=key, data={"cards": [asdict(card) for card in cards], "points": points})
