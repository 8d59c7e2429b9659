"""Button that generates a text file on a click and saves it in the browser."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import streamlit as st

from ui.kit.component import register

_mount = register(__file__)


def file_download_button(
    label: str,
    generate: Callable[[], str],
    file_name: str,
    *,
    key: str,
    mime: str = "text/plain",
    icon: str | None = None,
    disabled: bool = False,
) -> None:
    """Show a button; a click saves the text that `generate` returns as `file_name`.

    `st.download_button` with a callable answers with a URL, and a rerun between the click and the request removes the
    file behind it (404). Here the text travels in the page's own messages, and its token stays in the session until the
    browser has saved it. An exception of `generate` cancels the download.
    """
    token_key = f"_download.{key}"

    def request() -> None:
        st.session_state[token_key] = secrets.token_hex(8)

    st.button(label, key=key, icon=icon, disabled=disabled, on_click=request)
    token = st.session_state.get(token_key)
    if not token or disabled:
        return
    try:
        content = generate()
    except Exception:
        st.session_state.pop(token_key)
        raise
    _mount(
        key=f"{key}-file",
        data={"token": token, "name": file_name, "mime": mime, "content": content},
        on_saved_change=lambda: st.session_state.pop(token_key, None),
    )
