"""Three questions to start with: each sets filter and order of the grid, and says what to look for in these images."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.coco import ordering, statistics
from core.coco.dataset import Coco
from core.messages import N_
from ui.browse import filter_bar
from ui.browse.category_label import category_label, filter_condition
from ui.kit.i18n import _, _n

_PRESET = "coco-preset"
_PAIR = ("dog", "person")  # preferred for the question of two categories
_NUM_PAIRED = 6  # most frequent categories among which a pair is looked for otherwise


@dataclass(frozen=True)
class Preset:
    """A question: the label of its button, the filter and order of its answer."""

    label: str
    where: str
    order: str


@st.cache_data(max_entries=8, show_spinner=False)
def _pair(folder: str, _coco: Coco) -> tuple[str, str] | None:
    """Two categories that occur together: dogs and people, else the first pair of the most frequent categories."""
    frequent = list(filter_bar.count_images(folder, _coco))[:_NUM_PAIRED]
    pairs = [(one, other) for i, one in enumerate(frequent) for other in frequent[i + 1 :]]
    for one, other in (_PAIR, *pairs):
        if {one, other} <= set(_coco.names.categories):
            text = " and ".join(filter_condition(_coco.names, name) for name in (one, other))
            if len(filter_bar.filter_images(folder, text, _coco)):
                return one, other
    return None


@st.cache_data(max_entries=8, show_spinner=False)
def _share_of_small(folder: str, _coco: Coco) -> float:
    """The share of the instances that COCO counts as small."""
    areas = statistics.area_class_counts(_coco, None)
    return areas["small"] / max(1, sum(areas.values()))


def list_presets(coco: Coco) -> dict[str, Preset]:
    """Return the questions that these annotations can answer, by name."""
    presets = {"crowded": Preset(_(N_("Crowded images")), "", "instances")}
    if _share_of_small(str(coco.folder), coco) > 0:
        presets["small"] = Preset(_(N_("Tiny objects")), "small>=5", "small")
        if filter_bar.filter_images(str(coco.folder), "small>=5", coco).empty:
            presets["small"] = Preset(_(N_("Tiny objects")), "small>=1", "small")
    if pair := _pair(str(coco.folder), coco):
        one, other = map(category_label, pair)
        where = " and ".join(filter_condition(coco.names, name) for name in pair)
        presets["pair"] = Preset(
            _(N_("{one} with {other}"), one=one[:1].upper() + one[1:], other=other), where, "id"
        )
    return presets


def show_presets(coco: Coco) -> None:
    """Show the questions as buttons, the one that filter and order answer lit up; call it when the filter is drawn."""
    presets = list_presets(coco)
    now = (st.session_state.get(filter_bar.FILTER, "").strip(), _current_order())
    st.session_state[_PRESET] = next((n for n, p in presets.items() if (p.where, p.order) == now), None)

    def apply() -> None:
        chosen = presets.get(st.session_state[_PRESET], Preset("", "", "id"))
        st.session_state[filter_bar.FILTER] = chosen.where
        st.session_state["order"] = chosen.order

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_(N_("Things to try")), width="content")
        st.pills(
            _(N_("Things to try")),
            list(presets),
            key=_PRESET,
            format_func=lambda name: presets[name].label,
            on_change=apply,
            label_visibility="collapsed",
            wrap=True,
        )


def _current_order() -> str:
    """The order of the grid, whose widget is drawn later."""
    state, named = st.session_state, st.query_params.get("order")
    if named in ordering.ORDERS and named != state.get("_url.order"):
        return named
    return state.get("order", state.get("_kept.order", "id"))


def explain_preset(coco: Coco, num_matches: int) -> None:
    """Say what the images of the chosen question show, with what was counted in them."""
    name = st.session_state.get(_PRESET)
    if name == "crowded":
        text = _(
            N_(
                "The images with the most objects come first. Open one: objects hide each other, and groups too dense to outline "
                "are one striped *crowd* region."
            )
        )
    elif name == "small":
        text = _(
            N_(
                "{percent}% of the instances here are *small*: under 32×32 pixels. The images whose smallest object is the tiniest "
                "come first. Open one and try to find it before the mask shows you."
            ),
            percent=f"{100 * _share_of_small(str(coco.folder), coco):.0f}",
        )
    elif name == "pair":
        text = _n(
            "{count} image contains both. Add a condition in the search field, e.g. `{example}`.",
            "{count} images contain both. Add a condition in the search field, e.g. `{example}`.",
            num_matches,
            example=f"{st.session_state[filter_bar.FILTER]} and small==0",
        )
    else:
        return
    st.markdown(f":material/lightbulb: {text}")
