"""Sliders and number inputs whose value is shared in the URL and kept while other pages are open; words for what a link gets wrong.

Streamlit's `bind="query-params"` forgets the value after a visit to another page, and ignores nonsense without a word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import streamlit as st

from core.messages import Message, N_
from ui.kit import url
from ui.kit.frame import flash
from ui.kit.i18n import escape_markdown

Number = TypeVar("Number", int, float)
_MAX_SHOWN = 40  # characters of a value that is no value


def choose_number(
    widget: Callable[..., Any],
    label: str,
    low: Number,
    high: Number,
    default: Number,
    *,
    key: str,
    place: str,
    **more: object,
) -> Number:
    """Draw a slider or number input from `low` to `high` whose value is shared as `?key=value` and kept while other pages are open.

    A value in the URL that is no number in this range is ignored, which `place` says. The default is not written.
    """
    kept, written = f"_kept.{key}", f"_url.{key}"
    named = st.query_params.get(key)
    linked = None
    if named is not None and named != st.session_state.get(written):
        linked = parse_number(named, low, high)
        if linked is None:
            report_nonsense(key, place)
    if linked is not None:
        st.session_state[key] = linked
    elif key not in st.session_state:
        st.session_state[key] = min(high, max(low, st.session_state.get(kept, default)))
    value = st.session_state[kept] = widget(label, low, high, key=key, **more)
    if value == default:
        st.query_params.pop(key, None)
        st.session_state.pop(written, None)
    else:
        st.session_state[written] = format_number(value)
        url.write_parameter(key, st.session_state[written])
    return value


def parse_number(text: str, low: Number, high: Number) -> Number | None:
    """Return the number that `text` names, of the type of `low`; None if it is none or is not in `low`..`high`."""
    try:
        value = type(low)(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and low <= value <= high else None


def format_number(value: float) -> str:
    """Format a number for a link."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def report_nonsense(key: str, place: str) -> None:
    """Remove the parameter `key`, which has no possible value, from the URL, and say so at `place`."""
    named = st.query_params[key]
    del st.query_params[key]
    flash(
        Message(
            N_("“{value}” in the address is no value for {name}. It was ignored."),
            {"value": escape_markdown(named[:_MAX_SHOWN]), "name": key},
        ),
        "warning",
        place=place,
    )


def check_choices(choices: Mapping[str, Iterable[object]], place: str) -> None:
    """Say at `place` which parameters in the URL are none of their `choices`; call it before their widgets, which ignore them."""
    for key, options in choices.items():
        named = st.query_params.get(key)
        if named is not None and named not in map(str, options):
            report_nonsense(key, place)
