"""Images of the concepts: illustrations of the glossary and of this page, and the images of the home page's cards."""

from __future__ import annotations

import functools
from pathlib import Path

from core import glossary
from core.learning_path.concept import Concept
from ui.home import stored
from ui.kit import image_display
from ui.kit.i18n import _, language

ART = Path(__file__).with_name("art")
_GLOSSARY_ART = Path(__file__).parents[1] / "glossary" / "art"


def image_path(concept: Concept) -> Path:
    """Return the file of a concept's image: SVG, or WebP for an image of the home page."""
    source, name = concept.image.split("/")
    if source == "home":
        return stored.IMAGES / f"{name}.webp"
    return (_GLOSSARY_ART if source == "glossary" else ART) / f"{name}.svg"


@functools.cache
def image_url(path: Path) -> str:
    """Return the image at `path` as a data URL."""
    suffix = path.suffix.removeprefix(".")
    return image_display.data_url(path.read_bytes(), "svg+xml" if suffix == "svg" else suffix)


def card_image(concept: Concept) -> str:
    """Return a concept's image for `st.image`: the path of a WebP file, or the text of an SVG."""
    path = image_path(concept)
    return path.read_text(encoding="utf-8") if path.suffix == ".svg" else str(path)


def image_alt(concept: Concept) -> str:
    """Return what a concept's image shows, in the visitor's language."""
    source, name = concept.image.split("/")
    return glossary.get_term(name).image(language()) if source == "glossary" else _(concept.alt)
