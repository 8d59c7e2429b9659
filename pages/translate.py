"""Translate page: turn apples into oranges and back, and train on your own photos."""

from __future__ import annotations

import streamlit as st

from core.inference.available_models import ModelChoice
from core.messages import N_
from ui.kit import data_source, preload, url, weights
from ui.kit.frame import PAGES, page
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name, task_name

VIEWS = {
    "photos": (N_("Translate"), ":material/swap_horiz:"),
    "own": (N_("Own photos"), ":material/add_photo_alternate:"),
}


def choose_view() -> str:
    """Let the visitor choose a part of the page."""
    return url.choose_one(
        st.segmented_control,
        _(N_("View")),
        list(VIEWS),
        key="view",
        default="photos",
        required=True,
        label_visibility="collapsed",
        format_func=lambda v: f"{VIEWS[v][1]} {_(VIEWS[v][0])}",
    )


def choose_translator(choices: list[ModelChoice]) -> ModelChoice:
    """Let the visitor select a translation model."""
    by_id = {c.id: c for c in choices}
    if unknown := url.unknown_value("network", list(by_id)):
        st.warning(
            _(
                N_("Model “{name}” from the link was not found. Select another one."),
                name=escape_markdown(unknown),
            )
        )
    name = url.choose_one(
        st.selectbox,
        _(N_("Model")),
        list(by_id),
        key="network",
        default=choices[0].id,
        format_func=lambda n: (
            _(N_("{title} (pretrained)"), title=task_name(by_id[n].task))
            if by_id[n].run is None
            else run_name(by_id[n].run)
        ),
    )
    return by_id[name]


def show_missing_translator() -> None:
    """Say how to get a translation model."""
    st.info(
        _(
            N_(
                "No translation model found: there is no pretrained model and no CycleGAN run yet. "
                "Train one: on two CPU cores, apples turn orange within 15 minutes."
            )
        )
    )
    st.page_link(
        "pages/train.py",
        label=_(N_("Train CycleGAN")),
        icon=":material/model_training:",
        query_params={"task": "cyclegan-light"},
    )


def show_photos() -> None:
    """Draw the film strip, the chosen photo with its translation, and the model that made it."""
    from core.translation import translator
    from ui.translate import missing_photos, photo_view
    from ui.translate.photo_input import choose_photo, find_shelf

    choices = translator.list_translators()
    if not choices:
        show_missing_translator()
        return
    strip, shown, more = st.container(), st.container(), st.container()
    with more:  # drawn below the photo, chosen before it
        choice = choose_translator(choices)
        model = weights.load_translator(choice.weights)
        data_source.show_fallback_notice(model.spec.data, model.spec.stand_in_for)
    with strip:
        st.caption(
            _(
                N_(
                    "Choose a photo or add your own. Drag the handle to compare the photo with its translation."
                )
            )
        )
        shelf = find_shelf(choice.task, tuple(model.spec.classes))
        photo = choose_photo(shelf)
    with shown:
        if photo is not None:
            photo_view.show_photo(model, choice, photo)
    with more:
        photo_view.show_quality(choice)
        if shelf is not None and shelf.is_sample:
            missing_photos.offer_download(choice.task.dataset, len(shelf.y))


if st.query_params.get("view") == "toy":  # former place of the toy GAN
    st.switch_page(PAGES["playground"].path, query_params={"view": "toy"})

with page("translate"):
    view = choose_view()
    preload.wait_until_ready()
    if view == "own":
        from ui.translate import own_domains

        own_domains.own_domains_section()
    else:
        show_photos()
