"""The grid of thumbnails of the browse page, and exports of the matching images."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.coco import colors, drawing, filter_query, ordering, outlines
from core.coco.dataset import Coco, ImageRecord
from core.messages import N_
from ui.browse import filter_bar, navigation, presets
from ui.browse.category_label import category_labels
from ui.components.annotated_grid import GridWords, LegendEntry, Outline, PhotoTile, annotated_grid
from ui.components.file_download import file_download_button
from ui.kit import url
from ui.kit.i18n import _, _n

PAGE_SIZE = 24  # thumbnails on a page: rows of 1, 2, 3, 4, 6 or 8 are full
_MAX_EXPORT = 5000  # images in an export
_NUM_NAMED = 2  # categories in the caption of a thumbnail
_MAX_OUTLINES = 120  # per thumbnail, the largest
_OUTLINE_SIDE = 640  # pixels of the longer side of the coordinates of outlines
_PLACEHOLDER_SIZE = (4, 3)

CategoryCounts = list[tuple[int, str, int]]
"""Id, name and number of instances of the categories of an image."""


def thumbnail_grid(coco: Coco, rows: pd.DataFrame) -> None:
    """Show a page of thumbnails with annotations; a click opens the image."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    text = st.session_state.get("where", "")
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(rows) == coco.num_images:
            found = _n("**{count}** image", "**{count}** images", coco.num_images)
        else:
            found = _n(
                "**{matches}** of {count} image",
                "**{matches}** of {count} images",
                coco.num_images,
                matches=f"{len(rows):,}",
            )
        st.markdown(found, width="content")
        if text.strip():
            st.button(
                _(N_("Clear filter")),
                icon=":material/filter_alt_off:",
                type="tertiary",
                on_click=filter_bar.clear_filter,
            )
        order = _choose_order()
        page = navigation.current_page(pages, str(coco.folder), f"images: {order}: {text}")
        navigation.pager(pages, page, "top")
    if not coco.num_images:
        st.info(_(N_("The annotation file contains no images.")), icon=":material/search_off:")
        return
    if rows.empty:
        st.info(_(N_("No images match this filter. Try removing a condition.")), icon=":material/search_off:")
        return
    presets.explain_preset(coco, len(rows))
    rows = _sort_images(str(coco.folder), text, order, coco, rows)
    shown = coco.image_records(rows.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
    missing = sum(image_record.path is None for image_record in shown)
    if missing:
        st.caption(
            _(
                N_("Image files not found for {count} of these images; showing annotations only."),
                count=missing,
            )
        )
    _show_tiles(coco, shown, filter_query.required_categories(text, coco.names) or [])
    navigation.pager(pages, page, "bottom")


def _choose_order() -> str:
    return url.choose_one(
        st.selectbox,
        _(N_("Order")),
        list(ordering.ORDERS),
        key="order",
        default="id",
        format_func=lambda name: _(ordering.ORDERS[name]),
        label_visibility="collapsed",
        width=215,
    )


@st.cache_resource(max_entries=24, show_spinner=False)
def _sort_images(folder: str, text: str, order: str, _coco: Coco, _rows: pd.DataFrame) -> pd.DataFrame:
    return ordering.sort_images(_coco, _rows, order)


def _show_tiles(coco: Coco, shown: list[ImageRecord], wanted: list[str]) -> None:
    """Show the tiles of a page, the categories `wanted` first in their captions."""
    folder, indices = str(coco.folder), [record.index for record in shown]
    counts = _count_categories(folder, indices, coco)
    on_page: Counter[int] = Counter()  # instances by category
    names: dict[int, str] = {}
    for of_image in counts.values():
        for category, name, count in of_image:
            on_page[category] += count
            names[category] = name
    labels = category_labels(names.values())
    frequent = sorted(on_page, key=lambda category: (names[category] not in wanted, -on_page[category]))
    shades = colors.distinct_colors(
        frequent, [{category for category, _name, _n in of_image} for of_image in counts.values()]
    )
    shapes = _outlines(folder, indices, coco, shown)
    thumbnails = drawing.render_thumbnails(coco, shown, with_masks=False)

    def tile(record: ImageRecord, content: bytes) -> PhotoTile:
        of_image = sorted(counts.get(record.index, []), key=lambda entry: entry[1] not in wanted)
        return PhotoTile(
            content,
            _outline_size(record),
            _caption(of_image, labels, record.id),
            max(0, len(of_image) - _NUM_NAMED),
            _describe(of_image, labels, record.id),
            [Outline(*shape) for shape in shapes.get(record.index, [])],
        )

    annotated_grid(
        [tile(record, content) for record, content in zip(shown, thumbnails, strict=True)],
        "coco-grid",
        lambda position: navigation.open_image(shown[position].id, shown[position].split),
        legend=[
            LegendEntry(category, shades[category], labels[names[category]], f"×{on_page[category]:,}")
            for category in frequent
        ],
        words=GridWords(
            alt=_(N_("Images with annotations")),
            hint=_(
                N_(
                    "Each category has a color; click it to highlight it. ×6: six instances (in this list, on the page). +3: three more "
                    "categories in the image."
                )
            ),
            masks=_(N_("Mask opacity")),
            size=_(N_("Image size")),
            all=_(N_("all {count} categories"), count=len(frequent)),
            fewer=_(N_("fewer categories")),
        ),
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _count_categories(folder: str, indices: list[int], _coco: Coco) -> dict[int, CategoryCounts]:
    return _coco.count_categories(indices)


@st.cache_data(max_entries=32, show_spinner=False)
def _outlines(
    folder: str, indices: list[int], _coco: Coco, _shown: list[ImageRecord]
) -> dict[int, list[tuple[int, str, bool]]]:
    """Return category, path and crowd flag of the instances of each image, large ones first, so that small ones stay on top."""
    by_image = _coco.annotations_by_image(_shown)
    paths: dict[int, list[tuple[int, str, bool]]] = {}
    for record in _shown:
        if not (record.width and record.height):  # the scale is unknown
            continue
        scale = _OUTLINE_SIDE / max(record.width, record.height)
        largest = sorted(by_image.get(record.index, []), key=lambda i: -(i.area if i.area == i.area else 0))
        paths[record.index] = [
            (instance.category, path, instance.crowd)
            for instance in largest[:_MAX_OUTLINES]
            if (path := outlines.small_svg_path(instance, record, scale))
        ]
    return paths


def _outline_size(record: ImageRecord) -> tuple[int, int]:
    """Return the size of the coordinates of the outlines of an image."""
    if not (record.width and record.height):
        return _PLACEHOLDER_SIZE
    scale = _OUTLINE_SIDE / max(record.width, record.height)
    return max(1, round(scale * record.width)), max(1, round(scale * record.height))


def _caption(
    counts: CategoryCounts, labels: Mapping[str, str], image_id: int
) -> list[tuple[int | None, str]]:
    """Return ids and texts of the caption: the first two categories, or the id of an image without annotations."""
    named = [(category, f"{labels[name]} ×{count:,}") for category, name, count in counts[:_NUM_NAMED]]
    return named or [(None, str(image_id))]


def _describe(counts: CategoryCounts, labels: Mapping[str, str], image_id: int) -> str:
    """Return the name of a tile: the image and all that is annotated in it."""
    return ", ".join(
        [
            _(N_("Image {id}"), id=image_id),
            *(f"{labels[name]} ×{count:,}" for _category, name, count in counts),
        ]
    )


def image_navigation(coco: Coco, image_id: int, split: str) -> navigation.Neighbors:
    """Show the way from an image back to the grid; return its neighbors among the filtered images, in the order of the grid."""
    text = st.query_params.get("where", st.session_state.get("_kept.where", ""))
    valid = text if filter_bar.is_valid_filter(coco, text) else ""
    order = st.query_params.get("order", st.session_state.get("_kept.order", "id"))
    rows = _sort_images(
        str(coco.folder),
        valid,
        order if order in ordering.ORDERS else "id",
        coco,
        filter_bar.filter_images(str(coco.folder), valid, coco),
    )
    return navigation.show_way_back(coco, rows, image_id, split, valid)


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
