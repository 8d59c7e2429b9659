"""The road: all sections of a route with their stops."""

from __future__ import annotations

import streamlit as st

from core import glossary
from core.learning_path.concept import Concept
from core.learning_path.routes import MAX_STARS, Route, Section, all_concepts
from core.messages import N_
from ui.components.learning_road import RoadSection, Stop, Ticks, learning_road
from ui.components.path_images import path_images
from ui.kit import url
from ui.kit.frame import PAGES
from ui.kit.i18n import _, language
from ui.learning_path import images, state
from ui.learning_path.state import Work

ROAD = "path-road"


def show_road(route: Route, work: Work) -> None:
    """Show the road of a route; a stop's page opens within the session."""
    path_images({c.id: images.image_url(images.image_path(c)) for c in all_concepts().values()})
    opened = learning_road(
        ROAD,
        [_section(section) for section in route.sections],
        Ticks(work.done, work.revision, state.COOKIE, work.cookie_value),
        labels={
            "done": _(N_("done")),
            "next": _(N_("next")),
            "later": _(N_("later")),
            "missing": _(N_("not yet here")),
            "absent": _(N_("There is no page to try this on yet.")),
            "try": _(N_("Try it")),
            "mark": _(N_("Mark as done")),
            "unmark": _(N_("Mark as not done")),
            "after": _(N_("Builds on:")),
            "terms": _(N_("Glossary:")),
        },
        on_tick=state.take_ticks,
    )
    concept = all_concepts().get(opened or "")
    if concept is not None and concept.is_here:
        st.switch_page(PAGES[concept.page].path, query_params=dict(concept.parameters))


def _section(section: Section) -> RoadSection:
    stars = "★" * section.stars + "☆" * (MAX_STARS - section.stars) if section.stars else ""
    label = (
        _(N_("Difficulty {stars} of {most}"), stars=section.stars, most=MAX_STARS) if section.stars else ""
    )
    return RoadSection(section.id, _(section.title), stars, label, tuple(map(_stop, section.concepts)))


def _stop(concept: Concept) -> Stop:
    return Stop(
        concept.id,
        _(concept.title),
        _(concept.text),
        images.image_alt(concept),
        url.page_href(concept.page, **concept.parameters) if concept.is_here else "",
        tuple((name, _(all_concepts()[name].title)) for name in concept.after),
        tuple((url.glossary_href(t), glossary.get_term(t).name(language())) for t in concept.terms),
    )
