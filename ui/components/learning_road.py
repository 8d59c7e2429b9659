"""A road with stations, in sections: each station opens to its text and image, and can be ticked off in the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.kit.component import register

_mount = register(__file__)


@dataclass(frozen=True)
class Stop:
    """A station.

    Attributes:
        id: name in events.
        title: shown beside its image.
        text: shown when it is open.
        alt: what the image shows.
        href: address of the page on which to try it; "" for a station that cannot be ticked off.
        after: ids and titles of the stations before it.
        terms: addresses and names of glossary entries.
    """

    id: str
    title: str
    text: str
    alt: str
    href: str
    after: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RoadSection:
    """A part of the road with its heading; `stars` of five as text, described by `stars_label`, "" for none."""

    id: str
    title: str
    stars: str
    stars_label: str
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Ticks:
    """The stations ticked off. The browser takes them over when `revision` changes, and keeps its own in between. Under the name
    `cookie` it remembers `remembered`; None leaves what it has.
    """

    done: tuple[str, ...]
    revision: int
    cookie: str
    remembered: str | None


def learning_road(
    key: str,
    sections: Sequence[RoadSection],
    ticks: Ticks,
    *,
    labels: Mapping[str, str],
    on_tick: Callable[[int, list[str]], None],
) -> str | None:
    """Show the road. Returns the id of the station whose page is to be opened, else None.

    `on_tick` is called after a tick with the revision that the browser had, and the ids ticked off.
    """

    def take() -> None:
        edit = dict(st.session_state.get(key) or {}).get("edit")
        if (
            isinstance(edit, dict)
            and isinstance(edit.get("done"), list)
            and isinstance(edit.get("revision"), int)
        ):
            on_tick(edit["revision"], [name for name in edit["done"] if isinstance(name, str)])

    data = {
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "stars": section.stars,
                "stars_label": section.stars_label,
                "stops": [asdict(stop) for stop in section.stops],
            }
            for section in sections
        ],
        "labels": dict(labels),
        "done": ticks.done,
        "revision": ticks.revision,
        "cookie": ticks.cookie,
        "remembered": ticks.remembered,
    }
    result = _mount(
        key=key, data=data, default={"edit": None}, on_edit_change=take, on_opened_change=lambda: None
    )
    opened = result.get("opened")
    return opened if isinstance(opened, str) else None
