"""Add photos to a class: files, camera shots, a ready-made set; or a zip of class folders to the project."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import images
from core.data import ProgressCallback
from core.messages import Message, N_, UserError
from core.projects import intake
from core.projects.intake import IntakeResult, ReadyMade
from core.projects.store import Project
from ui.kit.frame import flash
from ui.kit.i18n import _, _n, translate_message

_COUNTS = (10, 50, 100, 500, 1000)
_SOURCES = {
    "files": (N_("Files"), ":material/upload:"),
    "camera": (N_("Camera"), ":material/photo_camera:"),
    "ready": (N_("Ready-made"), ":material/collections:"),
}


def add_to_class(project: Project, label: str, key: str) -> None:
    """Draw the ways to add photos to the class `label`."""
    source = st.segmented_control(
        _(N_("Add from")),
        list(_SOURCES),
        default="files",
        required=True,
        key=f"source-{key}",
        label_visibility="collapsed",
        format_func=lambda s: f"{_SOURCES[s][1]} {_(_SOURCES[s][0])}",
    )
    if source == "camera":
        _camera(project, label, key)
    elif source == "ready":
        _ready_made(project, label, key)
    else:
        _files(project, label, key)


def _round(key: str) -> str:
    """`key` with the number of uploads so far: a widget that is empty again after each."""
    return f"{key}-{st.session_state.get(f'_round.{key}', 0)}"


def _next_round(key: str) -> None:
    st.session_state[f"_round.{key}"] = st.session_state.get(f"_round.{key}", 0) + 1


def _files(project: Project, label: str, key: str) -> None:
    files = st.file_uploader(
        _(N_("Photos of {name}"), name=label),
        type=list(images.SUFFIXES),
        accept_multiple_files=True,
        key=_round(f"files-{key}"),
        max_upload_size=intake.MAX_UPLOAD_MB,
    )
    if files:
        _add(
            lambda report: intake.add_images(project, label, [(f.name, f.getvalue()) for f in files], report),
            f"files-{key}",
        )


def _camera(project: Project, label: str, key: str) -> None:
    shot = st.camera_input(_(N_("Photo of {name}"), name=label), key=_round(f"camera-{key}"))
    if shot is not None:
        _add(
            lambda report: intake.add_images(project, label, [(shot.name, shot.getvalue())], report),
            f"camera-{key}",
        )


@st.cache_data(ttl=30, show_spinner=False)
def _ready_made_sets() -> list[ReadyMade]:
    return [s for s in intake.list_ready_made() if s.available]


def _ready_made(project: Project, label: str, key: str) -> None:
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
        _add(lambda report: intake.add_ready_made(project, label, source, count, report), f"ready-{key}")


def zip_uploader(project: Project) -> None:
    """Draw the upload of a zip of class folders."""
    upload = st.file_uploader(
        _(N_("Zip with one folder per class")),
        type=["zip"],
        key=_round(f"zip-{project.id}"),
        max_upload_size=intake.MAX_UPLOAD_MB,
        help=_(N_("Folders named train and test above the class folders are kept as the split.")),
    )
    if upload is not None:
        _add(lambda report: intake.add_archive(project, upload, upload.name, report), f"zip-{project.id}")


def _add(add: Callable[[ProgressCallback], IntakeResult], key: str) -> None:
    """Call `add` with a progress bar; then the page runs again with an empty widget."""
    bar = st.progress(0.0, _(N_("Reading photos")))
    try:
        flash_result(add(lambda words, share: bar.progress(min(1.0, share), translate_message(words))))
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
