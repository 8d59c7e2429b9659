"""Playground page: a small network on points of the plane, trained live; luck, classical algorithms, a toy GAN."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.lessons.playground.settings import OWN
from core.messages import N_
from ui.kit import preload, url
from ui.kit.frame import page
from ui.kit.i18n import _
from ui.playground import address

VIEWS = {
    "network": N_("Network"),
    "luck": N_("Luck meter"),
    "classical": N_("Classical algorithms"),
    "toy": N_("Toy GAN"),
}


def show_network() -> None:
    """Show the settings, the network they make, the experiments and the code."""
    from ui.playground import experiments_view, network_view, settings_form

    notes = st.container()
    experiments_view.open_link(notes)
    result, form = st.columns([4, 1], gap="medium")  # on phones one below the other: the result first
    with form:
        settings = settings_form.settings_form(notes)
        second = network_view.choose_second(settings, notes)
    with result:
        if experiments_view.has_network():
            network_view.show_network(settings, second)
            if settings.data == OWN:
                network_view.upload_points()
        else:
            experiments_view.show_double_descent()
        experiments_view.show_experiments()
    network_view.show_code(settings)


def show_luck() -> None:
    """Show the share of seeds that solve XOR."""
    from ui.playground import luck_view

    luck_view.show_luck()


def show_classical() -> None:
    """Show classical algorithms on the same points."""
    from ui.playground import neighbors_view

    neighbors_view.show_neighbors()


def show_toy_gan() -> None:
    """Show a generator and a discriminator on points of the plane."""
    from ui.playground import toy_gan

    toy_gan.toy_gan_section()


SHOW_VIEW: dict[str, Callable[[], None]] = {
    "network": show_network,
    "luck": show_luck,
    "classical": show_classical,
    "toy": show_toy_gan,
}

with page("playground"):
    address.check_names()
    address.check_choice("view", list(VIEWS), "network")
    view, tab = url.choose_tab({v: _(name) for v, name in VIEWS.items()}, key="view", default="network")
    with tab:
        preload.wait_until_ready()
        SHOW_VIEW[view]()
