"""The grid of thumbnails of the browse page, and exports of the matching images."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from core.coco import drawing, filter_query
from core.coco.dataset import Coco
from core.messages import N_
from ui.browse import filter_bar, navigation
from ui.browse.category_label import category_labels
from ui.components.file_download import file_download_button
from ui.components.image_grid import GridTile, image_grid
from ui.kit.i18n import _, _n

PAGE_SIZE = 24  # thumbnails on a page: rows of 2, 3, 4 or 6 are full
_MAX_EXPORT = 5000  # images in an export
_NUM_NAMED = 2  # categories in the caption of a thumbnail
_NUM_LEGEND = 12  # categories in the legend of a page


def thumbnail_grid(coco: Coco, rows: pd.DataFrame) -> None:
    """Show a page of thumbnails with annotations; a click opens the image."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    text = st.session_state.get("where", "")
    page = navigation.current_page(pages, str(coco.folder), f"images: {text}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _n(
                "**{matches}** of {count} image",
                "**{matches}** of {count} images",
                coco.num_images,
                matches=f"{len(rows):,}",
            ),
            width="content",
        )
        if text.strip():
            st.button(
                _(N_("Clear filter")),
                icon=":material/filter_alt_off:",
                type="tertiary",
                on_click=filter_bar.clear_filter,
            )
        navigation.pager(pages, page, "top")
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
    counts = _count_categories(str(coco.folder), [record.index for record in shown], coco)
    wanted = filter_query.required_categories(text, coco.names) or []  # what one looks for comes first
    counts = {
        index: sorted(of_image, key=lambda entry: entry[1] not in wanted)
        for index, of_image in counts.items()
    }
    labels = category_labels(name for of_image in counts.values() for _category, name, _count in of_image)
    image_grid(
        [
            GridTile(content, _caption(counts.get(record.index, []), labels, record.id))
            for content, record in zip(thumbnails, shown, strict=True)
        ],
        "coco-grid",
        lambda position: navigation.open_image(shown[position].id, shown[position].split),
        alt=_(N_("Images with annotations")),
        wide=True,
        legend=_page_legend(counts, labels),
    )
    navigation.pager(pages, page, "bottom")


@st.cache_data(max_entries=64, show_spinner=False)
def _count_categories(folder: str, indices: list[int], _coco: Coco) -> dict[int, list[tuple[int, str, int]]]:
    return _coco.count_categories(indices)


def _caption(
    counts: list[tuple[int, str, int]], labels: dict[str, str], image_id: int
) -> list[tuple[str, str]]:
    """Return colors and texts of the caption: the first two categories, or the id of an image without annotations."""
    named = [
        (drawing.css_color(category), f"{labels[name]} {count:,}")
        for category, name, count in counts[:_NUM_NAMED]
    ]
    return named or [("", str(image_id))]


def _page_legend(
    counts: dict[int, list[tuple[int, str, int]]], labels: dict[str, str]
) -> list[tuple[str, str]]:
    """Return colors and names of the categories in most images of a page."""
    images: dict[tuple[int, str], int] = {}
    for of_image in counts.values():
        for category, name, _count in of_image:
            images[category, name] = images.get((category, name), 0) + 1
    most = sorted(images, key=lambda key: -images[key])[:_NUM_LEGEND]
    return [(drawing.css_color(category), labels[name]) for category, name in most]


def image_navigation(coco: Coco, image_id: int, split: str) -> tuple[navigation.Neighbors, str]:
    """Show the way from an image back to the grid and to its neighbors among the filtered images.

    Return the neighbors, and the place of the image among them as text.
    """
    text = st.query_params.get("where", st.session_state.get("_kept.where", ""))
    valid = text if filter_bar.is_valid_filter(coco, text) else ""
    rows = filter_bar.filter_images(str(coco.folder), valid, coco)
    neighbors = navigation.image_pager(coco, rows, image_id, split)
    return neighbors, navigation.place_among(coco, rows, image_id, split)


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
