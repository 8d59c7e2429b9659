"""The training of one visitor, kept in the session: trainers, points, frames."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import streamlit as st

from core.lessons.playground import data_sets, training
from core.lessons.playground.data_sets import PointSet
from core.lessons.playground.settings import Settings
from core.lessons.playground.training import Frame, Trainer
from core.messages import Message, UserError
from ui.kit.fair_share import fair_share

IDLE_SECONDS = 180.0
"""Time without an action of the visitor after which a training pauses."""
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
        pause: why it stopped running without the visitor's doing.
        last_action: when the visitor last did something (`time.monotonic`).
        has_new_layers: whether the buttons of the view have changed the settings.
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
    pause: Message | None = None
    last_action: float = field(default_factory=time.monotonic)
    has_new_layers: bool = False
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
        self.running, self.pause = False, None
        self.points, self.problem, self.trainers, self.frames, self._slices = None, None, (), (), None
        try:
            self.points = data_sets.make_points(self.settings[0], self.own)
        except UserError as error:
            self.problem = error.message
            return
        self.trainers = tuple(Trainer(s, self.points) for s in self.settings)
        self.frames = tuple(trainer.frame() for trainer in self.trainers)

    def toggle(self) -> None:
        """Play or pause. A training that had paused because it had converged gets as many epochs again."""
        self.running, self.pause, self.last_action = not self.running, None, time.monotonic()
        for trainer in self.trainers if self.running else ():
            if trainer.is_converged:
                trainer.wait_again()

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
        if self.running:
            self._pause_if_idle()
        return True

    def _pause_if_idle(self) -> None:
        if all(trainer.is_converged or trainer.end is not None for trainer in self.trainers):
            self.running = False
            self.pause = Message.counted(
                "Paused: the training loss has not fallen for {count} epoch. Press Play to go on.",
                "Paused: the training loss has not fallen for {count} epochs. Press Play to go on.",
                training.PLATEAU_EPOCHS,
            )
        elif time.monotonic() - self.last_action > IDLE_SECONDS:
            self.running = False
            self.pause = Message.counted(
                "Paused: no click for {count} minute. Press Play to go on.",
                "Paused: no click for {count} minutes. Press Play to go on.",
                round(IDLE_SECONDS / 60),
            )

    def step_epoch(self) -> None:
        """Train for one epoch."""
        self.running, self.pause = False, None
        for trainer in self.trainers:
            for _step in range(trainer.steps_per_epoch):
                trainer.step()
        self.frames = tuple(trainer.frame() for trainer in self.trainers)


def get_session() -> Session:
    """Return the visitor's session."""
    return st.session_state.setdefault(_KEY, Session())
