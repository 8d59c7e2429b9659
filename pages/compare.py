"""Compare: CIFAR-10 networks side by side, in figures, in answers, on one's own photo, and under the same budget."""

from __future__ import annotations

import streamlit as st

from core.contenders import Contender
from core.messages import N_
from ui import compare_answers, compare_photo, compare_table, fights, url
from ui.compare_table import DATASET
from ui.frame import page
from ui.i18n import _

VIEWS = {
    "figures": N_("Accuracy and cost"), "photo": N_("Single image"), "curves": N_("Learning curves"),
    "classes": N_("Per-class metrics"), "closely": N_("Head-to-head"),
}  # fmt: skip


def figures(found: list[Contender]) -> None:
    """Accuracy against cost, and the table behind it."""
    compare_table.chart(found)
    compare_table.table(found)


def photo(found: list[Contender]) -> None:
    """One picture through all networks."""
    shown = compare_photo.choose(found)
    if shown is not None:
        compare_photo.answers(found, shown)
        with st.expander(_(N_("Feature maps by layer")), icon=":material/layers:"):
            compare_photo.maps(found, shown.pixels)


SHOW = {
    "figures": figures, "photo": photo, "curves": compare_table.curves, "classes": compare_answers.classes,
    "closely": compare_answers.closely,
}  # fmt: skip

with page("compare"):
    chosen = compare_table.pick()
    if chosen:
        view = url.choice(
            st.segmented_control, _(N_("View")), list(VIEWS), key="view", default="figures", required=True,
            format_func=lambda v: _(VIEWS[v]), label_visibility="collapsed",
        )  # fmt: skip
        SHOW[view](chosen)
    st.subheader(_(N_("Equal-budget comparison")))
    st.markdown(
        _(N_("Train two to five models on the same data, with the same seed and budget, each with "
        "its own recipe. They run one after another, are evaluated without test-time "
        "augmentation, and share one chart."))
    )  # fmt: skip
    with st.container(border=True):
        fights.form(DATASET)
    if fight_id := fights.choose():
        fights.panel(fight_id)
