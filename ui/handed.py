"""A picture that one page hands on to another, within one browser session: a crop of a COCO image to the networks that may look at it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.messages import N_
from ui.i18n import _, plain

_KEY = "_handed"


def give(name: str, pixels: np.ndarray) -> None:
    """Keep `pixels` (H, W, 3) uint8 for the page that is opened next."""
    st.session_state[_KEY] = (name, pixels)


def taken() -> tuple[str, np.ndarray] | None:
    """The picture that another page has handed on, with its name and a button that lets it go; None where there is none."""
    found = st.session_state.get(_KEY)
    if found is None:
        return None
    name, pixels = found
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(pixels, width=96, alt=name)
        st.markdown(_(N_("From the COCO page: **{name}**"), name=plain(name)))
        st.button(_(N_("Remove")), icon=":material/close:", type="tertiary", on_click=_let_go)
    return name, pixels


def _let_go() -> None:
    st.session_state.pop(_KEY, None)
