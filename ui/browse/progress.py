"""Progress of reading annotations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.data import ProgressCallback
from core.messages import Message
from ui.kit.i18n import translate_message


@contextmanager
def progress_bar(text: str = "") -> Iterator[ProgressCallback]:
    """Show a progress bar for the callback that is yielded, until the block ends."""
    bar = st.progress(0.0, text)

    def update(message: Message, share: float) -> None:
        bar.progress(share, translate_message(message))

    try:
        yield update
    finally:
        bar.empty()
