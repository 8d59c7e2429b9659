"""Widgets whose value is shared in the URL by name, not by label, so that a link works in every language; links between pages.

Streamlit's own `bind="query-params"` writes the translated label; it suits numbers and text.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import tasks
from ui.kit.i18n import language

_MAX_SHOWN = 60  # characters of a value from a link in a message
_BOOLS = {"true": True, "false": False}
_TASK_PARAMETERS = ("task", "net", "only", "beside")  # their values are names of tasks


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
    _share(key, None if value == default else str(value))
    return value


def unknown_value(key: str, options: Sequence[Any]) -> str:
    """Return what the link names under `key` if it is none of `options`, "" otherwise; call it before the widget is drawn."""
    named = st.query_params.get(key, "")
    return "" if named in map(str, options) else named[:_MAX_SHOWN]


def choose_tab(names: dict[str, str], *, key: str, default: str) -> tuple[str, Any]:
    """Draw tabs whose open one is shared as `?key=name`; return its name and container. Only the content of that one is to be drawn.

    `names` maps names to labels in the visitor's language. Names, kept choices and the URL are treated as in `choose_one`.
    """
    kept, written, widget = f"_kept.{key}", f"_url.{key}", f"{key}.{language()}"
    named, labels = st.query_params.get(key), list(names.values())
    if named in names and named != st.session_state.get(written):
        st.session_state[widget] = names[named]
    elif st.session_state.get(widget) not in labels:
        earlier = st.session_state.get(kept)
        st.session_state[widget] = names[earlier if earlier in names else default]
    tabs = st.tabs(labels, key=widget, on_change="rerun")
    opened = next((i for i, tab in enumerate(tabs) if tab.open), 0)
    name = list(names)[opened]
    st.session_state[kept] = name
    _share(key, None if name == default else name)
    return name, tabs[opened]


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
    _share(key, ",".join(value) if always or sorted(value) != sorted(default) else None)
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
    _share(key, None if value == default else value)
    return value


def toggle(label: str, *, key: str, default: bool = False, keep: bool = True, **more: object) -> bool:
    """Draw a toggle whose value is shared as `?key=true` or `?key=false` and, if `keep`, kept while other pages are open.

    Streamlit's `bind="query-params"` loses a click in the address when the toggle moves as the page redraws.
    """
    toggle_value(key, default)
    value = st.toggle(label, key=key, **more)
    if keep:
        st.session_state[f"_kept.{key}"] = value
    _share(key, None if value == default else str(value).lower())
    return value


def toggle_value(key: str, default: bool = False) -> bool:
    """Return the value of the toggle `key`, also before it is drawn."""
    named = st.query_params.get(key)
    if named in _BOOLS and (key not in st.session_state or named != st.session_state.get(f"_url.{key}")):
        st.session_state[key] = _BOOLS[named]
    elif key not in st.session_state:
        st.session_state[key] = st.session_state.get(f"_kept.{key}", default)
    return st.session_state[key]


def _share(key: str, text: str | None) -> None:
    """Set `?key=text`, or remove the parameter if `text` is None; remember it, so that a link opened later is told from it."""
    if text is None:
        drop_parameter(key)
    else:
        st.session_state[f"_url.{key}"] = text
        write_parameter(key, text)


def drop_parameter(key: str) -> None:
    """Remove the parameter of a widget that has its default value or is no longer drawn."""
    st.query_params.pop(key, None)
    st.session_state.pop(f"_url.{key}", None)


def write_parameter(name: str, text: str) -> None:
    """Set `?name=text`, if it is not that already.

    Streamlit sends the whole address with every assignment, as it was when the run of the script began: one that changes nothing
    would undo what the visitor has changed since.
    """
    if st.query_params.get(name) != text:
        st.query_params[name] = text


def migrate_parameters(prefix: str, migrate: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Replace the parameters whose names begin with `prefix` by what `migrate` returns, so that links of earlier versions work.

    Call it before the widgets of these parameters: if anything changes, the page runs again with the new address.
    """
    named = {k.removeprefix(prefix): v for k, v in st.query_params.items() if k.startswith(prefix)}
    current = migrate(named)
    gone = [prefix + name for name in named if name not in current]
    changed = {prefix + name: value for name, value in current.items() if named.get(name) != value}
    if not gone and not changed:
        return
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in gone}
    try:
        st.query_params.from_dict({**others, **changed})  # one call: each change is an entry in the history
    except StreamlitAPIException:  # Back to an old link: widgets drawn in between are bound to parameters
        for name in gone:
            del st.query_params[name]
        for name, value in changed.items():
            _set_parameter(name, value)
    st.rerun()


def migrate_task_names() -> None:
    """Replace former task names in the URL, as values and in the names of parameters; see `migrate_parameters`."""

    def migrate(parameters: dict[str, str]) -> dict[str, str]:
        return {
            ".".join(map(tasks.current_name, name.split("."))): (
                ",".join(map(tasks.current_name, value.split(","))) if name in _TASK_PARAMETERS else value
            )
            for name, value in parameters.items()
        }

    migrate_parameters("", migrate)


def _set_parameter(name: str, text: str) -> None:
    """Set a parameter; if a widget is bound to it, the widget's value, unless `text` is no such value."""
    try:
        st.query_params[name] = text
    except StreamlitAPIException:
        kind = type(st.session_state.get(name, text))
        with contextlib.suppress(ValueError):
            st.session_state[name] = text.lower() == "true" if kind is bool else kind(text)


def page_href(name: str = "", anchor: str = "", **parameters: str) -> str:
    """Return the address of page `name` ("" for home) below the server's base path, for links in Markdown and tables.

    Links that `st.page_link` can draw should use that instead: it stays within the session.
    """
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{_base_path()}/{name}{query}{f'#{anchor}' if anchor else ''}"


def glossary_href(term_id: str) -> str:
    """Return the address of a glossary entry."""
    return page_href("glossary", term=term_id)


def unknown_path() -> str:
    """Return the path in the browser's address below the base path, "" for home; call it on home alone.

    A path of several segments is "" too: it belongs to a proxy in front of the server, because Streamlit's pages have one.
    """
    path = unquote(urlsplit(st.context.url or "").path).rstrip("/")
    path = path.removeprefix(_base_path()).strip("/")
    return "" if "/" in path else path


def _base_path() -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
