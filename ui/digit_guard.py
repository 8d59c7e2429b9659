"""Whether a drawing looks like a digit at all: asked once per picture, of a judge that no chosen network replaces."""

from __future__ import annotations

import streamlit as st

from core import paths
from core.inference.guard import NAME, Guard
from core.messages import UserError
from ui.digit_input import Digit
from ui.i18n import tell


@st.cache_resource(max_entries=2, show_spinner=False)
def _guard(changed: float) -> Guard:
    return Guard.load()


def accepts(digit: Digit) -> bool:
    """False where the drawing or photo does not look like a digit. MNIST's own test digits are not judged; without a readable
    judge everything passes, after saying why."""
    if digit.source == "test":
        return True
    path = paths.checkpoints() / f"{NAME}.safetensors"
    try:
        return bool(_guard(path.stat().st_mtime if path.exists() else 0.0).accepts(digit.pixels[None])[0])
    except UserError as error:
        st.caption(tell(error.message))
        return True
