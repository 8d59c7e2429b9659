"""Routes through the concepts: the whole road map, the five projects of the notes, and a first tour."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass

from core.learning_path import (
    basics,
    classical,
    cnn,
    detection,
    diffusion,
    families,
    gans,
    networks,
    sequences,
    transformers,
)
from core.learning_path.concept import Concept
from core.messages import N_

GROUPS = tuple(
    module.GROUP
    for module in (
        basics,
        classical,
        networks,
        cnn,
        families,
        detection,
        sequences,
        gans,
        diffusion,
        transformers,
    )
)
MAX_STARS = 5


@dataclass(frozen=True)
class Section:
    """A part of a route: `title` is a message id, `stars` the difficulty that the notes give it, 0 for none."""

    id: str
    title: str
    concepts: tuple[Concept, ...]
    stars: int = 0


@dataclass(frozen=True)
class Route:
    """An order in which to go through some of the concepts; `title` and `about` are message ids."""

    id: str
    title: str
    about: str
    sections: tuple[Section, ...]

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """All concepts of the route, in order."""
        return tuple(concept for section in self.sections for concept in section.concepts)

    def stops(self) -> tuple[Concept, ...]:
        """The concepts that have a page; only they can be ticked off."""
        return tuple(concept for concept in self.concepts if concept.is_here)

    def next_stop(self, done: Collection[str]) -> Concept | None:
        """The first stop whose id is not in `done`; None at the end of the route."""
        return next((concept for concept in self.stops() if concept.id not in done), None)


@functools.cache
def all_concepts() -> dict[str, Concept]:
    """Return every concept by its id, in the order of the road map."""
    return {concept.id: concept for group in GROUPS for concept in group.concepts}


def _section(section_id: str, title: str, ids: str, stars: int = 0) -> Section:
    return Section(section_id, title, tuple(all_concepts()[name] for name in ids.split()), stars)


@functools.cache
def list_routes() -> dict[str, Route]:
    """Return the routes by id, the road map first."""
    routes = (
        Route(
            "map",
            N_("Road map"),
            N_("The whole field in the order of the notes, from a straight line to Transformers."),
            tuple(Section(group.id, group.title, group.concepts) for group in GROUPS),
        ),
        Route(
            "projects",
            N_("Five projects"),
            N_("The five projects of the notes, each with its difficulty from one to five stars."),
            (
                _section(
                    "boston",
                    N_("Project 1: Boston house prices (regression)"),
                    "linear-regression loss gradient-descent house-price sgd-adam saving",
                    1,
                ),
                _section(
                    "mnist",
                    N_("Project 2: MNIST digits (classification)"),
                    "softmax-regression convolution pooling batch-normalization batches scaling mnist-cnn metrics",
                    2,
                ),
                _section(
                    "cifar10",
                    N_("Project 3: CIFAR-10 (several architectures)"),
                    "vgg resnet mobilenet inception schedule fine-tuning tracking cost",
                    4,
                ),
                _section(
                    "coco",
                    N_("Project 4: the COCO data set"),
                    "coco bounding-box instance-mask keypoints annotation-errors",
                    3,
                ),
                _section(
                    "cyclegan",
                    N_("Project 5: CycleGAN (image translation)"),
                    "gan patchgan cyclegan cycle-consistency own-pair",
                    5,
                ),
            ),
        ),
        Route(
            "tour",
            N_("First tour"),
            N_("Eight stops across the whole field, each to be tried at once."),
            (
                _section(
                    "tour",
                    N_("Eight stops"),
                    "gradient-descent xor mlp convolution mnist-cnn transfer-learning cost cyclegan",
                ),
            ),
        ),
    )
    return {route.id: route for route in routes}
