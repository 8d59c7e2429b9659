"""The training of one visitor, kept in the session: trainers, points, frames."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import streamlit as st

from core.lessons.playground import data_sets, training
from core.lessons.playground.data_sets import PointSet
from core.lessons.playground.settings import Settings
from core.lessons.playground.training import Frame, Trainer
from core.messages import Message, UserError
from ui.kit.fair_share import fair_share

_KEY = "_playground"


@dataclass
class Session:
    """What a visitor trains.

    Attributes:
        settings: one, or two in lock-step.
        own: rows of x, y and class that were drawn or uploaded.
        points: the points; None if there are too few.
        problem: why there are no points.
        trainers: one for each of the settings.
        frames: their last frames.
        running: whether Play was pressed.
        serial: counts the frames that were sent.
        revision: counts changes of `own` that the browser has not made.
    """

    settings: tuple[Settings, ...] = ()
    own: list[tuple[float, float, float]] = field(default_factory=list)
    points: PointSet | None = None
    problem: Message | None = None
    trainers: tuple[Trainer, ...] = ()
    frames: tuple[Frame, ...] = ()
    running: bool = False
    serial: int = 0
    revision: int = 0
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    _slices: Iterator[tuple[Frame, ...]] | None = None
    _own_before: list | None = None

    def prepare(self, *settings: Settings) -> None:
        """Start anew if the settings or the points have changed."""
        if settings == self.settings and self.own is self._own_before:
            return
        self.settings, self._own_before = settings, self.own
        self.reset()

    def reset(self) -> None:
        """Go back to the initial weights."""
        self.running = False
        self.points, self.problem, self.trainers, self.frames, self._slices = None, None, (), (), None
        try:
            self.points = data_sets.make_points(self.settings[0], self.own)
        except UserError as error:
            self.problem = error.message
            return
        self.trainers = tuple(Trainer(s, self.points) for s in self.settings)
        self.frames = tuple(trainer.frame() for trainer in self.trainers)

    def advance(self) -> bool:
        """Train for this session's share of time. Returns False if too many sessions train."""
        if not fair_share().enter(self.id):
            return False
        if self._slices is None:
            self._slices = training.train_in_slices(self.trainers, fair_share().slice_seconds)
        frames = next(self._slices, None)
        if frames is None:
            self.running = False
        else:
            self.frames = frames
        if all(frame.end is not None for frame in self.frames):
            self.running = False
        return True

    def step_epoch(self) -> None:
        """Train for one epoch."""
        self.running = False
        for trainer in self.trainers:
            for _step in range(trainer.steps_per_epoch):
                trainer.step()
        self.frames = tuple(trainer.frame() for trainer in self.trainers)


def get_session() -> Session:
    """Return the visitor's session."""
    return st.session_state.setdefault(_KEY, Session())
