"""What a visitor has ticked off: in the session, in the URL, and in a cookie of this browser for the next visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from core.learning_path import ticks
from core.learning_path.routes import all_concepts
from core.messages import Message, N_, UserError
from ui.kit import url
from ui.kit.frame import flash

COOKIE = "manabi_path"
PLACE = "path"
"""Where the messages of this module are shown."""
_KEY, _PARAMETER = "_path", "done"


@dataclass
class Work:
    """The visitor's ticks.

    Attributes:
        done: ids of concepts, in the order of the road map.
        revision: grows whenever the road in the browser must take over `done`.
        remembered: the ticks in this browser's cookie.
        is_linked: whether `done` came with a link and differs from `remembered`, which is then left as it is.
        written: what was last written to the URL.
    """

    done: tuple[str, ...] = ()
    revision: int = 0
    remembered: tuple[str, ...] = ()
    is_linked: bool = False
    written: str | None = None

    @property
    def cookie_value(self) -> str | None:
        """What the browser shall remember; None to leave its cookie as it is."""
        return None if self.is_linked else ticks.encode_ticks(self.done)


def get_work() -> Work:
    """Return the ticks of this session, at first those that the browser remembers."""
    if _KEY not in st.session_state:
        try:
            remembered = ticks.decode_ticks(dict(st.context.cookies).get(COOKIE, ""))
        except UserError:
            remembered = ()
            text = N_(
                "The ticks that this browser remembered are damaged, so the path starts from the beginning."
            )
            flash(Message(text), "warning", place=PLACE)
        st.session_state[_KEY] = Work(done=_here(remembered), remembered=_here(remembered))
    return st.session_state[_KEY]


def read_url(work: Work) -> None:
    """Take over the ticks that the URL names; nonsense is said and removed."""
    named = st.query_params.get(_PARAMETER)
    if named is None or named == work.written:
        return
    try:
        done = _here(ticks.decode_ticks(named))
    except UserError as error:
        flash(error.message, "warning", place=PLACE)
        st.query_params.pop(_PARAMETER)
        return
    work.is_linked = done != work.remembered
    work.done, work.written = done, named
    work.revision += 1


def write_url(work: Work) -> None:
    """Write the ticks to the URL, if there are any."""
    work.written = ticks.encode_ticks(work.done)
    if work.written:
        url.write_parameter(_PARAMETER, work.written)
    else:
        st.query_params.pop(_PARAMETER, None)


def set_done(done: Iterable[str]) -> None:
    """Callback: make `done` the ticks of the visitor; the road in the browser takes them over."""
    _keep(get_work(), done)
    get_work().revision += 1


def take_ticks(revision: int, done: list[str]) -> None:
    """Callback of the road: keep what was ticked there, unless it has not seen the last change yet."""
    work = get_work()
    if revision == work.revision:
        _keep(work, done)


def show_own() -> None:
    """Callback: leave the ticks of the link for those that the browser remembers."""
    work = get_work()
    work.is_linked = False
    work.done = work.remembered
    work.revision += 1
    work.written = st.query_params.get(_PARAMETER)


def keep_linked() -> None:
    """Callback: let the browser remember the ticks of the link."""
    work = get_work()
    work.is_linked = False
    work.remembered = work.done


def _keep(work: Work, done: Iterable[str]) -> None:
    work.done = _here(done)
    if work.is_linked and work.remembered:
        return
    work.is_linked = False
    work.remembered = work.done


def _here(done: Iterable[str]) -> tuple[str, ...]:
    """The ids in `done` of concepts that can be ticked off, in the order of the road map."""
    wanted = set(done)
    return tuple(name for name, concept in all_concepts().items() if concept.is_here and name in wanted)
