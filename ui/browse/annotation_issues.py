"""Annotation issues by type, each as a tile that opens its image with the instance selected."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.coco import annotation_issues, colors, drawing
from core.coco.annotation_issues import IssueType
from core.coco.dataset import Coco, ImageRecord, Instance
from core.messages import N_, UserError
from ui.browse import navigation
from ui.browse.category_label import category_label
from ui.browse.progress import progress_bar
from ui.components.image_grid import GridTile, image_grid
from ui.kit import url
from ui.kit.i18n import _, translate_message

PAGE_SIZE = 24  # tiles on a page
_TILE_SIDE = 224  # pixels


@st.cache_data(max_entries=4, show_spinner=False)
def _find_issues(folder: str, _coco: Coco) -> dict[str, pd.DataFrame]:
    return annotation_issues.find_issues(_coco)


@st.cache_data(max_entries=400, show_spinner=False)
def _render_tile(
    folder: str, index: int, instance_id: int, modified_at: int, _record: ImageRecord, _instance: Instance
) -> bytes:
    return drawing.encode_jpeg(drawing.render_closeup(_record, _instance, _TILE_SIDE))


def show_issues(coco: Coco) -> None:
    """Show the issue types with their counts, and the examples of the selected one."""
    if not annotation_issues.is_scanned(coco):
        try:
            with progress_bar() as progress:
                annotation_issues.find_issues(coco, progress)
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/error:")
            return
    issues = _find_issues(str(coco.folder), coco)
    types = {issue_type.name: issue_type for issue_type in annotation_issues.ISSUE_TYPES}
    name = url.choose_one(
        st.pills,
        _(N_("Issue type")),
        list(types),
        key="odd",
        default=next((name for name in types if len(issues[name])), "empty"),
        required=True,
        label_visibility="collapsed",
        format_func=lambda n: f"{_(types[n].title)} · {len(issues[n]):,}",
    )
    st.markdown(_(types[name].description))
    if issues[name].empty:
        st.success(_(N_("No issues of this type found.")), icon=":material/check:")
        return
    _example_grid(coco, types[name], issues[name])


def _example_grid(coco: Coco, issue_type: IssueType, rows: pd.DataFrame) -> None:
    pages = -(-len(rows) // PAGE_SIZE)
    page = navigation.current_page(pages, str(coco.folder), f"issues: {issue_type.name}")
    navigation.pager(pages, page, "top")
    rows = rows.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    records = coco.images_by_index(rows["image"].tolist())
    instances = {
        (index, instance.id): instance
        for index, annotations in coco.annotations_by_image(list(records.values())).items()
        for instance in annotations
    }
    examples = [
        (records[row.image], instances[row.image, row.id], row.value)
        for row in rows.itertuples()
        if (row.image, row.id) in instances
    ]
    tiles = [
        GridTile(
            _render_tile(
                str(coco.folder),
                record.index,
                instance.id,
                drawing.modified_at(record),
                record,
                instance,
            ),
            [
                (
                    colors.css_color(instance.category),
                    f"{category_label(instance.name)} · {_(issue_type.measure, value=_format_value(issue_type, value))}",
                )
            ],
        )
        for record, instance, value in examples
    ]

    def open_example(position: int) -> None:
        record, instance, _value = examples[position]
        navigation.open_image(record.id, record.split, instance.id)

    image_grid(tiles, f"odd-{issue_type.name}", open_example, alt=_(issue_type.title))
    navigation.pager(pages, page, "bottom")


def _format_value(issue_type: IssueType, value: float) -> str:
    if issue_type.name == "twice":  # an annotation id
        return f"{value:.0f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
