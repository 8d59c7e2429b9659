"""Browse: walk through COCO's masks and keypoints, or through one's own annotations."""

from __future__ import annotations

import streamlit as st

from core.messages import N_, UserError
from ui import coco_grid, coco_image, coco_oddities, coco_sources, coco_statistics, url
from ui.frame import page
from ui.i18n import _, tell

VIEWS = {"images": N_("Images"), "statistics": N_("Statistics"), "oddities": N_("Annotation issues")}

with page("browse"):
    coco = None
    wanted = st.query_params.get("image", "")
    source = coco_sources.choose(explained=not wanted)
    try:
        coco = coco_sources.opened(source)
    except UserError as error:
        st.error(tell(error.message), icon=":material/error:")
    if coco is not None and wanted:
        coco_grid.around(coco, wanted, st.query_params.get("split", ""))
        try:
            number = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else -1
            coco_image.show(coco, coco.picture(number, st.query_params.get("split", "")))
        except UserError as error:
            st.error(tell(error.message), icon=":material/error:")
    elif coco is not None:
        coco_sources.about(coco)
        view = url.choice(
            st.segmented_control, _(N_("View")), list(VIEWS), key="view", default="images", required=True,
            format_func=lambda v: _(VIEWS[v]), label_visibility="collapsed",
        )  # fmt: skip
        if view == "statistics":
            coco_statistics.show(coco)
        elif view == "oddities":
            coco_oddities.show(coco)
        else:
            rows = coco_grid.asked(coco)
            if rows is not None:
                coco_grid.grid(coco, rows)
                coco_grid.export(coco, rows)
    if not wanted:
        coco_sources.bring()
