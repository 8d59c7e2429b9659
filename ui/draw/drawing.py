"""The canvas of the Draw page, opened with the sample digit of the day."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.digits import canvas, samples
from core.messages import N_
from ui.components.digit_canvas import CanvasLabels, digit_canvas
from ui.kit.i18n import _

_STATE = "_drawing"
_CANVAS = "digit-canvas"


@dataclass
class _Kept:
    """What a session keeps of the canvas between visits: strokes (None: the sample is shown), sample digit, and what resets it."""

    sample: int
    strokes: list | None = None
    revision: int = 0


@dataclass(frozen=True)
class Drawing:
    """Ink (H, W) uint8 on the canvas, and the sample digit that it shows, None after the visitor has drawn."""

    ink: np.ndarray
    sample: int | None


def _kept() -> _Kept:
    return st.session_state.setdefault(_STATE, _Kept(samples.sample_of_day(datetime.date.today())))


def show_canvas() -> Drawing | None:
    """Show the canvas. Returns what is on it, or None if that is nothing. The drawing lasts for the session, on every page."""
    kept = _kept()
    sample = samples.sample_strokes(kept.sample)
    labels = CanvasLabels(
        over_sample=_(N_("A sample: draw over it")),
        empty=_(N_("Draw a digit from 0 to 9")),
        description=_(
            N_("Drawing area for a digit. Backspace undoes the last stroke, Delete clears the canvas.")
        ),
        undo=_(N_("Undo")),
        clear=_(N_("Clear")),
        brush=_(N_("Brush size")),
    )
    kept.strokes = digit_canvas(_CANVAS, kept.strokes, sample=sample, revision=kept.revision, labels=labels)
    ink = canvas.ink_from_strokes(sample if kept.strokes is None else kept.strokes)
    if canvas.is_blank(ink):
        return None
    return Drawing(ink, kept.sample if kept.strokes is None else None)


def has_drawn() -> bool:
    """Whether the visitor has drawn in this session."""
    return _kept().strokes is not None


def next_sample() -> None:
    """Callback: show the next sample digit."""
    kept = _kept()
    if kept.strokes is None:
        kept.sample = samples.sample_after(kept.sample)
    kept.strokes, kept.revision = None, kept.revision + 1
