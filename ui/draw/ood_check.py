"""Check whether an input looks like a digit, independently of the selected models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core import paths
from core.messages import UserError
from ui.draw.input_picker import DigitInput
from ui.kit.i18n import translate_message

if TYPE_CHECKING:
    from core.digits.ood_detector import OODDetector


@st.cache_resource(max_entries=2, show_spinner=False)
def _load_detector(mtime: float) -> OODDetector:
    from core.digits.ood_detector import OODDetector

    return OODDetector.load()


def looks_like_digit(digit: DigitInput) -> bool:
    """Whether a drawing or photo looks like a digit; samples and test digits always pass.

    If the detector cannot be loaded, shows the reason and returns True.
    """
    if digit.source in ("sample", "test"):
        return True
    from core.digits.ood_detector import NAME

    path = paths.checkpoints() / f"{NAME}.safetensors"
    try:
        detector = _load_detector(path.stat().st_mtime if path.exists() else 0.0)
    except UserError as error:
        st.caption(translate_message(error.message))
        return True
    return bool(detector.accepts(digit.pixels[None])[0])
