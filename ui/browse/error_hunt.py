"""The task that comes with the synthetic scenes: find the three instances with a deliberate annotation error."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.coco import scenes
from core.coco.dataset import Instance
from core.messages import N_
from ui.browse import source_picker
from ui.kit.i18n import _

_FOUND = "_coco.found"
_EXPLANATIONS = {
    "twice": N_("**Found: a duplicate.** This ball is annotated twice."),
    "box": N_("**Found: a wrong box.** It covers only half of the tree's mask."),
    "speck": N_("**Found: an empty instance.** A box of 2×2 pixels in the sky, with nothing in it."),
}


def show_task(source: Path) -> None:
    """Show the task and how far the visitor is, if `source` holds the synthetic scenes."""
    if not source_picker.is_synthetic(source):
        return
    found = len(st.session_state.get(_FOUND, ()))
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            _(
                N_(
                    "**Three of these annotations are wrong. Can you find them?** Open an image and click the "
                    "instance that looks wrong. Switch on *Boxes* to compare boxes and masks."
                )
            )
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/flag: {_(N_('Found: **{found} of {count}**'), found=found, count=len(_EXPLANATIONS))}",
                width="content",
            )
            st.button(
                _(N_("Show the errors")), icon=":material/visibility:", type="tertiary", on_click=_show_issues
            )
            source_picker.offer_coco()
        st.caption(source_picker.describe_synthetic())


def check_selection(source: Path, instance: Instance | None) -> None:
    """Say whether the selected instance of the synthetic scenes is one of the errors, and remember it."""
    if instance is None or not source_picker.is_synthetic(source):
        return
    name = next((n for n, ids in scenes.ANNOTATION_ERRORS.items() if instance.id in ids), None)
    if name is None:
        st.info(_(N_("This annotation is correct. Keep looking.")), icon=":material/search:")
        return
    found = st.session_state[_FOUND] = {*st.session_state.get(_FOUND, ()), name}
    if len(found) == len(_EXPLANATIONS):
        progress = _(N_("You have found all three."))
    else:
        progress = _(N_("Found: **{found} of {count}**"), found=len(found), count=len(_EXPLANATIONS))
    st.success(f"{_(_EXPLANATIONS[name])} {progress}", icon=":material/flag:")


def _show_issues() -> None:
    """Callback: open the view of annotation issues."""
    st.session_state["view"] = "oddities"
