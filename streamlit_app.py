"""Manabi Lab, home: a digit to draw, runs to continue, pages to explore."""

from __future__ import annotations

import streamlit as st

from core.messages import N_
from ui.home import cards, hero, path, runs_strip
from ui.kit.frame import page
from ui.kit.i18n import _

with page("home"):
    st.title(_(N_("Learn deep learning by doing")))
    st.markdown(
        _(
            N_(
                "Train real neural networks on this computer, watch them learn, and look inside. Start here: draw a digit."
            )
        )
    )
    hero.show_hero()
    path.show_path()
    runs_strip.show_runs()
    st.header(_(N_("Explore")))
    cards.show_cards()
