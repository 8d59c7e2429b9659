"""The language of one visitor: the one chosen in this browser, else the browser's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import streamlit as st

from core import formatting, i18n
from core.messages import Message
from ui.kit.page_language import COOKIE, apply_language

_LANGUAGE_KEY, _CHOSEN_KEY, _PARAMETER = "_language", "_language_chosen", "lang"


def language() -> str:
    """Return "ja" or "en": the choice in this session, else `?lang=`, the cookie of an earlier choice, the browser's language."""
    if _LANGUAGE_KEY not in st.session_state:
        requested = (st.query_params.get(_PARAMETER), st.context.cookies.get(COOKIE))
        # Asked once per session: a page translates hundreds of sentences.
        st.session_state[_LANGUAGE_KEY] = next((tag for tag in requested if tag in i18n.LANGUAGES), "")
    return st.session_state[_LANGUAGE_KEY] or i18n.match_language(st.context.locale)


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
    return formatting.format_duration(seconds, language())


def format_duration_short(seconds: float) -> str:
    """Format a duration in one unit, in the language of this session."""
    return formatting.format_duration_short(seconds, language())


def language_switch() -> None:
    """Draw the language switch; a choice is remembered in a cookie of this browser for a year."""

    def choose() -> None:
        if chosen := st.session_state.get("language-switch"):
            st.session_state[_LANGUAGE_KEY], st.session_state[_CHOSEN_KEY] = chosen, secrets.token_hex(4)
            if _PARAMETER in st.query_params:
                st.query_params[_PARAMETER] = chosen

    st.segmented_control(
        "Language · 言語",
        list(i18n.LANGUAGES),
        default=language(),
        format_func=i18n.LANGUAGES.get,
        key="language-switch",
        on_change=choose,
        label_visibility="collapsed",
    )
    apply_language(language(), remember=st.session_state.get(_CHOSEN_KEY, ""))
