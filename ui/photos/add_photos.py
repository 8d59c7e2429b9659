"""Add photos to a class: files, camera shots, a ready-made set; or class folders, as a folder or a zip, to the project."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import streamlit as st

from core import images
from core.data import ProgressCallback
from core.messages import Message, N_, UserError
from core.projects import intake
from core.projects.intake import IntakeResult, ReadyMade
from core.projects.store import Project
from ui.kit.frame import flash
from ui.kit.i18n import _, _n, translate_message

OpenProject = Callable[[], AbstractContextManager[Project]]
"""Opens the project that photos are added to; one that is made for them vanishes if adding fails."""
_MAX_PHOTO_MB = images.MAX_BYTES // 1_000_000
_COUNTS = (10, 50, 100, 500, 1000)
_SOURCES = {
    "files": N_("Files"),
    "camera": N_("Camera"),
    "ready": N_("Ready-made"),
}


def add_to_class(open_project: OpenProject, label: str, key: str) -> None:
    """Draw the ways to add photos to the class `label`."""
    source = st.segmented_control(
        _(N_("Add from")),
        list(_SOURCES),
        default="files",
        required=True,
        key=f"source-{key}",
        label_visibility="collapsed",
        format_func=lambda s: _(_SOURCES[s]),
        width="stretch",
    )
    if source == "camera":
        _camera(open_project, label, key)
    elif source == "ready":
        _ready_made(open_project, label, key)
    else:
        _files(open_project, label, key)


def _round(key: str) -> str:
    """`key` with the number of uploads so far: a widget that is empty again after each."""
    return f"{key}-{st.session_state.get(f'_round.{key}', 0)}"


def _next_round(key: str) -> None:
    st.session_state[f"_round.{key}"] = st.session_state.get(f"_round.{key}", 0) + 1


def _files(open_project: OpenProject, label: str, key: str) -> None:
    files = st.file_uploader(
        _(N_("Photos of {name}"), name=label),
        type=list(images.SUFFIXES),
        accept_multiple_files=True,
        key=_round(f"files-{key}"),
        max_upload_size=_MAX_PHOTO_MB,
        label_visibility="collapsed",
    )
    if files:
        contents = [(f.name, f.getvalue()) for f in files]
        _add(
            open_project,
            lambda project, report: intake.add_images(project, label, contents, report),
            f"files-{key}",
        )


def _camera(open_project: OpenProject, label: str, key: str) -> None:
    shot = st.camera_input(
        _(N_("Photo of {name}"), name=label), key=_round(f"camera-{key}"), label_visibility="collapsed"
    )
    if shot is not None:
        contents = [(shot.name, shot.getvalue())]
        _add(
            open_project,
            lambda project, report: intake.add_images(project, label, contents, report),
            f"camera-{key}",
        )


@st.cache_data(ttl=30, show_spinner=False)
def _ready_made_sets() -> list[ReadyMade]:
    return [s for s in intake.list_ready_made() if s.available]


def _ready_made(open_project: OpenProject, label: str, key: str) -> None:
    sets = _ready_made_sets()
    if not sets:
        st.caption(_(N_("No ready-made set is installed: CIFAR-10, apples and oranges, or COCO.")))
        return
    options = [f"{s.key}/{c}" for s in sets for c in s.classes]
    titles = {f"{s.key}/{c}": f"{_(c)} · {_(s.title)}" for s in sets for c in s.classes}
    same = next((i for i, o in enumerate(options) if o.partition("/")[2] == label), 0)
    source = st.selectbox(
        _(N_("Set")), options, index=same, key=f"set-{key}", format_func=lambda o: titles.get(o, o)
    )
    count = st.selectbox(
        _(N_("Number of photos")), _COUNTS, index=2, key=f"count-{key}", format_func=lambda n: f"{n:,}"
    )
    if st.button(_(N_("Add photos")), icon=":material/add:", key=f"add-ready-{key}"):
        _add(
            open_project,
            lambda project, report: intake.add_ready_made(project, label, source, count, report),
            f"ready-{key}",
        )


def show_limits() -> None:
    """Say once what the upload boxes take: their own words are English in every language, and cut off where there is little room."""
    st.caption(
        _(
            N_(
                "Drop photos on a box, or press its button. JPEG, PNG, WebP, HEIC and others, up to {size} MB each."
            ),
            size=_MAX_PHOTO_MB,
        )
    )


def archive_popover(open_project: OpenProject, key: str) -> None:
    """Draw a popover with the uploads of a folder and of a zip of class folders."""
    box = st.popover(
        _(N_("Folder or zip")), icon=":material/folder_open:", key=f"archive-{key}", on_change="rerun"
    )
    with box:
        files = st.file_uploader(
            _(N_("Folder with one folder per class")),
            accept_multiple_files="directory",
            key=_round(f"folder-{key}"),
            max_upload_size=_MAX_PHOTO_MB,
            help=_(N_("Folders named train and test above the class folders are kept as the split.")),
        )
        upload = st.file_uploader(
            _(N_("Zip with one folder per class")),
            type=["zip"],
            key=_round(f"zip-{key}"),
            max_upload_size=intake.MAX_UPLOAD_MB,
        )
    if files:
        contents = [intake.UploadedFile(f.name, f.size, f.getvalue) for f in files]
        _add(
            open_project,
            lambda project, report: intake.add_uploaded_folder(project, contents, report),
            f"folder-{key}",
        )
    elif upload is not None:
        _add(
            open_project,
            lambda project, report: intake.add_archive(project, upload, upload.name, report),
            f"zip-{key}",
        )


def _add(
    open_project: OpenProject, add: Callable[[Project, ProgressCallback], IntakeResult], key: str
) -> None:
    """Call `add` with a progress bar; then the page runs again with an empty widget."""
    bar = st.progress(0.0, _(N_("Reading photos")))
    try:
        with open_project() as project:
            flash_result(
                add(project, lambda words, share: bar.progress(min(1.0, share), translate_message(words)))
            )
    except UserError as error:
        flash(error.message)
    _next_round(key)
    st.rerun()


def flash_result(result: IntakeResult) -> None:
    """Say, in the next rerun, how many photos were added, and why others were not."""
    if result.added:
        flash(Message.counted("{count} photo added.", "{count} photos added.", result.added), "success")
    if result.skipped:
        flash(
            Message.counted(
                "{count} file was skipped. {reason}",
                "{count} files were skipped. For example: {reason}",
                result.skipped,
                reason=result.reasons[0] if result.reasons else "",
            ),
            "info",
        )


def count_label(count: int) -> str:
    """A number of photos in words."""
    return _n("{count} photo", "{count} photos", count)
