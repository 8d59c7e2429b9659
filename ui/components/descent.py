"""Gradient descent on a line, in the browser: the points with the line, the loss surface with the path, every number of a step.

The browser computes the steps, so that dragging and running need no server; `core.lessons.gradient_descent` is what it has to agree
with. Points, start and learning rate arrive after a drag has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from core.lessons import gradient_descent as gd
from core.lessons.points_csv import MAX_POINTS
from ui.kit import palette
from ui.kit.component import register

_mount = register(__file__, "descent_math", "descent_draw", "descent_edit", "descent_cards")


@dataclass(frozen=True)
class Racer:
    """One optimizer on the surface: key of `OPTIMIZERS`, label, CSS color, and its settings."""

    optimizer: str
    label: str
    color: str
    rate: float
    momentum: float = gd.MOMENTUM


@dataclass(frozen=True)
class DescentState:
    """What the component opens with. It takes over points (n, 2), start (w, b) and rate when `revision` changes, and keeps its own in
    between.
    """

    revision: int
    points: list[list[float]]
    start: tuple[float, float]
    rate: float


def descent(
    key: str,
    state: DescentState,
    racers: Sequence[Racer],
    *,
    mode: Literal["lab", "race"],
    labels: dict[str, Any],
    assessment: tuple[str, str] | None = None,
    on_edit: Callable[[], None] = lambda: None,
) -> None:
    """Show the lab with one racer, or a race of several. `assessment` is the verdict on the learning rate with its sentence. `on_edit` is
    called after the visitor changed something; `edit_of` then returns it.
    """
    data = {
        "mode": mode,
        "revision": state.revision,
        "points": state.points,
        "start": list(state.start),
        "rate": state.rate,
        "racers": [
            {
                "optimizer": r.optimizer,
                "label": r.label,
                "color": r.color,
                "momentum": r.momentum,
                **({"rate": r.rate} if mode == "race" else {}),
            }
            for r in racers
        ],
        "labels": labels,
        "verdict": {"name": assessment[0], "text": assessment[1]} if assessment else None,
        "colors": {"error": palette.NEUTRAL},
        "limits": {
            "diverged": gd.DIVERGED,
            "converged": gd.CONVERGED,
            "steps": gd.MAX_STEPS,
            "points": MAX_POINTS,
        },
    }
    _mount(key=key, data=data, default={"edit": None}, on_edit_change=on_edit)


def edit_of(key: str) -> dict[str, Any] | None:
    """What the visitor changed last in the component `key`; None before."""
    edit = dict(st.session_state.get(key) or {}).get("edit")
    return edit if isinstance(edit, dict) else None
