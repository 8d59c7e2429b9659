"""Share an image between pages through session state, such as a crop of a COCO image to be classified."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.messages import N_
from ui.kit.i18n import _, escape_markdown

_STATE_KEY = "_handed"


def put(name: str, pixels: np.ndarray) -> None:
    """Store `pixels` (H, W, 3) uint8 for the next page."""
    st.session_state[_STATE_KEY] = (name, pixels)


def get() -> tuple[str, np.ndarray] | None:
    """Return the shared image and show its name with a button that removes it; None if there is no image."""
    found = st.session_state.get(_STATE_KEY)
    if found is None:
        return None
    name, pixels = found
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(pixels, width=96, alt=name)
        st.markdown(_(N_("From the COCO page: **{name}**"), name=escape_markdown(name)))
        st.button(_(N_("Remove")), icon=":material/close:", type="tertiary", on_click=clear)
    return name, pixels


def clear() -> None:
    """Remove the shared image."""
    st.session_state.pop(_STATE_KEY, None)
