"""The filter of the browse page, its grid of thumbnails, and exports of the matching images."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from core.coco import drawing, filter_query
from core.coco.dataset import Coco
from core.messages import N_, UserError
from ui.browse import navigation
from ui.components.file_download import file_download_button
from ui.components.image_grid import GridTile, image_grid
from ui.kit import url
from ui.kit.i18n import _, _n, translate_message

PAGE_SIZE = 24  # thumbnails on a page
_MAX_EXPORT = 5000  # images in an export
EXAMPLES = (
    "dog>=1 and person==0",
    "person>=3 and crowd=no",
    "small>=5",
    "crowd=yes",
    "keypoints>=15",
    "caption='red bus'",
)
_OPERATOR_NAMES = {">=": N_("at least"), "==": N_("exactly"), "<=": N_("at most")}


@st.cache_resource(max_entries=24, show_spinner=False)
def _filter_images(folder: str, text: str, _coco: Coco) -> pd.DataFrame:
    # A resource, not data: the 100,000 rows of a full-size index are not copied on every rerun.
    return _coco.filter_images(text)


def filter_bar(coco: Coco) -> pd.DataFrame | None:
    """Show the filter; return the matching images, or None after showing the error of an invalid filter."""
    examples = [
        text
        for text in EXAMPLES
        if _is_valid_filter(coco, text) and ("caption" not in text or coco.num_captioned)
    ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = url.text_field(
            _(N_("Filter")),
            key="where",
            placeholder=examples[0] if examples else "",
            help=_(
                N_(
                    "Names of categories and supercategories count instances: `dog>=2`, `'traffic light'`, "
                    "`vehicle>3`. Combine conditions with and, or, not and parentheses. Other fields: "
                    "small, medium, large, instances, keypoints, visible, id, width, height, crowd=no, "
                    "split=…, caption='…'."
                )
            ),
        )
        with st.popover(_(N_("Filter builder")), icon=":material/tune:"):
            _filter_builder(coco)
    if not text and examples:
        st.pills(
            _(N_("Examples")),
            examples,
            key="coco-example",
            label_visibility="collapsed",
            wrap=True,
            on_change=lambda: st.session_state.update(
                {"where": st.session_state["coco-example"] or "", "coco-example": None}
            ),
        )
    try:
        return _filter_images(str(coco.folder), text, coco)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/filter_alt_off:")
        return None


def _is_valid_filter(coco: Coco, text: str) -> bool:
    try:
        filter_query.parse_filter(text, coco.names)
    except UserError:
        return False
    return True


def _filter_builder(coco: Coco) -> None:
    """Compose a condition and add it to the filter."""
    name = st.selectbox(_(N_("Category")), list(coco.names.categories), key="coco-build-name")
    operator = st.segmented_control(
        _(N_("Count")),
        list(_OPERATOR_NAMES),
        default=">=",
        required=True,
        key="coco-build-op",
        format_func=lambda o: _(_OPERATOR_NAMES[o]),
        label_visibility="collapsed",
    )
    count = st.number_input(_(N_("Instances")), 0, 1000, 1, key="coco-build-count")
    condition = filter_query.format_condition(name, operator, int(count)) if name is not None else ""
    st.code(condition, language=None)

    def add(joined_by: str) -> None:
        text = st.session_state.get("where", "")
        st.session_state["where"] = filter_query.append_condition(text, joined_by, condition)

    with st.container(horizontal=True):
        if st.session_state.get("where", "").strip():
            st.button(_(N_("Add with AND")), on_click=add, args=("and",), type="primary")
            st.button(_(N_("Add with OR")), on_click=add, args=("or",))
        else:
            st.button(_(N_("Apply")), on_click=add, args=("and",), type="primary", disabled=not condition)


def thumbnail_grid(coco: Coco, rows: pd.DataFrame) -> None:
    """Show a page of thumbnails with annotations; a click opens the image."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _n(
                "**{matches}** of {count} image",
                "**{matches}** of {count} images",
                coco.num_images,
                matches=f"{len(rows):,}",
            )
        )
        page = navigation.page_input(pages, str(coco.folder), f"images: {st.session_state.get('where', '')}")
    if not coco.num_images:
        st.info(_(N_("The annotation file contains no images.")), icon=":material/search_off:")
        return
    if rows.empty:
        st.info(_(N_("No images match this filter. Try removing a condition.")), icon=":material/search_off:")
        return
    shown = coco.image_records(rows.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
    missing = sum(image_record.path is None for image_record in shown)
    if missing:
        st.caption(
            _(
                N_("Image files not found for {count} of these images; showing annotations only."),
                count=missing,
            )
        )
    thumbnails = drawing.render_thumbnails(coco, shown)
    image_grid(
        [GridTile(content, str(record.id)) for content, record in zip(thumbnails, shown, strict=True)],
        "coco-grid",
        lambda position: navigation.open_image(shown[position].id, shown[position].split),
        alt=_(N_("Images with annotations")),
    )


def image_navigation(coco: Coco, image_id: int, split: str) -> None:
    """Show the way from an image back to the grid and to its neighbors among the filtered images."""
    text = st.query_params.get("where", st.session_state.get("_kept.where", ""))
    rows = _filter_images(str(coco.folder), text if _is_valid_filter(coco, text) else "", coco)
    navigation.image_pager(coco, rows, image_id, split)


def export_subset(coco: Coco, rows: pd.DataFrame) -> None:
    """Show buttons that export the filtered images as COCO JSON and as a list of file names."""
    too_large = len(rows) > _MAX_EXPORT
    if too_large:
        st.caption(
            _(
                N_("To export more than {most} images, use the command line: `{command}`"),
                most=f"{_MAX_EXPORT:,}",
                command='python -m core coco export DIR OUT.json --where "…"',
            )
        )
    with st.container(horizontal=True):
        file_download_button(
            _(N_("Export COCO JSON")),
            lambda: json.dumps(coco.export_subset(rows)),
            "subset.json",
            key="coco-subset",
            mime="application/json",
            icon=":material/download:",
            disabled=rows.empty or too_large,
        )
        file_download_button(
            _(N_("Export image list")),
            lambda: "\n".join(rows["file_name"]),
            "images.txt",
            key="coco-list",
            icon=":material/list:",
            disabled=rows.empty,
        )
