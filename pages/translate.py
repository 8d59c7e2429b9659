"""Translate page: turn apples into oranges and back, with the training progression, metrics, and a toy GAN."""

from __future__ import annotations

import streamlit as st

from core.inference.available_models import ModelChoice
from core.messages import N_
from ui.kit import data_source, preload, url, weights
from ui.kit.frame import page
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name


def choose_translator(choices: list[ModelChoice]) -> ModelChoice:
    """Let the visitor select a translation model."""
    by_id = {c.id: c for c in choices}
    name = url.choose_one(
        st.selectbox,
        _(N_("Model")),
        list(by_id),
        key="network",
        default=choices[0].id,
        format_func=lambda n: (
            _(N_("{title} (pretrained)"), title=_(by_id[n].task.title))
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


with page("translate"):
    preload.wait_until_ready()
    from core.translation import translator
    from ui.translate import photo_view, toy_gan
    from ui.translate.photo_input import choose_photos

    choices = translator.list_translators()
    if not choices:
        show_missing_translator()
    else:
        choice = choose_translator(choices)
        model = weights.load_translator(choice.weights)
        detects_domain = photo_view.can_detect_domain(model)
        directions = ["auto", "a2b", "b2a"] if detects_domain else ["a2b", "b2a"]
        direction = url.choose_one(
            st.segmented_control,
            _(N_("Direction")),
            directions,
            key="way",
            default=directions[0],
            required=True,
            format_func=lambda d: (
                _(N_("Auto-detect")) if d == "auto" else photo_view.direction_name(model, d)
            ),
        )
        data_source.show_fallback_notice(model.spec.data, model.spec.stand_in_for)
        sources = ["test", "upload", "camera"] if detects_domain else ["upload", "camera"]
        for number, photo in enumerate(choose_photos(sources)):
            with st.container(border=True):
                st.markdown(f"**{escape_markdown(photo.name)}**")
                photo_view.show_photo(model, choice, photo, direction, f"{number}-{photo.digest}")
        photo_view.show_quality(choice)
    toy_gan.toy_gan_section()
