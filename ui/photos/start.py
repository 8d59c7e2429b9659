"""The page without a project: examples in one click, and empty classes whose first photo makes a project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import streamlit as st
from PIL import Image, ImageOps
from streamlit.delta_generator import DeltaGenerator

from core.inference import class_samples
from core.messages import Message, N_, UserError
from core.projects import examples, intake, store
from core.projects.examples import Example
from core.projects.store import Project
from core.translation import sample_photos
from ui.kit import preload
from ui.kit.frame import flash
from ui.kit.i18n import _, _n, translate_message
from ui.photos import add_photos, collect, project_bar

_WIDTH, _HEIGHT, _GAP = 384, 126, 6  # pixels of a preview
_CARD_WIDTH = 320  # pixels, of an example
_PREVIEW_WIDTH = 190  # pixels on the screen
_COUNT_KEY = "_photos_start_count"
_NUM_CLASSES = 2
_MAX_CLASSES = 10  # before the first photo


def show_examples() -> None:
    """Offer the ready-made projects."""
    preload.start_import()
    place = st.container()
    with st.grid(2, min_column_width=_CARD_WIDTH):
        for example in examples.EXAMPLES:
            with st.container(
                border=True, height="stretch", horizontal=True, vertical_alignment="center", gap="small"
            ):
                _example_card(example, place)


def _example_card(example: Example, place: DeltaGenerator) -> None:
    installed = example.is_installed
    title = _(example.title if installed else example.drawn_title)
    st.image(_preview(example.key, installed), width=_PREVIEW_WIDTH, alt=title)
    with st.container(width="content", gap="xsmall"):
        st.markdown(f"**{title}**")
        st.caption(
            _n("{count} photo per class", "{count} photos per class", example.count)
            if installed
            else _(N_("Drawn stand-ins: {title} is not installed."), title=_(_source_title(example)))
        )
        if st.button(_(N_("Load example")), icon=":material/bolt:", key=f"example-{example.key}"):
            _load_example(example, title, place)


def _source_title(example: Example) -> str:
    return next(s.title for s in intake.list_ready_made() if s.key == example.source)


@st.cache_data(show_spinner=False)
def _preview(key: str, installed: bool) -> np.ndarray:
    """Bundled photos, or drawn images, three in a row; uint8 (H, W, 4)."""
    if key == "fruit" and installed:
        photos, domains = sample_photos.load_sample_photos()
        tiles = [photos[domains == domain][i].transpose(1, 2, 0) for domain, i in ((0, 1), (1, 2), (0, 3))]
    elif installed:
        by_name = {s.name: s.photo for s in class_samples.load_samples()}
        tiles = [by_name[n] for n in ("cat", "dog", "horse")]
    else:
        tiles = _drawn_tiles(key)
    width = (_WIDTH - _GAP * (len(tiles) - 1)) // len(tiles)
    out = np.zeros((_HEIGHT, _WIDTH, 4), np.uint8)
    for i, pixels in enumerate(tiles):
        left = i * (width + _GAP)
        tile = ImageOps.fit(
            Image.fromarray(np.ascontiguousarray(pixels)), (width, _HEIGHT), Image.Resampling.BICUBIC
        )
        out[:, left : left + width, :3] = np.asarray(tile)
        out[:, left : left + width, 3] = 255
    return out


def _drawn_tiles(key: str) -> list[np.ndarray]:
    from core import data

    example = examples.get_example(key)
    drawn = data.load_dataset(example.source, download=False)
    labels = [drawn.classes.index(c) for c in example.drawn_classes]
    chosen = [(labels[n % len(labels)], n // len(labels)) for n in range(3)]
    return [
        drawn.train_x[np.flatnonzero(drawn.train_y == label)[i]].transpose(1, 2, 0) for label, i in chosen
    ]


def _load_example(example: Example, title: str, place: DeltaGenerator) -> None:
    """Create the project of an example with a progress bar, and open it."""
    with place:
        bar = st.progress(0.0, _(N_("Reading photos")))
        try:
            project = examples.create_example(
                example,
                title,
                lambda words, share: bar.progress(min(1.0, share), translate_message(words)),
                _,
            )
        except UserError as error:
            bar.empty()
            st.error(translate_message(error.message), icon=":material/error:")
            return
    project_bar.enter_project(project)
    flash(Message(N_("Photos added.")), "success")
    st.rerun()


def show_classes() -> tuple[str, ...]:
    """Draw empty classes, whose first photo makes a project of them; return their names."""
    collect.show_heading()
    add_photos.show_limits()
    count = st.session_state.get(_COUNT_KEY, _NUM_CLASSES)
    places = [st.container(border=True, gap="small") for _class in range(count)]
    names = []
    for i, place in enumerate(places):
        default = _(N_("Class {number}"), number=i + 1)
        with place:
            name = st.text_input(
                _(N_("Name of the class")),
                value=default,
                max_chars=store.MAX_NAME_LENGTH,
                key=f"photos-start-class-{i}",
                label_visibility="collapsed",
                icon=":material/edit:",
            )
        names.append(store.clean_name(name, default))
    for i, place in enumerate(places):
        with place:
            add_photos.add_to_class(lambda: _new_project(names), names[i], f"start-{i}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _(N_("Add class")),
            icon=":material/add:",
            key="photos-start-add-class",
            on_click=lambda: st.session_state.update({_COUNT_KEY: count + 1}),
            disabled=count >= _MAX_CLASSES,
        )
        add_photos.archive_popover(lambda: _new_project(()), "start")
    return tuple(names)


@contextmanager
def _new_project(classes: Sequence[str]) -> Iterator[Project]:
    """Make a project and open it; if the block raises, nothing is left of it."""
    project = store.create_project(_(N_("My classifier")))
    try:
        for name in dict.fromkeys(classes):
            project.add_class(name)
        yield project
    except BaseException:
        store.delete_project(project)
        raise
    st.session_state.pop(_COUNT_KEY, None)
    project_bar.enter_project(project)


def show_privacy() -> None:
    """Say where photos go."""
    st.caption(
        ":material/lock: "
        + _(N_("Photos stay on the machine that runs this app. Only a project's link leads to it."))
    )
