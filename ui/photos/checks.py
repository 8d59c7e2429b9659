"""The data check: each finding opens its photos, which can be moved or dropped right there."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from core.messages import N_
from core.projects import checks, splits
from core.projects.checks import Finding
from core.projects.store import Photo, Project
from ui.kit import palette
from ui.kit.frame import try_action
from ui.kit.i18n import _, _n, translate_message
from ui.kit.terms import term
from ui.photos.gallery import drop, gallery

_ICONS = {"error": ":material/error:", "warning": ":material/warning:", "note": ":material/info:"}


@st.cache_data(max_entries=32, show_spinner=False)
def find_problems(path: str, stamp: tuple[int, ...], _project: Project) -> list[Finding]:
    """The findings about a project; `stamp` invalidates the cache entry."""
    return checks.check_project(_project)


def show_checks(project: Project) -> None:
    """Draw the split of the photos and the findings."""
    photos = project.photos()
    if not photos:
        return
    heading = _(N_("Data check"))
    st.header(heading)
    _show_split(project, photos)
    findings = find_problems(str(project.path), project.stamp, project)
    if not findings:
        st.markdown(
            ":green[:material/check_circle:] "
            + _n("No problem found in {count} photo.", "No problem found in {count} photos.", len(photos))
        )
    by_id = {p.id: p for p in photos}
    for finding in findings:
        _show_finding(project, finding, by_id)
    _show_dropped(project)


def _show_split(project: Project, photos: list[Photo]) -> None:
    split = Counter(splits.split_photos(project).values())
    words = {
        "train": _(N_("Training")),
        "validation": term("validation-data", _(N_("Validation"))),
        "test": term("test-data", _(N_("Test"))),
    }
    st.markdown(" · ".join(f"{word} **{split[name]:,}**" for name, word in words.items()))


def _show_finding(project: Project, finding: Finding, by_id: dict[str, Photo]) -> None:
    sentence = translate_message(finding.message)
    members = [by_id[i] for i in finding.photo_ids if i in by_id]
    if not members:
        st.markdown(f"{_ICONS[finding.level]} {sentence}")
        return
    key = f"finding-{finding.kind}-{hash_ids(finding)}"
    box = st.expander(sentence, icon=_ICONS[finding.level], key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        if finding.extra_ids:
            st.button(
                _n("Drop {count} copy", "Drop {count} copies", len(finding.extra_ids)),
                icon=":material/filter_none:",
                key=f"drop-copies-{key}",
                on_click=drop,
                args=(project, finding.extra_ids),
                help=_(N_("Keeps one photo of each group, the test photo if there is one.")),
            )
        extra = set(finding.extra_ids)
        gallery(
            project,
            members,
            key,
            caption=lambda p: [("", p.label), *([(palette.WRONG, _(N_("copy")))] if p.id in extra else [])],
            alt=sentence,
        )


def hash_ids(finding: Finding) -> str:
    """A short name of the photos of a finding."""
    return f"{len(finding.photo_ids)}-{finding.photo_ids[0][:6]}"


def _show_dropped(project: Project) -> None:
    dropped = [p for p in project.photos(dropped=True) if p.dropped]
    if not dropped:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            _n("{count} photo is left out.", "{count} photos are left out.", len(dropped)), width="content"
        )
        st.button(
            _(N_("Restore dropped photos")),
            icon=":material/undo:",
            type="tertiary",
            key="photos-restore",
            on_click=try_action,
            args=(project.restore, [p.id for p in dropped]),
        )
