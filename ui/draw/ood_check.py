"""Whether a drawing looks like a digit at all: asked once per picture, of a judge that no chosen network replaces."""

from __future__ import annotations

import streamlit as st

from core import paths
from core.digits.ood_detector import NAME, OODDetector
from core.messages import UserError
from ui.draw.input_picker import DigitInput
from ui.kit.i18n import translate_message


@st.cache_resource(max_entries=2, show_spinner=False)
def _load_detector(changed: float) -> OODDetector:
    return OODDetector.load()


def looks_like_digit(digit: DigitInput) -> bool:
    """False where the drawing or photo does not look like a digit. MNIST's own test digits are not judged; without a readable
    judge everything passes, after saying why."""
    if digit.source == "test":
        return True
    path = paths.checkpoints() / f"{NAME}.safetensors"
    try:
        return bool(
            _load_detector(path.stat().st_mtime if path.exists() else 0.0).accepts(digit.pixels[None])[0]
        )
    except UserError as error:
        st.caption(translate_message(error.message))
        return True
