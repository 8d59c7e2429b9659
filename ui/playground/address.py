"""What a link to the playground says that is not possible: one sentence each, and the rest of the link is kept."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.playground.settings import NAMES
from core.messages import Message, N_, closest_names
from ui.kit import url
from ui.kit.i18n import escape_markdown, translate_message

_OTHERS = ("view", "vs", "vs_value", "experiment", "luck")
_LONGEST = 30


def check_choice(
    key: str, options: Sequence[object], default: object, *, place: DeltaGenerator | None = None
) -> None:
    """Say so if the address names none of `options` under `key`.

    Call it before the widget, which takes the choice before, or `default`, then.
    """
    named = _named(key)
    if named is not None and named not in map(str, options):
        kept = st.session_state.get(f"_kept.{key}")  # which the widget prefers
        _complain(key, named, str(kept if kept in options else default), options, place)


def check_choices(key: str, options: Sequence[str], default: Sequence[str]) -> None:
    """Say so if a name of the list under `key` is none of `options`; the others are kept, or `default` if there are none."""
    named = _named(key)
    if named is None or set(named.split(",")) <= set(options):
        return
    kept = ",".join(dict.fromkeys(n for n in named.split(",") if n in options)) or ",".join(default)
    _complain(key, named, kept, options, None)
    url.write_parameter(key, kept)


def check_names() -> None:
    """Say so if the address has a parameter whose name is nearly, but not quite, that of a setting."""
    known = (*NAMES, *_OTHERS)
    for name in [n for n in st.query_params if n not in known]:
        close = difflib.get_close_matches(name[:60], known, n=3, cutoff=0.75)
        if close:
            st.query_params.pop(name)
            show_complaint(
                Message(
                    N_("The address names {name}, which is no setting. Similar: {choices}."),
                    {"name": name[:_LONGEST], "choices": ", ".join(close)},
                )
            )


def show_complaint(complaint: Message, place: DeltaGenerator | None = None) -> None:
    """Show a sentence about the address; its values, part of a link, are escaped."""
    values = {name: escape_markdown(str(value)) for name, value in complaint.params.items()}
    (place or st).warning(
        translate_message(dataclasses.replace(complaint, params=values)), icon=":material/error:"
    )


def _named(key: str) -> str | None:
    """Return what the address says under `key`, unless the page wrote it there."""
    named = st.query_params.get(key)
    return None if named == st.session_state.get(f"_url.{key}") else named


def _complain(
    key: str, named: str, used: str, options: Sequence[object], place: DeltaGenerator | None
) -> None:
    short = named if len(named) <= _LONGEST else named[:_LONGEST] + "…"
    show_complaint(
        Message(
            N_(
                "The address says {name}={value}, which is not possible; {default} is used. Possible: {choices}."
            ),
            {
                "name": key,
                "value": short,
                "default": used,
                "choices": closest_names(named[:60], map(str, options), most=20),
            },
        ),
        place,
    )
