"""The project that the URL names: its name, its link, and where its photos lie."""

from __future__ import annotations

import re

import streamlit as st

from core.messages import N_, UserError
from core.projects import store
from core.projects.store import Project
from ui.kit import url
from ui.kit.frame import try_action
from ui.kit.i18n import _, _n, escape_markdown, translate_message

PARAMETER = "project"
_KEPT = "_kept.photo-project"  # comes back when the visitor returns from another page
_RUN_KEYS = ("run",)


def current_project() -> Project | None:
    """The project that the URL names, or that this visitor had open before; an unknown one is reported here."""
    project_id = st.query_params.get(PARAMETER) or st.session_state.get(_KEPT)
    if not project_id:
        return None
    try:
        project = store.open_project(project_id)
    except UserError as error:
        leave_project()
        st.warning(translate_message(error.message), icon=":material/search_off:")
        return None
    enter_project(project)
    return project


def enter_project(project: Project) -> None:
    """Make `project` the visitor's own, in the URL too."""
    came_by_link = st.query_params.get(PARAMETER) == project.id
    if st.session_state.get(_KEPT) != project.id:
        forget_run(keep_parameter=came_by_link)
    st.session_state[_KEPT] = project.id
    if not came_by_link:
        st.query_params[PARAMETER] = project.id


def leave_project() -> None:
    """Close the project; only its link leads back (callback)."""
    st.session_state.pop(_KEPT, None)
    st.query_params.pop(PARAMETER, None)
    forget_run()


def forget_run(*, keep_parameter: bool = False) -> None:
    """Show the newest run again; with `keep_parameter` the one that the URL names."""
    for key in _RUN_KEYS:
        url.forget_choice(key)
        if not keep_parameter:
            st.query_params.pop(key, None)


def show_bar(project: Project) -> None:
    """Show the project's name and size, its link, and where its photos lie."""
    photos = project.photos()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.header(escape_markdown(project.name), width="content", anchor=False)
            st.badge(
                _n("{count} photo", "{count} photos", len(photos)), icon=":material/photo:", color="gray"
            )
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _show_link(project)
            _rename(project)
            st.button(
                _(N_("New project")),
                icon=":material/add:",
                key="photos-new",
                on_click=leave_project,
                help=_(N_("Only its link leads back to this project. Save it first.")),
            )
    st.caption(
        ":material/lock: "
        + _(
            N_("The photos stay on this machine, in {folder}. The link is the only way to this project."),
            folder=f"`{project.photos_folder}`",
        )
    )


def _show_link(project: Project) -> None:
    with st.popover(_(N_("Link")), icon=":material/link:"):
        st.caption(_(N_("Anyone with this link can see and change the project.")))
        st.code(project_link(project), language=None)


def project_link(project: Project) -> str:
    """The address of the project."""
    base = re.sub(r"[?#].*$", "", st.context.url or "")
    return f"{base or url.page_href('photos')}?{PARAMETER}={project.id}"


def _rename(project: Project) -> None:
    with st.popover(_(N_("Rename")), icon=":material/edit:"):
        name = st.text_input(
            _(N_("Name of the project")),
            value=project.name,
            max_chars=store.MAX_NAME_LENGTH,
            key=f"photos-name-{project.id}",
        )
        st.button(_(N_("Save name")), key="photos-rename", on_click=try_action, args=(project.rename, name))
