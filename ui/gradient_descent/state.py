"""What a visitor works on: points, start and learning rate, in the session and, but for the points, in the URL."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from core.lessons import gradient_descent as gd
from core.lessons.points_csv import MAX_MAGNITUDE, MAX_POINTS, Points
from ui.components.descent import DescentState, edit_of
from ui.kit import url, url_numbers

LAB = "gd-lab"
MESSAGES = "gd"
_KEY = "_gd"
_MAX_START = 1e6


@dataclass
class Work:
    """The visitor's work. `revision` grows whenever the component must take over what stands here."""

    points: list[list[float]]
    set_name: str = "notes"
    optimizer: str = "sgd"
    start: tuple[float, float] = gd.START
    rate: float = gd.DEFAULT_RATES["sgd"]
    revision: int = 0
    own: list[list[float]] | None = None
    table: Points | None = None
    written: dict[str, str] = field(default_factory=dict)

    @property
    def x(self) -> np.ndarray:
        """x of the points (n,)."""
        return np.array([p[0] for p in self.points], float)

    @property
    def y(self) -> np.ndarray:
        """y of the points (n,)."""
        return np.array([p[1] for p in self.points], float)

    @property
    def has_line(self) -> bool:
        """Whether the points determine a line."""
        return len({p[0] for p in self.points}) > 1

    def for_component(self) -> DescentState:
        """What the component opens with."""
        return DescentState(self.revision, self.points, self.start, self.rate)


def _as_list(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    return [[float(a), float(b)] for a, b in zip(x, y, strict=True)]


def get_work() -> Work:
    """The work of this session, started with the points of the notes."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Work(_as_list(*gd.make_points("notes")))
    return st.session_state[_KEY]


def choose_set(work: Work, name: str) -> None:
    """Take the points of set `name` if that is another one than before."""
    if work.set_name == name:
        return
    work.set_name = name
    work.points = work.own if name == "own" and work.own else _as_list(*gd.make_points(name))
    work.revision += 1


def use_own_points(points: list[list[float]]) -> None:
    """Make `points` the visitor's own, for callbacks: the component takes them over."""
    work = get_work()
    work.points = work.own = points
    work.set_name = st.session_state["points"] = "own"
    work.revision += 1


def choose_optimizer(work: Work, name: str) -> None:
    """Take the learning rate that suits optimizer `name` if that is another one than before."""
    if work.optimizer != name:
        work.optimizer, work.rate = name, gd.DEFAULT_RATES[name]


def take_edit() -> None:
    """Callback of the component: keep what the visitor changed."""
    work, edit = get_work(), edit_of(LAB)
    if edit is None or edit.get("revision") != work.revision:
        return
    rate, start, points = edit.get("rate"), edit.get("start"), edit.get("points")
    if _is_number(rate, gd.MAX_RATE) and rate >= gd.MIN_RATE:
        work.rate = float(rate)
    if _is_pair(start, _MAX_START):
        work.start = (float(start[0]), float(start[1]))
    valid = isinstance(points, list) and len(points) <= MAX_POINTS
    if valid and all(_is_pair(p, MAX_MAGNITUDE) for p in points):
        edited = [[float(a), float(b)] for a, b in points]
        if edited != work.points:
            work.points = work.own = edited
            work.set_name = st.session_state["points"] = "own"


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most


def _is_pair(value: object, most: float) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_number(v, most) for v in value)


def read_url(work: Work) -> None:
    """Take learning rate and start from the URL if it names them; nonsense is said and left out."""
    numbers = {"lr": work.rate, "w": work.start[0], "b": work.start[1]}
    changed = False
    for name in numbers:
        named = st.query_params.get(name)
        if named is None or named == work.written.get(name):
            continue
        low, high = (gd.MIN_RATE, gd.MAX_RATE) if name == "lr" else (-_MAX_START, _MAX_START)
        value = url_numbers.parse_number(named, low, high)
        if value is None:
            url_numbers.report_nonsense(name, MESSAGES)
        else:
            numbers[name], changed = value, True
    if changed:
        work.rate, work.start = numbers["lr"], (numbers["w"], numbers["b"])
        work.revision += 1


def write_url(work: Work) -> None:
    """Write learning rate and start to the URL where they differ from the defaults."""
    defaults = {"lr": gd.DEFAULT_RATES[work.optimizer], "w": gd.START[0], "b": gd.START[1]}
    for name, value in {"lr": work.rate, "w": work.start[0], "b": work.start[1]}.items():
        if value == defaults[name]:
            st.query_params.pop(name, None)
            work.written.pop(name, None)
        else:
            work.written[name] = url_numbers.format_number(value)
            url.write_parameter(name, work.written[name])
