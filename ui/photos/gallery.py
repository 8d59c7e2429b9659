"""A gallery of a project's photos: click to choose some, then move them to another class or drop them, right there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.messages import Message, N_
from core.projects.store import Photo, Project
from ui.components.image_grid import ColoredText, GridTile, image_grid
from ui.kit.frame import flash, try_action
from ui.kit.i18n import _, _n
from ui.photos import thumbnails

PAGE_SIZE = 24


def gallery(
    project: Project,
    photos: Sequence[Photo],
    key: str,
    *,
    caption: Callable[[Photo], Sequence[ColoredText]] = lambda p: [("", p.label)],
    alt: str,
    first: int = PAGE_SIZE,
) -> None:
    """Show `photos`, `PAGE_SIZE` at a time, each with its `caption`, and the actions on the chosen ones. `key` is unique on the page.

    If there are more than `first`, only those are shown until the visitor asks for the rest.
    """
    if not photos:
        st.caption(_(N_("No matching images.")))
        return
    pages = -(-len(photos) // PAGE_SIZE)
    page = min(st.session_state.get(f"_page.{key}", 0), pages - 1)
    is_short = len(photos) > first and not st.session_state.get(f"_open.{key}")
    if is_short:
        page, pages = 0, 1
    shown = photos[page * PAGE_SIZE : (page + 1) * PAGE_SIZE][: first if is_short else None]
    chosen = [p.id for p in photos if p.id in st.session_state.get(f"_chosen.{key}", ())]
    _actions(project, photos, chosen, key, page, pages)
    image_grid(
        [GridTile(thumbnails.tile(project, p), caption(p), p.id in chosen) for p in shown],
        f"gallery-{key}",
        lambda index: _toggle(key, shown[index].id),
        alt=alt,
    )
    if is_short:
        st.button(
            _n("Show all {count} photo", "Show all {count} photos", len(photos)),
            icon=":material/expand_more:",
            key=f"open-{key}",
            on_click=lambda: st.session_state.update({f"_open.{key}": True}),
        )


def _toggle(key: str, photo_id: str) -> None:
    chosen = set(st.session_state.get(f"_chosen.{key}", ()))
    st.session_state[f"_chosen.{key}"] = chosen ^ {photo_id}


def _choose(key: str, ids: Sequence[str]) -> None:
    st.session_state[f"_chosen.{key}"] = set(ids)


def _actions(
    project: Project, photos: Sequence[Photo], chosen: list[str], key: str, page: int, pages: int
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if chosen:
            st.markdown(_n("**{count}** chosen", "**{count}** chosen", len(chosen)), width="content")
            labels = {p.label for p in photos if p.id in chosen}
            for label in project.classes if len(project.classes) <= 6 else ():
                if labels != {label}:
                    st.button(
                        _(N_("Move to {name}"), name=label),
                        icon=":material/drive_file_move:",
                        key=f"move-{key}-{label}",
                        on_click=relabel,
                        args=(project, chosen, label, key),
                    )
            if len(project.classes) > 6:
                target = st.selectbox(
                    _(N_("Class")),
                    project.classes,
                    index=None,
                    key=f"target-{key}",
                    label_visibility="collapsed",
                    placeholder=_(N_("Move to class")),
                    width=180,
                )
                if target:
                    relabel(project, chosen, target, key)
                    st.session_state.pop(f"target-{key}", None)
                    st.rerun()
            st.button(
                _(N_("Drop")),
                icon=":material/hide_image:",
                key=f"drop-{key}",
                on_click=drop,
                args=(project, chosen, key),
                help=_(N_("Leaves the photos out of the data set. They can be restored.")),
            )
            st.button(
                _(N_("Clear selection")),
                type="tertiary",
                key=f"clear-{key}",
                on_click=_choose,
                args=(key, ()),
            )
        else:
            st.caption(_(N_("Click photos to move or drop them.")), width="content")
        if pages > 1:
            _pager(key, page, pages)


def _pager(key: str, page: int, pages: int) -> None:
    def turn(step: int) -> None:
        st.session_state[f"_page.{key}"] = max(0, min(pages - 1, page + step))

    for step, icon, words in (
        (-1, ":material/chevron_left:", N_("Previous images")),
        (1, ":material/chevron_right:", N_("Next images")),
    ):
        st.button(
            icon,
            key=f"turn-{step}-{key}",
            type="tertiary",
            on_click=turn,
            args=(step,),
            disabled=not 0 <= page + step < pages,
            help=_(words),
        )
    st.caption(f"{page + 1} / {pages}", width="content")


def relabel(project: Project, ids: Sequence[str], label: str, key: str = "") -> None:
    """Move photos to a class (callback)."""

    def move() -> bool:
        project.relabel(ids, label)
        return True

    if try_action(move):
        _choose(key, ())
        flash(
            Message.counted(
                "{count} photo moved to {name}.", "{count} photos moved to {name}.", len(ids), name=label
            ),
            "success",
        )


def drop(project: Project, ids: Sequence[str], key: str = "") -> None:
    """Leave photos out (callback)."""

    def leave_out() -> bool:
        project.drop(ids)
        return True

    if try_action(leave_out):
        _choose(key, ())
        flash(Message.counted("{count} photo dropped.", "{count} photos dropped.", len(ids)), "success")
