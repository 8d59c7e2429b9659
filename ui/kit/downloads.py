"""The one button with which pages download data sets and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from core import data, paths
from core.data import ProgressCallback
from core.messages import Message, N_, UserError
from ui.kit import cache
from ui.kit.frame import flash, show_messages
from ui.kit.i18n import _, translate_message

_OFFLINE = N_("Downloads are disabled on this server (MANABI_OFFLINE).")


def download_button(
    label: str,
    key: str,
    download: Callable[[ProgressCallback], object],
    *,
    type: Literal["primary", "secondary"] = "secondary",
) -> None:
    """Show a button that calls `download`, with a progress bar in its place; a failure is one sentence below it.

    The page runs again when the download has ended. On a server that runs offline the button is disabled, and says so.
    """
    place, blocked = st.empty(), paths.offline()
    pressed = place.button(label, icon=":material/download:", key=key, type=type, disabled=blocked)
    if blocked:
        st.caption(_(_OFFLINE))
    show_messages(key)
    if not pressed:
        return
    try:
        if blocked:
            raise UserError(_OFFLINE)
        bar = place.progress(0.0, label)

        def report(message: Message, share: float) -> None:
            bar.progress(min(1.0, share), translate_message(message))

        download(report)
        cache.dataset_status.clear()
        cache.coco_sources.clear()
    except UserError as error:
        flash(error.message, place=key)
    st.rerun()


def dataset_download_button(name: str) -> None:
    """Show the `download_button` of data set `name`, with its size; nothing if it has no official source."""
    info = data.dataset_info(name)
    if info.download:
        size = f"{info.download_bytes / 1e6:.0f}"
        download_button(
            _(N_("Download {title} ({size} MB)"), title=_(info.title), size=size),
            f"download-{name}",
            lambda report: data.download_dataset(name, report),
        )
