"""Ready-made projects to begin with: fruit, animals. Without their data sets, drawn images take their place and say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core import data
from core.data import ProgressCallback
from core.messages import Message, N_, UserError
from core.projects import store
from core.projects.photo_writer import PhotoSource, add_photos
from core.projects.ready_made import add_ready_made, to_png
from core.projects.store import Project


@dataclass(frozen=True)
class Example:
    """A ready-made project.

    Attributes:
        key: also the name of its card's image.
        title: message id.
        source: key of the data set.
        classes: taken from the data set.
        count: number of photos of each class.
        drawn_title: message id of the title without the data set.
        drawn_classes: taken from the drawn images then.
    """

    key: str
    title: str
    source: str
    classes: tuple[str, ...]
    count: int
    drawn_title: str
    drawn_classes: tuple[str, ...]

    @property
    def is_installed(self) -> bool:
        """Whether the data set is on this machine."""
        return data.find_dataset(self.source) is not None


EXAMPLES: tuple[Example, ...] = (
    Example(
        "fruit",
        N_("Apples or oranges?"),
        "fruit",
        ("apple", "orange"),
        100,
        N_("Apples or oranges? (drawn)"),
        ("apple", "orange"),
    ),
    Example(
        "animals",
        N_("Cat, dog, horse"),
        "cifar10",
        ("cat", "dog", "horse"),
        150,
        N_("Disc, square, triangle (drawn)"),
        ("disc", "square", "triangle"),
    ),
)


def get_example(key: str) -> Example:
    """The example called `key`. Raises UserError if there is none."""
    for example in EXAMPLES:
        if example.key == key:
            return example
    raise UserError(N_("There is no ready-made set named {source}."), source=store.clean_name(key, "–"))


def create_example(
    example: Example,
    name: str,
    progress: ProgressCallback | None = None,
    translate: Callable[[str], str] = str,
) -> Project:
    """A new project with the photos of `example`, or with drawn images if they are not installed.

    Args:
        example: the example.
        name: of the project.
        progress: called while photos are added.
        translate: gives a class of the data set the name that the project's class gets.

    Raises:
        UserError: if the photos cannot be read or saved. Nothing is stored then.
    """
    project = store.create_project(name)
    classes = example.classes if example.is_installed else example.drawn_classes
    try:
        for i, label in enumerate(classes):

            def report(words: Message, share: float, done: int = i) -> None:
                if progress:
                    progress(words, (done + share) / len(classes))

            if example.is_installed:
                add_ready_made(project, translate(label), f"{example.source}/{label}", example.count, report)
            else:
                _add_drawn(project, example, label, translate(label), report)
    except BaseException:
        store.delete_project(project)
        raise
    return project


def _add_drawn(
    project: Project, example: Example, shape: str, label: str, progress: ProgressCallback
) -> None:
    """Add drawn images of the fallback data set."""
    drawn = data.load_dataset(example.source, download=False)
    members = np.flatnonzero(drawn.train_y == drawn.classes.index(shape))[: example.count]
    origin = f"{drawn.name}/{shape}"
    sources = [
        PhotoSource(label, f"{i:05d}", lambda i=i: to_png(drawn.train_x[i]), origin=f"{origin}/{i:05d}")
        for i in members
    ]
    used = sorted({*map(str, project.about.get("sources", ())), origin})
    add_photos(project, sources, progress, drawn.name, {"sources": used})
