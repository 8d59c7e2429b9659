"""The language of one browser session: the browser's own, until the visitor switches."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core import i18n, words
from core.messages import Message

_CHOSEN = "_language"


def language() -> str:
    """"ja" or "en"."""
    return st.session_state.get(_CHOSEN) or i18n.supported(st.context.locale)


def _(msgid: str, **values: object) -> str:
    """`msgid` in the visitor's language, its places filled."""
    return tell(Message(msgid, values))


def tell(message: Message | None) -> str:
    """A message in the visitor's language."""
    return message.text(i18n.translator(language())) if message else ""


def each(msgids: Iterable[str]) -> list[str]:
    """Each of `msgids`, such as the classes of a data set, in the visitor's language; names that are in no catalogue stay as they are."""
    return [_(m) for m in msgids]


def plain(text: str) -> str:
    """Words of a stranger (names in files, captions) as Markdown that shows them as they are, in one line."""
    return " ".join(text.split()).translate({ord(c): f"\\{c}" for c in "\\`*_[]()#$~:!|<>{}"})


def duration(seconds: float) -> str:
    """A time as a person says it, in the visitor's language."""
    return tell(words.duration(seconds))


def switch() -> None:
    """The language switch."""

    def choose() -> None:
        if st.session_state.get("language-switch"):
            st.session_state[_CHOSEN] = st.session_state["language-switch"]

    st.segmented_control(
        "Language · 言語",
        list(i18n.LANGUAGES),
        default=language(),
        format_func=i18n.LANGUAGES.get,
        key="language-switch",
        on_change=choose,
        label_visibility="collapsed",
    )
