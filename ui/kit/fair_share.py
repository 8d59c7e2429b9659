"""Computing time of this server, shared by all sessions that train in a page at the same moment."""

from __future__ import annotations

import streamlit as st

from core.lessons.fair_share import FairShare


@st.cache_resource(show_spinner=False)
def fair_share() -> FairShare:
    """Return the register of all sessions of this server."""
    return FairShare()
