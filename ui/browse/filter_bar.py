"""The filter of the browse page: chips of categories, and the filter language under "Advanced"."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.coco import filter_query, statistics
from core.coco.dataset import Coco
from core.messages import N_, UserError
from ui.browse.category_label import category_labels, filter_condition
from ui.kit import url
from ui.kit.i18n import _, translate_message

EXAMPLES = (
    "dog>=1 and person==0",
    "person>=3 and crowd=no",
    "small>=5",
    "crowd=yes",
    "keypoints>=15",
    "caption='red bus'",
)
_NUM_CHIPS = 6  # most frequent categories; the others are behind "More categories"
FILTER = "where"
_CHIPS, _MORE_CHIPS = "coco-chips", "coco-more-chips"
_OPERATOR_NAMES = {">=": N_("at least"), "==": N_("exactly"), "<=": N_("at most")}


@st.cache_resource(max_entries=24, show_spinner=False)
def filter_images(folder: str, text: str, _coco: Coco) -> pd.DataFrame:
    """Return the images that match the filter `text`. Raises UserError if it is invalid."""
    # A resource, not data: the 100,000 rows of a full-size index are not copied on every rerun.
    return _coco.filter_images(text)


@st.cache_data(max_entries=8, show_spinner=False)
def count_images(folder: str, _coco: Coco) -> dict[str, int]:
    """Return the number of images of each category, most frequent first."""
    counts = statistics.category_counts(_coco).sort_values(["images", "n"], ascending=False, kind="stable")
    by_name = counts.drop_duplicates("name")  # names of two supercategories
    return dict(zip(by_name["name"], by_name["images"].astype(int), strict=True))


@st.cache_data(max_entries=8, show_spinner=False)
def _valid_examples(folder: str, _coco: Coco) -> list[str]:
    return [
        text
        for text in EXAMPLES
        if is_valid_filter(_coco, text) and ("caption" not in text or _coco.num_captioned)
    ]


def is_valid_filter(coco: Coco, text: str) -> bool:
    """Whether `text` is a filter for these annotations."""
    try:
        filter_query.parse_filter(text, coco.names)
    except UserError:
        return False
    return True


def show_filter(coco: Coco, bar: DeltaGenerator) -> pd.DataFrame | None:
    """Show the filter in `bar`, its chips below; return the matching images, or None after showing the error of an invalid filter."""
    names = list(count_images(str(coco.folder), coco))
    example = filter_condition(coco.names, names[0], ">=", 2) if names else ""
    with bar:
        text = url.text_field(
            _(N_("Filter")),
            key=FILTER,
            placeholder=_(N_("Search, e.g. {example}"), example=example) if example else "",
            label_visibility="collapsed",
            icon=":material/search:",
            width="stretch",
        )
        with st.popover(_(N_("Advanced")), icon=":material/tune:", key="coco-advanced"):
            _advanced_filter(coco)
    _category_chips(coco, text)
    try:
        return filter_images(str(coco.folder), text, coco)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/filter_alt_off:")
        return None


def clear_filter() -> None:
    """Callback: remove the filter."""
    st.session_state[FILTER] = ""


def _category_chips(coco: Coco, text: str) -> None:
    """Show the most frequent categories as toggles that write the filter, those that `text` requires lit up, and the others in a
    popover.
    """
    counts = count_images(str(coco.folder), coco)
    if not counts:
        return
    required = filter_query.required_categories(text, coco.names)
    lit = [name for name in required or [] if name in counts]
    lit = lit if len(lit) == len(required or []) else []
    visible = list(dict.fromkeys([*list(counts)[:_NUM_CHIPS], *lit]))
    hidden = [name for name in counts if name not in visible]

    labels = category_labels(counts)

    def label(name: str) -> str:
        return f"{labels[name]} {counts[name]:,}"

    def write_filter() -> None:
        chosen = [*st.session_state.get(_CHIPS, ()), *st.session_state.get(_MORE_CHIPS, ())]
        if required is None:  # a filter that chips cannot express is kept
            joined = text
            for name in chosen:
                joined = filter_query.append_condition(joined, "and", filter_condition(coco.names, name))
        else:
            in_order = [*(n for n in lit if n in chosen), *(n for n in chosen if n not in lit)]
            joined = " and ".join(filter_condition(coco.names, name) for name in in_order)
        st.session_state[FILTER] = joined

    st.session_state[_CHIPS], st.session_state[_MORE_CHIPS] = lit, []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            _(N_("Images with")), width="content", help=_(N_("Number of images that contain the category."))
        )
        st.pills(
            _(N_("Images with")),
            visible,
            selection_mode="multi",
            key=_CHIPS,
            format_func=label,
            on_change=write_filter,
            label_visibility="collapsed",
            wrap=True,
        )
        if not hidden:
            return
        with st.popover(
            _(N_("More categories")), icon=":material/add:", type="tertiary", key="coco-more-categories"
        ):
            st.pills(
                _(N_("More categories")),
                hidden,
                selection_mode="multi",
                key=_MORE_CHIPS,
                format_func=label,
                on_change=write_filter,
                label_visibility="collapsed",
                wrap=True,
            )


def _advanced_filter(coco: Coco) -> None:
    """Show examples of filters, their syntax, and a builder."""
    examples = _valid_examples(str(coco.folder), coco)
    if examples:
        st.pills(
            _(N_("Examples")),
            examples,
            key="coco-example",
            wrap=True,
            on_change=lambda: st.session_state.update(
                {FILTER: st.session_state["coco-example"] or "", "coco-example": None}
            ),
        )
    st.caption(
        _(
            N_(
                "Names of categories and supercategories count instances: `dog>=2`, `'traffic light'`, "
                "`vehicle>3`; Japanese names work too: `犬>=2`. Combine conditions with and, or, not and "
                "parentheses. Other fields: small, medium, large, instances, keypoints, visible, id, width, "
                "height, crowd=no, split=…, caption='…'."
            )
        )
    )
    st.markdown(_(N_("**Filter builder**")))
    _filter_builder(coco)


def _filter_builder(coco: Coco) -> None:
    """Compose a condition and add it to the filter."""
    labels = category_labels(coco.names.categories)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            _(N_("Category")), list(coco.names.categories), key="coco-build-name", format_func=labels.get
        )
        count_slot = st.container(width=120)
    operator = st.segmented_control(
        _(N_("Count")),
        list(_OPERATOR_NAMES),
        default=">=",
        required=True,
        key="coco-build-op",
        format_func=lambda o: _(_OPERATOR_NAMES[o]),
        label_visibility="collapsed",
    )
    count = count_slot.number_input(_(N_("Instances")), 0, 1000, 1, key="coco-build-count")
    condition = filter_condition(coco.names, name, operator, int(count)) if name is not None else ""

    def add(joined_by: str) -> None:
        text = st.session_state.get(FILTER, "")
        st.session_state[FILTER] = filter_query.append_condition(text, joined_by, condition)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.code(condition, language=None, width="content")
        if st.session_state.get(FILTER, "").strip():
            st.button(_(N_("Add with AND")), on_click=add, args=("and",), type="primary")
            st.button(_(N_("Add with OR")), on_click=add, args=("or",))
        else:
            st.button(_(N_("Apply")), on_click=add, args=("and",), type="primary", disabled=not condition)
