"""Collect: a card for each class with its photos, and the ways to add more."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext

import streamlit as st

from core.messages import N_
from core.projects import store
from core.projects.store import Photo, Project
from ui.kit.frame import try_action
from ui.kit.i18n import _, escape_markdown
from ui.photos import add_photos, thumbnails
from ui.photos.gallery import gallery

_STRIP, _ROWS = 5, 2  # photos in a row of a card; rows
_MANY = 4  # classes, above which their cards scroll
_LIST_HEIGHT = 900  # pixels


def show_heading() -> None:
    """Draw the heading of the first step."""
    heading = _(N_("1. Collect"))
    st.markdown(f"## {heading}")


def show_classes(project: Project) -> tuple[str, ...]:
    """Draw the cards, and the ways to add a class, a folder or a zip; return the names of the classes."""
    show_heading()
    photos = project.photos()
    by_class: dict[str, list[Photo]] = {name: [] for name in project.classes}
    for photo in photos:
        by_class.setdefault(photo.label, []).append(photo)
    with st.container(height=_LIST_HEIGHT if len(by_class) > _MANY else "content", border=False):
        for i, (name, members) in enumerate(by_class.items()):
            with st.container(border=True, gap="small"):
                _class_card(project, name, members, f"{project.id}-{i}")
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover(_(N_("Add class")), icon=":material/add:", key="photos-add-class-box"):
            _add_class(project)
        add_photos.archive_popover(lambda: nullcontext(project), project.id)
    return tuple(by_class)


def _class_card(project: Project, name: str, members: list[Photo], key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{escape_markdown(name)}** · {add_photos.count_label(len(members))}", width="content")
        _class_menu(project, name, len(members), key)
    sheet = thumbnails.sheet(project, members, _STRIP, _ROWS)
    if sheet is None:
        add_photos.add_to_class(lambda: nullcontext(project), name, key)
        return
    st.image(sheet, width="stretch", alt=_(N_("Photos of {name}"), name=name))
    with st.container(horizontal=True):
        box = st.popover(
            _(N_("Add photos")), icon=":material/add_a_photo:", key=f"add-box-{key}", on_change="rerun"
        )
        if box.open:
            with box:
                add_photos.add_to_class(lambda: nullcontext(project), name, key)
        if st.button(_(N_("View all")), icon=":material/grid_view:", key=f"view-{key}", type="tertiary"):
            st.session_state["_viewed_class"] = name
    if st.session_state.get("_viewed_class") == name:
        _class_dialog(project, name)


def _class_menu(project: Project, name: str, count: int, key: str) -> None:
    with st.popover(
        ":material/more_vert:", type="tertiary", key=f"menu-{key}", help=_(N_("Rename or remove"))
    ):
        new = st.text_input(
            _(N_("Name of the class")),
            value=name,
            max_chars=store.MAX_NAME_LENGTH,
            key=f"class-name-{key}-{name}",
        )
        st.button(
            _(N_("Save name")),
            key=f"class-rename-{key}",
            on_click=try_action,
            args=(project.rename_class, name, new),
        )
        st.button(
            _(N_("Remove class and its photos")) if count else _(N_("Remove class")),
            icon=":material/delete:",
            key=f"class-remove-{key}",
            on_click=try_action,
            args=(project.remove_class, name),
        )


def _add_class(project: Project) -> None:
    def add() -> None:
        try_action(project.add_class, st.session_state.get("photos-new-class", ""))
        st.session_state["photos-new-class"] = ""

    st.text_input(_(N_("Name of the class")), max_chars=store.MAX_NAME_LENGTH, key="photos-new-class")
    st.button(_(N_("Add class")), key="photos-add-class", type="primary", on_click=add)


def _close_dialog() -> None:
    st.session_state.pop("_viewed_class", None)


def _class_dialog(project: Project, name: str) -> None:
    @st.dialog(escape_markdown(name), width="large", on_dismiss=_close_dialog)
    def show() -> None:
        from core.projects import splits

        split = splits.split_photos(project)
        words = {"train": _(N_("training")), "validation": _(N_("validation")), "test": _(N_("test"))}
        members = [p for p in project.photos() if p.label == name]
        counts = Counter(split[p.id] for p in members)
        st.caption(" · ".join(f"{words[s]} {counts[s]:,}" for s in words))
        gallery(
            project,
            members,
            f"class-{name}",
            caption=lambda p: [("", words[split[p.id]])],
            alt=_(N_("Photos of {name}"), name=name),
        )

    show()
