"""Browse: walk through COCO's masks and keypoints, or through one's own annotations."""

from __future__ import annotations

import streamlit as st

from core.coco import scenes
from core.messages import N_, UserError
from ui import coco_grid, coco_image, url
from ui.frame import page
from ui.i18n import _, tell

VIEWS = {"images": N_("Images"), "statistics": N_("Statistics")}

with page("browse"):
    found = coco_grid.sources()
    source = found[0]
    if len(found) > 1:
        source = url.choice(st.selectbox, _(N_("Folder")), found, key="folder", default=found[0])
    if source.endswith("drawn-scenes"):
        st.info(
            _(N_("COCO is not on this machine: these are {count} scenes that Manabi Lab draws in its format. Put COCO's annotations and "
                 "pictures into the data folder as {layout}."), count=scenes.COUNT, layout="coco/annotations/*.json, coco/val2017/*.jpg")
        )  # fmt: skip
    coco = coco_grid.opened(source)
    coco_grid.about(coco)
    wanted = st.query_params.get("image", "")
    if wanted:
        st.button(_(N_("Back to the grid")), icon=":material/arrow_back:", on_click=coco_grid.back)
        try:
            coco_image.show(coco, coco.picture(int(wanted) if wanted.isdigit() else -1, st.query_params.get("split", "")))
        except UserError as error:
            st.error(tell(error.message), icon=":material/error:")
    else:
        view = url.choice(
            st.segmented_control, _(N_("View")), list(VIEWS), key="view", default="images", required=True,
            format_func=lambda v: _(VIEWS[v]), label_visibility="collapsed",
        )  # fmt: skip
        if view == "statistics":
            coco_grid.statistics(coco)
        else:
            rows = coco_grid.asked(coco)
            if rows is not None:
                coco_grid.grid(coco, rows)
                coco_grid.export(coco, rows)
