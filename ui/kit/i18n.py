"""Language of a browser session: the browser's language, until the user switches."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core import formatting, i18n
from core.messages import Message

_LANGUAGE_KEY = "_language"


def language() -> str:
    """Return the language of this session: "ja" or "en"."""
    return st.session_state.get(_LANGUAGE_KEY) or i18n.match_language(st.context.locale)


def _(msgid: str, **values: object) -> str:
    """Translate `msgid` into the language of this session and fill its placeholders."""
    return translate_message(Message(msgid, values))


def _n(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate a sentence that counts something: `{count}` is filled with `count`, digits grouped ("10,000")."""
    return translate_message(Message.counted(singular, plural, count, **values))


def translate_message(message: Message | None) -> str:
    """Translate a message into the language of this session; an empty string for None."""
    return message.text(i18n.get_translator(language())) if message else ""


def translate_all(msgids: Iterable[str]) -> list[str]:
    """Translate each of `msgids`, such as class names; names that are not in the catalogue stay unchanged."""
    return [_(m) for m in msgids]


def escape_markdown(text: str) -> str:
    """Escape untrusted text (file names, captions) so that Markdown shows it literally, on one line."""
    return " ".join(text.split()).translate({ord(c): f"\\{c}" for c in "\\`*_[]()#$~:!|<>{}"})


def format_duration(seconds: float) -> str:
    """Format a duration in the language of this session."""
    return translate_message(formatting.format_duration(seconds))


def language_switch() -> None:
    """Show the language switch."""

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
