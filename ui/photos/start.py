"""The page without a project: two ready-made ones in one click, or a new one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st
from PIL import Image, ImageOps
from streamlit.delta_generator import DeltaGenerator

from core.data import ProgressCallback
from core.inference import class_samples
from core.messages import Message, N_, UserError
from core.projects import examples, intake, store
from core.projects.examples import Example
from core.projects.store import Project
from core.translation import sample_photos
from ui.kit import preload
from ui.kit.frame import debounced, flash
from ui.kit.i18n import _, _n, translate_message
from ui.photos import add_photos, project_bar

_WIDTH, _HEIGHT, _GAP = 384, 250, 6  # pixels of a preview
_CARD_WIDTH = 220  # pixels


def show_start() -> None:
    """Offer the ready-made projects and a new one."""
    preload.start_import()
    progress_place = st.container()
    with st.grid(3, min_column_width=_CARD_WIDTH):
        for example in examples.EXAMPLES:
            with st.container(border=True, height="stretch"):
                _example_card(example, progress_place, is_main=example is examples.EXAMPLES[0])
        with st.container(border=True, height="stretch"):
            _own_card(progress_place)
    st.caption(
        ":material/lock: "
        + _(N_("Photos stay on the machine that runs this app. Only a project's link leads to it."))
    )


def _example_card(example: Example, place: DeltaGenerator, *, is_main: bool) -> None:
    installed = example.is_installed
    title = _(example.title if installed else example.drawn_title)
    st.markdown(f"## {title}")
    st.image(_preview(example.key, installed), width="stretch", alt=title)
    classes = example.classes if installed else example.drawn_classes
    names = ", ".join(_(c) for c in classes)
    st.caption(
        _n(
            "{classes}: {count} photo each.",
            "{classes}: {count} photos each.",
            example.count,
            classes=names,
        )
        if installed
        else _(N_("Drawn stand-ins: {title} is not installed."), title=_(_source_title(example)))
    )
    if st.button(
        _(N_("Try this example")),
        icon=":material/bolt:",
        type="primary" if is_main else "secondary",
        key=f"example-{example.key}",
        width="stretch",
    ):
        _make(lambda report: examples.create_example(example, title, report, _), place)


def _source_title(example: Example) -> str:
    return next(s.title for s in intake.list_ready_made() if s.key == example.source)


@st.cache_data(show_spinner=False)
def _preview(key: str, installed: bool) -> np.ndarray:
    """Bundled photos, or drawn images, three in a row; uint8 (H, W, 4)."""
    if key == "fruit" and installed:
        photos, domains = sample_photos.load_sample_photos()
        chosen = [*photos[domains == 0][[1, 3, 6]], *photos[domains == 1][[1, 2, 5]]]
        tiles = [p.transpose(1, 2, 0) for p in chosen]
    elif installed:
        by_name = {s.name: s.photo for s in class_samples.load_samples()}
        tiles = [by_name[n] for n in ("cat", "dog", "horse")]
    else:
        tiles = _drawn_tiles(key)
    rows, columns = -(-len(tiles) // 3), min(3, len(tiles))
    width, height = (_WIDTH - _GAP * (columns - 1)) // columns, (_HEIGHT - _GAP * (rows - 1)) // rows
    out = np.zeros((_HEIGHT, _WIDTH, 4), np.uint8)
    for i, pixels in enumerate(tiles):
        top, left = i // columns * (height + _GAP), i % columns * (width + _GAP)
        tile = ImageOps.fit(
            Image.fromarray(np.ascontiguousarray(pixels)), (width, height), Image.Resampling.BICUBIC
        )
        out[top : top + height, left : left + width, :3] = np.asarray(tile)
        out[top : top + height, left : left + width, 3] = 255
    return out


def _drawn_tiles(key: str) -> list[np.ndarray]:
    from core import data

    example = examples.get_example(key)
    drawn = data.load_dataset(example.source, download=False)
    per_class = 6 // len(example.drawn_classes)
    return [
        drawn.train_x[i].transpose(1, 2, 0)
        for c in example.drawn_classes
        for i in np.flatnonzero(drawn.train_y == drawn.classes.index(c))[:per_class]
    ]


def _own_card(place: DeltaGenerator) -> None:
    heading = _(N_("Your own photos"))
    st.markdown(f"## {heading}")
    name = st.text_input(
        _(N_("Name of the project")),
        key="photos-start-name",
        max_chars=store.MAX_NAME_LENGTH,
        placeholder=_(N_("My classifier")),
    )
    name = name.strip() or _(N_("My classifier"))
    upload = st.file_uploader(
        _(N_("Zip with one folder per class")),
        type=["zip"],
        key="photos-start-zip",
        max_upload_size=intake.MAX_UPLOAD_MB,
    )
    if upload is not None:
        _make(lambda report: _from_zip(name, upload, report), place)
    st.button(
        _(N_("Start empty")),
        icon=":material/add_photo_alternate:",
        key="photos-start-empty",
        width="stretch",
        on_click=_start_empty,
        args=(name,),
        help=_(N_("Then add classes, photos, camera shots.")),
    )


def _start_empty(name: str) -> None:
    project = debounced(_empty_project, name)
    if project is not None:
        project_bar.enter_project(project)


def _empty_project(name: str) -> Project:
    project = store.create_project(name)
    for i in (1, 2):
        project.add_class(_(N_("Class {number}"), number=i))
    return project


def _from_zip(name: str, upload: object, report: ProgressCallback) -> Project:
    project = store.create_project(name)
    try:
        add_photos.flash_result(intake.add_archive(project, upload, upload.name, report))
    except BaseException:
        store.delete_project(project)
        raise
    return project


def _make(create: Callable[[ProgressCallback], Project], place: DeltaGenerator) -> None:
    """Create a project with a progress bar, and open it."""
    with place:
        bar = st.progress(0.0, _(N_("Reading photos")))
        try:
            project = create(lambda words, share: bar.progress(min(1.0, share), translate_message(words)))
        except UserError as error:
            bar.empty()
            st.error(translate_message(error.message), icon=":material/error:")
            return
    project_bar.enter_project(project)
    flash(Message(N_("Photos added.")), "success")
    st.rerun()
