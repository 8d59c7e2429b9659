"""Delete a project, with all that was computed from its photos, also in the server's memory."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from core.messages import Message, N_
from core.projects import store
from core.projects.store import Project
from ui.kit.frame import flash, try_action
from ui.kit.i18n import _, _n, escape_markdown
from ui.photos import export, heat, live_head, preview, project_bar, rate_finder, result, thumbnails, trust

_CACHES = (export, heat, live_head, preview, rate_finder, result, thumbnails, trust)


def show_deletion(project: Project) -> None:
    """Offer to delete the project with its runs."""
    photos, runs = project.photos(dropped=True), project.runs()
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover(_(N_("Delete project")), icon=":material/delete:", key="photos-delete-box"):
            st.markdown(
                _(
                    N_("Delete **{name}**: {photos}, {runs}, and everything computed from them?"),
                    name=escape_markdown(project.name),
                    photos=_n("{count} photo", "{count} photos", len(photos)),
                    runs=_n("{count} run", "{count} runs", len(runs)),
                )
            )
            st.button(
                _(N_("Delete photos and runs")),
                icon=":material/delete_forever:",
                key="photos-delete",
                on_click=_delete,
                args=(project,),
            )
        dropped = Counter(p.dropped for p in photos)[True]
        st.caption(
            _(
                N_("{size} MB on disk. Dropped photos stay there until the project is deleted."),
                size=f"{project.size() / 1e6:.1f}",
            )
            if dropped
            else _(N_("{size} MB on disk."), size=f"{project.size() / 1e6:.1f}"),
            width="content",
        )


def _delete(project: Project) -> None:
    def delete() -> bool:
        store.delete_project(project)
        return True

    if try_action(delete):
        project_bar.leave_project()
        for cache in _CACHES:
            cache.forget()
        flash(
            Message(N_("The project was deleted: its photos, its runs and everything computed from them.")),
            "success",
        )
