"""Learning path page: the next stop of a route, and the road with all of its stops."""

from __future__ import annotations

import streamlit as st

from core.messages import N_
from ui.kit.frame import page, show_messages
from ui.kit.i18n import _
from ui.learning_path import next_stop, road, state

with page("learning_path"):
    work = state.get_work()
    state.read_url(work)
    show_messages(state.PLACE)
    route = next_stop.choose_route()
    state.write_url(work)
    next_stop.show_link_note(work)
    st.caption(_(route.about))
    next_stop.show_progress(route, work)
    next_stop.show_next(route, work)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(_(N_("The road")), width="stretch")
        next_stop.reset_button(work)
    road.show_road(route, work)
