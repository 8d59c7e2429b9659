"""Browse: walk through COCO's masks and keypoints, or through one's own annotations."""

from __future__ import annotations

import streamlit as st

from core.messages import N_, UserError
from ui.browse import annotation_issues, grid, image_view, source_picker, statistics_view
from ui.kit import url
from ui.kit.frame import page
from ui.kit.i18n import _, translate_message

VIEWS = {"images": N_("Images"), "statistics": N_("Statistics"), "oddities": N_("Annotation issues")}

with page("browse"):
    coco = None
    image_param = st.query_params.get("image", "")
    source = source_picker.choose_source(explained=not image_param)
    try:
        coco = source_picker.open_source(source)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/error:")
    if coco is not None and image_param:
        grid.image_pager(coco, image_param, st.query_params.get("split", ""))
        try:
            number = int(image_param) if image_param.isdecimal() and len(image_param) < 19 else -1
            image_view.show_image(coco, coco.get_image(number, st.query_params.get("split", "")))
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/error:")
    elif coco is not None:
        source_picker.show_problems(coco)
        view = url.choose_one(
            st.segmented_control,
            _(N_("View")),
            list(VIEWS),
            key="view",
            default="images",
            required=True,
            format_func=lambda v: _(VIEWS[v]),
            label_visibility="collapsed",
        )
        if view == "statistics":
            statistics_view.show_statistics(coco)
        elif view == "oddities":
            annotation_issues.show_issues(coco)
        else:
            rows = grid.filter_bar(coco)
            if rows is not None:
                grid.thumbnail_grid(coco, rows)
                grid.export_subset(coco, rows)
    if not image_param:
        source_picker.upload_annotations()
