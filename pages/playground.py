"""Playground page: a small network on points of the plane, trained live."""

from __future__ import annotations

import streamlit as st

from core.lessons.playground.settings import OWN
from ui.kit import preload
from ui.kit.frame import page


def show_network() -> None:
    """Show the settings and the network they make."""
    from ui.playground import network_view, settings_form

    first = st.container()
    more = st.container(horizontal=True, vertical_alignment="bottom")
    with first:
        settings = settings_form.settings_form(more)
    second = network_view.choose_second(settings, more)
    if settings.data == OWN:
        network_view.upload_points()
    network_view.show_network(settings, second)


with page("playground"):
    preload.wait_until_ready()
    with st.container():
        show_network()
