"""Cards that lead to the pages, with images of what awaits there."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from core.messages import N_
from ui.components.page_cards import PageCard, page_cards
from ui.home import stored
from ui.kit import url
from ui.kit.frame import PAGES
from ui.kit.i18n import _


@dataclass(frozen=True)
class _Entry:
    """A card: its page, also the name of its image, message ids, and the parameters of the page."""

    page: str
    title: str
    about: str
    alt: str
    parameters: dict[str, str] = field(default_factory=dict)


_ENTRIES = (
    _Entry(
        "learning_path",
        N_("Learning path"),
        N_("A road through the field: tick off stop by stop, from a line to CycleGAN."),
        N_("A winding road with stations, the first ones done"),
    ),
    _Entry(
        "train",
        N_("Train a model"),
        N_("Start a run in one click and watch loss and accuracy live."),
        N_("Loss and accuracy of a training"),
    ),
    _Entry(
        "draw",
        N_("Look inside a network"),
        N_("See which strokes a model reacts to, layer by layer."),
        N_("Feature maps of a drawn 5"),
        {"view": "maps"},
    ),
    _Entry(
        "gradient_descent",
        N_("Gradient descent"),
        N_("Fit a line by hand, then watch four optimizers walk to the same place."),
        N_("Paths of four optimizers over a loss surface, from one start to one minimum"),
    ),
    _Entry(
        "playground",
        N_("Playground"),
        N_("Watch a small network learn to separate points, unit by unit."),
        N_("Two spirals of points, separated by a network's predictions"),
    ),
    _Entry(
        "house_prices",
        N_("House prices"),
        N_("Predict prices from a table and see what the model relies on."),
        N_("Actual prices over predicted ones, near the diagonal"),
    ),
    _Entry(
        "photos",
        N_("Your photos"),
        N_("Train a classifier on photos of your own and take it away."),
        N_("Photos of a cat, a dog and a horse with predicted probabilities"),
    ),
    _Entry(
        "compare",
        N_("Compare CNNs"),
        N_("AlexNet, VGG, ResNet and others: accuracy against compute cost."),
        N_("Accuracy of models over their compute cost"),
    ),
    _Entry(
        "architecture",
        N_("Take a model apart"),
        N_("Change width, depth or stride and see what it costs."),
        N_("The layers of a CNN as boxes"),
    ),
    _Entry(
        "translate",
        N_("Apples to oranges"),
        N_("Turn one into the other with CycleGAN, also in your own photos."),
        N_("Apples and oranges, half of each photo translated into the other"),
    ),
    _Entry(
        "browse",
        N_("Browse COCO"),
        N_("Search annotated images by what is in them: masks, boxes, keypoints."),
        N_("Photos in which people, cats, horses and an elephant are outlined"),
    ),
)


@st.cache_data(show_spinner=False)
def _image(name: str) -> bytes:
    return (stored.IMAGES / f"{name}.webp").read_bytes()


def show_cards() -> None:
    """Show the cards; a click opens the page."""
    cards = [
        PageCard(_image(e.page), _(e.alt), _(e.title), _(e.about), url.page_href(e.page, **e.parameters))
        for e in _ENTRIES
    ]
    chosen = page_cards(cards, "page-cards")
    if chosen is not None:
        entry = _ENTRIES[chosen]
        st.switch_page(PAGES[entry.page].path, query_params=entry.parameters)
    links = ", ".join(
        f"[{number}](https://www.flickr.com/photo.gne?id={photo})"
        for number, photo in enumerate(stored.COCO_PHOTOS.values(), 1)
    )
    st.caption(
        _(
            N_(
                "Photos on the card “Browse COCO”: {links}, each by the author named there, under "
                "[CC BY 2.0](https://creativecommons.org/licenses/by/2.0/), cropped and with COCO's masks."
            ),
            links=links,
        )
    )
