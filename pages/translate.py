"""Translate: apples into oranges and back, on one's own photos; where it changed, how it was learned, and the game behind it."""

from __future__ import annotations

import hashlib

import numpy as np
import streamlit as st

from core import images
from core.messages import N_, UserError
from ui.kit import cache, data_source, preload, shared_image, url
from ui.kit.frame import page
from ui.kit.i18n import _, escape_markdown, translate_message

_MAX_PHOTOS = 6  # photos at once
DIRECTION_FROM = {"a": "a2b", "b": "b2a"}  # away from the domain of a photo


def choose_translator(choices: list):  # noqa: ANN201
    """The pair of generators; the choice lives in the URL."""
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
            else f"{_(by_id[n].task.title)} · {by_id[n].run.label}"
        ),
    )
    return by_id[name]


def input_photos(sources: list[str]) -> list[tuple[str, np.ndarray, str]]:
    """The photos that the visitor gives, (H, W, 3) uint8, each with a name, and its domain ("a", "b") where that is known, else ""."""
    source = url.choose_one(
        st.segmented_control,
        _(N_("Photo source")),
        sources,
        key="source",
        default=sources[0],
        required=True,
        label_visibility="collapsed",
        format_func=lambda s: {
            "upload": _(N_("Upload")),
            "camera": _(N_("Camera")),
            "test": _(N_("Test photos")),
        }[s],
    )
    if source == "test":
        return choose_test_photo()
    if source == "camera":
        taken = st.camera_input(_(N_("Take a photo of an apple or an orange")), key="camera")
        uploads = [taken] if taken else []
    else:
        uploads = st.file_uploader(
            _(N_("Photos of apples or oranges")),
            type=list(images.SUFFIXES),
            accept_multiple_files=True,
            key="photos",
            help=_(
                N_("Up to 20 MB and 40 megapixels per image. Images stay on the machine that runs this app.")
            ),
        )
    if len(uploads) > _MAX_PHOTOS:
        st.info(_(N_("Too many photos. Only the first {most} are translated."), most=_MAX_PHOTOS))
    found = [(*one, "") for one in [shared_image.get()] if one] if source == "upload" else []
    for upload in uploads[:_MAX_PHOTOS]:
        try:
            found.append((images.safe_name(upload.name), decode_upload(upload.getvalue(), upload.name), ""))
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/image_not_supported:")
    return found


@st.cache_data(max_entries=6, show_spinner=False)
def decode_upload(content: bytes, name: str) -> np.ndarray:
    """An upload as a plain picture (H, W, 3) uint8."""
    return np.asarray(images.flatten_alpha(images.decode_image(content, name, side=images.NO_RESIZE)))


def choose_test_photo() -> list[tuple[str, np.ndarray, str]]:
    """A photo of the test part, by its number."""
    with st.spinner(_(N_("Loading photos…"))):
        dataset = cache.load_unpaired_test()
    if dataset.stand_in_for:
        st.info(
            _(
                N_(
                    "The test photos are not installed; using fallback data ({stand_in}). Run `{command}` "
                    "to download the photos."
                ),
                stand_in=_(dataset.title),
                command="python -m core data get fruit",
            )
        )
    count = len(dataset.test_x)
    index = st.slider(_(N_("Test photo")), 0, count - 1, 0, key="test-photo")
    domain = int(dataset.test_y[index])
    return [
        (
            f"{_(dataset.classes[domain])} {index}",
            np.asarray(dataset.test_x[index]).transpose(1, 2, 0),
            "ab"[domain],
        )
    ]


def show_missing_translator() -> None:
    """No pair of generators is on this machine: what to do."""
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
    from core.translation import photo_translation, translator
    from ui.translate import photo_view as view
    from ui.translate import toy_gan

    choices = translator.list_translators()
    if not choices:
        show_missing_translator()
    else:
        choice = choose_translator(choices)
        translator_model = view.load_translator(choice)
        is_fruit = translator_model.spec.classes == ("apple", "orange")
        directions = (
            ["auto", "a2b", "b2a"] if is_fruit else ["a2b", "b2a"]
        )  # nobody tells other domains apart
        requested_direction = url.choose_one(
            st.segmented_control,
            _(N_("Direction")),
            directions,
            key="way",
            default=directions[0],
            required=True,
            format_func=lambda w: (
                _(N_("Auto-detect")) if w == "auto" else view.direction_name(translator_model, w)
            ),
        )
        data_source.show_fallback_notice(translator_model.spec.data, translator_model.spec.stand_in_for)
        for number, (name, pixels, domain) in enumerate(
            input_photos(["test", "upload", "camera"] if is_fruit else ["upload", "camera"])
        ):
            digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:12]
            photo_key = f"{number}-{digest}"  # the same photo may be given twice
            with st.container(border=True):
                st.markdown(f"**{escape_markdown(name)}**")
                direction = (
                    DIRECTION_FROM.get(domain, "auto")
                    if requested_direction == "auto"
                    else requested_direction
                )
                needs_prediction = not domain and is_fruit
                domain_predictions = (
                    translator.predict_domains(photo_translation.to_tensor(pixels))
                    if needs_prediction
                    else None
                )
                domain_prediction = domain_predictions[0] if domain_predictions else None
                direction = view.choose_direction(translator_model, domain_prediction, direction)
                view.show_domain_prediction(translator_model, domain_prediction, direction)
                view.show_photo(translator_model, choice, pixels, direction, photo_key)
        view.show_quality(choice)
    toy_gan.toy_gan_section()
