"""Widgets whose value is shared in the URL by name, not by label, so that a link works in every language; links between pages.

Streamlit's own `bind="query-params"` writes the translated label; it suits numbers, toggles and text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import streamlit as st

from ui.kit.i18n import language


def choose_one(
    widget: Callable[..., Any], label: str, options: Sequence[Any], *, key: str, default: Any, **more: object
) -> Any:
    """Draw a selectbox or segmented control whose value is shared as `?key=value` and kept while other pages are open.

    A value in the URL that is no option is ignored; the default is not written.
    """
    by_name = {str(option): option for option in options}
    kept, written, spoken = f"_kept.{key}", f"_url.{key}", f"_language.{key}"
    named = st.query_params.get(key)
    if named in by_name and (key not in st.session_state or named != st.session_state.get(written)):
        st.session_state[key] = by_name[named]
    elif key not in st.session_state or st.session_state[key] not in options:
        st.session_state[key] = st.session_state[kept] if st.session_state.get(kept) in options else default
    elif st.session_state.get(spoken) != language():
        st.session_state[key] = st.session_state[key]  # set again, so that the browser shows the new language
    st.session_state[spoken] = language()
    value = widget(label, options, key=key, **more)
    value = default if value is None else value
    st.session_state[kept] = value
    if value == default:
        st.query_params.pop(key, None)
        st.session_state.pop(written, None)
    else:
        st.query_params[key] = st.session_state[written] = str(value)
    return value


def forget_choice(key: str) -> None:
    """Forget the earlier choice under `key`; call it before the widget is drawn."""
    for name in (key, f"_kept.{key}", f"_url.{key}"):
        st.session_state.pop(name, None)


def choose_many(
    label: str,
    options: Sequence[str],
    *,
    key: str,
    default: list[str],
    widget: Callable[..., Any] = st.multiselect,
    always: bool = True,
    **more: object,
) -> list[str]:
    """Draw a `widget` of several names whose value is shared as `?key=a,b` and kept while other pages are open.

    Names that are no options, and those above `max_selections`, are ignored. The default, which may differ elsewhere, is written
    too unless `always` is off.
    """
    kept, written = f"_kept.{key}", f"_url.{key}"
    named = st.query_params.get(key)
    if named is not None and named != st.session_state.get(written):
        st.session_state[key] = [n for n in dict.fromkeys(named.split(",")) if n in options][
            : more.get("max_selections")
        ]
    else:
        before = st.session_state.get(key, st.session_state.get(kept, default))
        st.session_state[key] = [n for n in before if n in options]
    value = widget(label, options, key=key, **more)
    st.session_state[kept] = list(value)
    if always or sorted(value) != sorted(default):
        st.query_params[key] = st.session_state[written] = ",".join(value)
    else:
        st.query_params.pop(key, None)
        st.session_state.pop(written, None)
    return list(value)


def read_number(key: str, limit: int) -> int | None:
    """Return the integer from 0 to `limit` - 1 that the URL names under `key`, None otherwise."""
    named = st.query_params.get(key, "")
    is_number = named.isascii() and named.isdigit() and len(named) < 12
    return int(named) if is_number and int(named) < limit else None


def text_field(label: str, *, key: str, default: str = "", **more: object) -> str:
    """Draw a text input whose value is shared as `?key=value`, also when a callback sets it, and kept while other pages are open.

    Streamlit's `bind="query-params"` shares typed text only.
    """
    kept, written = f"_kept.{key}", f"_url.{key}"
    named = st.query_params.get(key)
    if named is not None and named != st.session_state.get(written):
        st.session_state[key] = named
    elif key not in st.session_state:
        st.session_state[key] = st.session_state.get(kept, default)
    value = st.text_input(label, key=key, **more)
    st.session_state[kept] = value
    if value == default:
        st.query_params.pop(key, None)
        st.session_state.pop(written, None)
    else:
        st.query_params[key] = st.session_state[written] = value
    return value


def migrate_parameters(prefix: str, migrate: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Replace the parameters whose names begin with `prefix` by what `migrate` returns, so that links of earlier versions work.

    Call it before the widgets of these parameters: if anything changes, the page runs again with the new address.
    """
    named = {k.removeprefix(prefix): v for k, v in st.query_params.items() if k.startswith(prefix)}
    current = migrate(named)
    if current == named:
        return
    for name in named:
        del st.query_params[prefix + name]
    st.query_params.update({prefix + name: value for name, value in current.items()})
    st.rerun()


def page_href(name: str = "", anchor: str = "", **parameters: str) -> str:
    """Return the address of page `name` ("" for home) below the server's base path, for links in Markdown and tables.

    Links that `st.page_link` can draw should use that instead: it stays within the session.
    """
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{_base_path()}/{name}{query}{f'#{anchor}' if anchor else ''}"


def unknown_path() -> str:
    """Return the path in the browser's address below the base path, "" for home; call it on home alone."""
    path = unquote(urlsplit(st.context.url or "").path).rstrip("/")
    return path.removeprefix(_base_path()).strip("/")


def _base_path() -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
