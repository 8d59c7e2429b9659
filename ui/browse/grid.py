"""The browse page around one image: the filter and how to write it, the wall of thumbnails, export."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import streamlit as st

from core.coco import drawing, filter_query
from core.coco.dataset import Coco
from core.messages import N_, UserError
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
    """What a filter takes; at full size these are 100,000 rows, which nobody changes, so they are not copied for every rerun."""
    return _coco.images(text)


def filter_bar(coco: Coco) -> pd.DataFrame | None:
    """The filter and the images that it takes; None where it is wrong, after saying where it breaks."""
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
    """Write a condition by choosing it; it is added to what stands in the filter already."""
    name = st.selectbox(_(N_("Category")), list(coco.names.categories), key="coco-build-name")
    op = st.segmented_control(
        _(N_("Count")),
        list(_OPERATOR_NAMES),
        default=">=",
        required=True,
        key="coco-build-op",
        format_func=lambda o: _(_OPERATOR_NAMES[o]),
        label_visibility="collapsed",
    )
    count = st.number_input(_(N_("Instances")), 0, 1000, 1, key="coco-build-count")
    added = filter_query.format_condition(name, op, int(count)) if name is not None else ""
    st.code(added, language=None)

    def add(word: str) -> None:
        before = st.session_state.get("where", "").strip()
        left = f"({before})" if before and (" or " in before) != (word == "or") and " " in before else before
        st.session_state["where"] = f"{left} {word} {added}" if before else added

    has = bool(st.session_state.get("where", "").strip())
    with st.container(horizontal=True):
        if has:
            st.button(_(N_("Add with AND")), on_click=add, args=("and",), type="primary")
            st.button(_(N_("Add with OR")), on_click=add, args=("or",))
        else:
            st.button(_(N_("Apply")), on_click=add, args=("and",), type="primary", disabled=not added)


def thumbnail_grid(coco: Coco, rows: pd.DataFrame) -> None:
    """A page of thumbnails with their annotations; each opens its image."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _n(
                "**{matches}** of {count} image",
                "**{matches}** of {count} images",
                coco.count,
                matches=f"{len(rows):,}",
            )
        )
        at = 1
        if pages > 1:  # another filter begins at its first page
            key = f"coco-page-{st.session_state.get('where', '')}"
            at = st.number_input(_(N_("Page")), 1, pages, 1, key=key, width=150, label_visibility="collapsed")
            st.caption(_(N_("page {page} of {pages}"), page=at, pages=f"{pages:,}"))
    if rows.empty:
        st.info(_(N_("No images match this filter. Try removing a condition.")), icon=":material/search_off:")
        return
    shown = coco.pictures(rows.iloc[(at - 1) * PAGE_SIZE : at * PAGE_SIZE])
    missing = sum(picture.path is None for picture in shown)
    if missing:
        st.caption(
            _(
                N_("Image files not found for {count} of these images; showing annotations only."),
                count=missing,
            )
        )
    tiles = [GridTile(drawing.render_thumbnail(coco, picture), str(picture.id)) for picture in shown]
    image_grid(
        tiles,
        "coco-wall",
        lambda place: open_image(shown[place].id, shown[place].split),
        alt=_(N_("Images with annotations")),
    )


def open_image(image_id: int, split: str, instance: int | None = None) -> None:
    """Callback: open an image, with an instance that stands out."""
    st.query_params["image"], st.query_params["split"] = str(image_id), split
    st.query_params.pop("instance", None)
    if instance is not None:
        st.query_params["instance"] = str(instance)


def image_pager(coco: Coco, image_id: str, split: str) -> None:
    """Buttons from an image back to the grid, and to the ones before and after it in the filter's answer."""
    try:
        rows = _filter_images(
            str(coco.folder), st.query_params.get("where", st.session_state.get("_kept.where", "")), coco
        )
    except UserError:
        rows = _filter_images(str(coco.folder), "", coco)
    number = int(image_id) if image_id.isdecimal() and len(image_id) < 19 else -1
    mine = [i for i, one in enumerate(coco.splits) if split in ("", one["split"])]
    places = np.flatnonzero((rows["id"] == number) & rows["split"].isin(mine))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_(N_("Back to grid")), icon=":material/arrow_back:", on_click=close_image)
        if len(places):
            for step, words, icon in (
                (-1, N_("Previous image"), "navigate_before"),
                (1, N_("Next image"), "navigate_next"),
            ):
                to = int(places[0]) + step
                there = 0 <= to < len(rows)
                st.button(
                    _(words),
                    icon=f":material/{icon}:",
                    type="tertiary",
                    disabled=not there,
                    on_click=open_image,
                    args=(int(rows["id"].iloc[to]), coco.splits[rows["split"].iloc[to]]["split"])
                    if there
                    else (),
                )
            st.caption(_(N_("image {place} of {count}"), place=f"{places[0] + 1:,}", count=f"{len(rows):,}"))


def close_image() -> None:
    """Callback: from an image to the grid."""
    for name in ("image", "split", "instance"):
        st.query_params.pop(name, None)


def export_subset(coco: Coco, rows: pd.DataFrame) -> None:
    """The filtered subset as COCO JSON, and the list of its files."""
    many = len(rows) > _MAX_EXPORT
    if many:
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
            disabled=rows.empty or many,
        )
        file_download_button(
            _(N_("Export image list")),
            lambda: "\n".join(rows["file_name"]),
            "images.txt",
            key="coco-list",
            icon=":material/list:",
            disabled=rows.empty,
        )
