"""Cards that lead to pages: an image, a title and one line; the whole card is a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ui.kit import image_display
from ui.kit.component import register

_mount = register(__file__)


@dataclass(frozen=True)
class PageCard:
    """A card: a WebP file with the description `alt`, the texts, and the address of the page."""

    image: bytes
    alt: str
    title: str
    about: str
    href: str


def page_cards(cards: Sequence[PageCard], key: str) -> int | None:
    """Show `cards` of equal height, in as many columns as fit. Returns the index of the card clicked in this rerun, else None.

    A click stays in the session; opened in a new tab, a card is an ordinary link.
    """
    data = [
        {
            "src": image_display.data_url(c.image, "webp"),
            "alt": c.alt,
            "title": c.title,
            "about": c.about,
            "href": c.href,
        }
        for c in cards
    ]
    result = _mount(key=key, data={"cards": data}, on_opened_change=lambda: None)
    return result.get("opened")
