"""Translate: apples into oranges and back, on one's own photos; where it changed, how it was learned, and the game behind it."""

from __future__ import annotations

import hashlib

import numpy as np
import streamlit as st

from core import images
from core.messages import N_, UserError
from ui import handed, origin, store, url, warm
from ui.frame import page
from ui.i18n import _, plain, tell

_MOST = 6  # photos at once
WAYS = {"a": "a2b", "b": "b2a"}  # away from the domain of a photo


def choose_network(choices: list):  # noqa: ANN201
    """The pair of generators; the choice lives in the URL."""
    by_id = {c.id: c for c in choices}
    name = url.choice(
        st.selectbox, _(N_("Model")), list(by_id), key="network", default=choices[0].id,
        format_func=lambda n: _(N_("{title} (pretrained)"), title=_(by_id[n].task.title)) if by_id[n].run is None
        else f"{_(by_id[n].task.title)} · {by_id[n].run.label}",
    )  # fmt: skip
    return by_id[name]


def given(sources: list[str]) -> list[tuple[str, np.ndarray, str]]:
    """The photos that the visitor gives, (H, W, 3) uint8, each with a name, and its domain ("a", "b") where that is known, else ""."""
    source = url.choice(
        st.segmented_control, _(N_("Photo source")), sources, key="source", default=sources[0], required=True,
        label_visibility="collapsed",
        format_func=lambda s: {"upload": _(N_("Upload")), "camera": _(N_("Camera")), "test": _(N_("Test photos"))}[s],
    )  # fmt: skip
    if source == "test":
        return test_photos()
    if source == "camera":
        taken = st.camera_input(_(N_("Take a photo of an apple or an orange")), key="camera")
        uploads = [taken] if taken else []
    else:
        uploads = st.file_uploader(
            _(N_("Photos of apples or oranges")), type=list(images.SUFFIXES), accept_multiple_files=True, key="photos",
            help=_(N_("Up to 20 MB and 40 megapixels per image. Images stay on the machine that runs this "
        "app.")),
        )  # fmt: skip
    if len(uploads) > _MOST:
        st.info(_(N_("Too many photos. Only the first {most} are translated."), most=_MOST))
    found = [(*one, "") for one in [handed.taken()] if one] if source == "upload" else []
    for upload in uploads[:_MOST]:
        try:
            found.append((images.safe_name(upload.name), opened(upload.getvalue(), upload.name), ""))
        except UserError as error:
            st.error(tell(error.message), icon=":material/image_not_supported:")
    return found


@st.cache_data(max_entries=6, show_spinner=False)
def opened(content: bytes, name: str) -> np.ndarray:
    """An upload as a plain picture (H, W, 3) uint8."""
    return np.asarray(images.opaque(images.decode(content, name, side=images.WHOLE)))


def test_photos() -> list[tuple[str, np.ndarray, str]]:
    """A photo of the test part, by its number."""
    with st.spinner(_(N_("Loading photos…"))):
        dataset = store.unpaired_test()
    if dataset.stand_in_for:
        st.info(
            _(N_("The test photos are not installed; using fallback data ({stand_in}). Run `{command}` "
        "to download the photos."),
              stand_in=_(dataset.title), command="python -m core data get fruit")
        )  # fmt: skip
    count = len(dataset.test_x)
    index = st.slider(_(N_("Test photo")), 0, count - 1, 0, key="test-photo")
    domain = int(dataset.test_y[index])
    return [(f"{_(dataset.classes[domain])} {index}", np.asarray(dataset.test_x[index]).transpose(1, 2, 0), "ab"[domain])]


def nothing_here() -> None:
    """No pair of generators is on this machine: what to do."""
    st.info(
        _(N_("No translation model found: there is no pretrained model and no CycleGAN run yet. "
        "Train one: on two CPU cores, apples turn orange within 15 minutes."))
    )  # fmt: skip
    st.page_link(
        "pages/train.py", label=_(N_("Train CycleGAN")), icon=":material/model_training:", query_params={"task": "cyclegan-light"}
    )


with page("translate"):
    warm.wait()
    from core.translation import photo, translator
    from ui import toy_gan
    from ui import translate_view as view

    choices = translator.translators()
    if not choices:
        nothing_here()
    else:
        choice = choose_network(choices)
        network = view.load(choice)
        fruit = network.spec.classes == ("apple", "orange")
        ways = ["auto", "a2b", "b2a"] if fruit else ["a2b", "b2a"]  # nobody tells other domains apart
        wanted = url.choice(
            st.segmented_control, _(N_("Direction")), ways, key="way", default=ways[0], required=True,
            format_func=lambda w: _(N_("Auto-detect")) if w == "auto" else view.arrow(network, w),
        )  # fmt: skip
        origin.tell_trained_on(network.spec.data, network.spec.stand_in_for)
        for number, (name, pixels, domain) in enumerate(given(["test", "upload", "camera"] if fruit else ["upload", "camera"])):
            digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:12]
            key = f"{number}-{digest}"  # the same photo may be given twice
            with st.container(border=True):
                st.markdown(f"**{plain(name)}**")
                way = WAYS.get(domain, "auto") if wanted == "auto" else wanted
                asks = not domain and fruit
                recognised = translator.recognise(photo.tensor(pixels)) if asks else None
                seen = recognised[0] if recognised else None
                way = view.way_of(network, seen, way)
                view.tell_seen(network, seen, way)
                view.show(network, choice, pixels, way, key)
        view.tell_worth(choice)
    toy_gan.section()
