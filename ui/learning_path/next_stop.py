"""The upper part of the page: the route, how far the visitor is, and the next stop."""

from __future__ import annotations

import streamlit as st

from core.learning_path.concept import Concept
from core.learning_path.routes import Route, list_routes
from core.messages import N_
from ui.kit import url
from ui.kit.frame import PAGES
from ui.kit.i18n import _, _n
from ui.learning_path import images, state
from ui.learning_path.state import Work

_IMAGE_WIDTH = 200  # pixels


def choose_route() -> Route:
    """Let the visitor choose a route."""
    routes = list_routes()
    name = url.choose_one(
        st.segmented_control,
        _(N_("Route")),
        list(routes),
        key="route",
        default=next(iter(routes)),
        required=True,
        wrap=True,
        format_func=lambda i: _(routes[i].title),
        label_visibility="collapsed",
    )
    return routes[name]


def reset_button(work: Work) -> None:
    """Offer to remove all ticks; it asks once."""
    with st.popover(
        _(N_("Start over")),
        icon=":material/restart_alt:",
        type="tertiary",
        disabled=not work.done,
        key="path-over",
    ):
        st.markdown(_n("{count} tick will be removed.", "{count} ticks will be removed.", len(work.done)))
        st.button(_(N_("Remove ticks")), key="path-reset", on_click=state.set_done, args=((),))


def show_link_note(work: Work) -> None:
    """Say that the ticks came with a link, if the browser remembers others."""
    if not (work.is_linked and work.remembered):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            _(
                N_(
                    ":material/link: These ticks came with the link. Those that this browser remembers are "
                    "unchanged."
                )
            ),
            width="stretch",
        )
        st.button(_(N_("Show mine")), key="path-mine", on_click=state.show_own)
        st.button(_(N_("Keep these")), key="path-keep", on_click=state.keep_linked)


def show_progress(route: Route, work: Work) -> None:
    """Show how many stops of the route are done."""
    stops = route.stops()
    done = sum(stop.id in work.done for stop in stops)
    later = len(route.concepts) - len(stops)
    text = _(N_("**{done} of {count}** done"), done=done, count=len(stops))
    if later:
        text += " · " + _n("{count} not yet here", "{count} not yet here", later)
    st.progress(done / len(stops), text)


def show_next(route: Route, work: Work) -> None:
    """Show the first stop of the route that is not done, as a large card with its page as the main action."""
    stop = route.next_stop(work.done)
    with st.container(border=True):
        if stop is None:
            st.header(_(N_("You have reached the end of this route")))
            st.markdown(_(N_("Every stop that can be tried here is done. Choose another route above.")))
            return
        # On a phone the columns stand below each other: what to do first, then the image.
        left, right = st.columns([7, 3], gap="medium", vertical_alignment="center")
        with right:
            st.image(images.card_image(stop), width=_IMAGE_WIDTH, alt=images.image_alt(stop))
        with left:
            section = next(s for s in route.sections if stop in s.concepts)
            st.caption(" · ".join((_(N_("Next stop")), _(section.title))))
            st.header(_(stop.title))
            st.markdown(_(stop.text))
            _show_actions(stop, work)


def _show_actions(stop: Concept, work: Work) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            _(N_("Try it")),
            type="primary",
            icon=":material/play_arrow:",
            key="path-try",
            help=_(N_("Opens the page “{page}”."), page=_(PAGES[stop.page].title)),
        ):
            st.switch_page(PAGES[stop.page].path, query_params=dict(stop.parameters))
        st.button(
            _(N_("Done, next")),
            icon=":material/check:",
            key="path-done",
            on_click=state.set_done,
            args=((*work.done, stop.id),),
        )
