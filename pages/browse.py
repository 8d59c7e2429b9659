"""Browse page: masks and keypoints of COCO or of uploaded annotations."""

from __future__ import annotations

import streamlit as st

from core.messages import N_, UserError
from core.migration import migrate_browse_link
from ui.browse import (
    annotation_issues,
    error_hunt,
    filter_bar,
    grid,
    image_view,
    navigation,
    presets,
    source_picker,
    statistics_view,
)
from ui.kit import url
from ui.kit.frame import page
from ui.kit.i18n import _, translate_message

VIEWS = {"images": N_("Images"), "statistics": N_("Statistics"), "oddities": N_("Annotation issues")}

with page("browse"):
    url.migrate_parameters("", migrate_browse_link)
    coco, view = None, ""
    source_picker.warn_unknown_source()
    image_id = navigation.image_id_from_url()
    if image_id is None:
        bar = st.container(horizontal=True, vertical_alignment="center")
        with bar:
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
            source = source_picker.choose_source()
    else:
        source = source_picker.current_source()
    try:
        coco = source_picker.open_source(source)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/error:")
    if coco is not None and image_id is not None:
        split = st.query_params.get("split", "")
        neighbors = grid.image_navigation(coco, image_id, split)
        try:
            image_record = coco.get_image(image_id, split)
            instances = coco.instances(image_record)
            error_hunt.check_selection(source, image_view.selected_instance(instances))
            image_view.show_image(coco, image_record, instances, neighbors)
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/error:")
    elif coco is not None:
        source_picker.show_problems(coco)
        if view == "statistics":
            statistics_view.show_statistics(coco)
        elif view == "oddities":
            annotation_issues.show_issues(coco)
        else:
            error_hunt.show_task(source)
            tries = st.container()
            rows = filter_bar.show_filter(coco, bar)
            with tries:
                presets.show_presets(coco)
            if rows is not None:
                grid.thumbnail_grid(coco, rows)
                source_picker.describe_source(coco, source)
                grid.export_subset(coco, rows)
    if image_id is None:
        source_picker.upload_annotations()
