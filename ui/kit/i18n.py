"""The language of one browser session: the browser's own, until the visitor switches."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core import formatting, i18n
from core.messages import Message

_LANGUAGE_KEY = "_language"


def language() -> str:
    """ "ja" or "en"."""
    return st.session_state.get(_LANGUAGE_KEY) or i18n.match_language(st.context.locale)


def _(msgid: str, **values: object) -> str:
    """`msgid` in the visitor's language, its places filled."""
    return translate_message(Message(msgid, values))


def translate_message(message: Message | None) -> str:
    """A message in the visitor's language."""
    return message.text(i18n.get_translator(language())) if message else ""


def translate_all(msgids: Iterable[str]) -> list[str]:
    """Each of `msgids`, such as the classes of a data set, in the visitor's language; names that are in no catalogue stay as they are."""
    return [_(m) for m in msgids]


def escape_markdown(text: str) -> str:
    """Words of a stranger (names in files, captions) as Markdown that shows them as they are, in one line."""
    return " ".join(text.split()).translate({ord(c): f"\\{c}" for c in "\\`*_[]()#$~:!|<>{}"})


def format_duration(seconds: float) -> str:
    """A time as a person says it, in the visitor's language."""
    return translate_message(formatting.format_duration(seconds))


def language_switch() -> None:
    """The language switch."""

    def choose() -> None:
        if st.session_state.get("language-switch"):
            st.session_state[_LANGUAGE_KEY] = st.session_state["language-switch"]

    st.segmented_control(
        "Language · 言語",
        list(i18n.LANGUAGES),
        default=language(),
        format_func=i18n.LANGUAGES.get,
        key="language-switch",
        on_change=choose,
        label_visibility="collapsed",
    )
