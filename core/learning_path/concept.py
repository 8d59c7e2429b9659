"""What a concept of the learning path is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Concept:
    """A stop on the way.

    Attributes:
        id: name in URLs.
        number: its bit in the ticks of URLs and cookies; never changed, never used again.
        title: message id.
        text: message id; three sentences.
        image: "glossary/<term>", "home/<page>" or "own/<id>"; see `ui.learning_path.images`.
        alt: message id of what the image shows; "" for an illustration of the glossary, which has its own.
        page: page on which to try it; "" if there is none yet.
        parameters: URL parameters of that page, which set up what the text describes.
        after: ids of the concepts that it builds on.
        terms: ids of glossary entries.
    """

    id: str
    number: int
    title: str
    text: str
    image: str
    alt: str = ""
    page: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether there is a page on which to try it."""
        return bool(self.page)


@dataclass(frozen=True)
class Group:
    """Concepts of one subject, in the order of the road map; `title` is a message id."""

    id: str
    title: str
    concepts: tuple[Concept, ...]
