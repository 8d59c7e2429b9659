"""The browse page around one image: where data lie, the filter, the grid of thumbnails, statistics, export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import paths
from core.coco import drawing, index, scenes
from core.coco.dataset import Coco
from core.messages import N_, UserError
from ui import charts
from ui.i18n import _, tell
from ui.live_chart import live_chart

EACH = 24  # thumbnails on a page
EXAMPLES = ("dog>=1 and person==0", "person>=3 and crowd=no", "small>=5", "not person", "keypoints>=15")


@st.cache_data(ttl=20, show_spinner=False)
def sources() -> list[str]:
    """COCO folders in the data roots; where there is none, the drawn scenes."""
    found = []
    for root in paths.data_roots(None):
        if root.is_dir():
            for folder in (root, *sorted(p for p in root.iterdir() if p.is_dir())):
                if (folder / "annotations").is_dir():
                    found.append(str(folder))
    return found or [str(scenes.make(paths.cache()))]


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(folder: str) -> Coco:
    return Coco(Path(folder))


def opened(source: str) -> Coco:
    """The index of a folder, made with a progress bar where it is not there or older than its files."""
    folder = index.folder_of(Path(source))
    if not (folder / "done.json").exists():
        bar = st.progress(0.0, _(N_("Making the index")))
        folder = index.build(Path(source), lambda what, share: bar.progress(share, tell(what)))
        bar.empty()
    return _opened(str(folder))


def about(coco: Coco) -> None:
    """What is wrong with single records."""
    if coco.problems:
        with st.expander(_(N_("{count} kinds of records are wrong"), count=len(coco.problems)), icon=":material/rule:"):
            for problem in coco.problems:
                st.markdown(f"- {tell(problem)}")


def asked(coco: Coco) -> pd.DataFrame | None:
    """The filter and the images that it takes; None where it is wrong, after saying where it breaks."""
    text = st.text_input(
        _(N_("Filter")), key="where", bind="query-params", placeholder=EXAMPLES[0],
        help=_(N_("Names of categories and supercategories count instances: `dog>=2`, `'traffic light'`, `vehicle>3`. Combine with and, "
                  "or, not, parentheses. Also: small, medium, large, instances, keypoints, id, width, height, crowd=no, split=…, "
                  "caption='…'.")),
    )  # fmt: skip
    try:
        return coco.images(text)
    except UserError as error:
        st.error(tell(error.message), icon=":material/filter_alt_off:")
        return None


def grid(coco: Coco, rows: pd.DataFrame) -> None:
    """A page of thumbnails with their annotations; each opens its image."""
    pages = max(1, -(-len(rows) // EACH))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_(N_("**{count}** images"), count=f"{len(rows):,}"))
        at = st.number_input(_(N_("Page")), 1, pages, 1, key="coco-page", width=140, label_visibility="collapsed") if pages > 1 else 1
    shown = coco.pictures(rows.iloc[(at - 1) * EACH : at * EACH])
    for first in range(0, len(shown), 6):
        for column, picture in zip(st.columns(6), shown[first : first + 6], strict=False):
            with column:
                st.image(drawing.thumbnail(coco, picture), width="stretch")
                st.button(
                    str(picture.id), key=f"open-{picture.number}", on_click=_open, args=(picture.id, picture.split), type="tertiary",
                    icon=":material/image_not_supported:" if picture.path is None else None,
                )  # fmt: skip


def _open(image_id: int, split: str) -> None:
    st.query_params["image"], st.query_params["split"] = str(image_id), split


def back() -> None:
    """Callback: from an image to the grid."""
    for name in ("image", "split"):
        st.query_params.pop(name, None)


def export(coco: Coco, rows: pd.DataFrame) -> None:
    """The filtered subset as COCO JSON, and the list of its files."""
    with st.container(horizontal=True):
        st.download_button(
            _(N_("The subset as COCO JSON")), lambda: json.dumps(coco.subset(rows)).encode(), "subset.json", "application/json",
            icon=":material/download:", key="coco-subset", on_click="ignore", disabled=rows.empty,
        )  # fmt: skip
        st.download_button(
            _(N_("The list of images")), "\n".join(rows["file_name"]), "images.txt", "text/plain", icon=":material/list:", key="coco-list",
            on_click="ignore", disabled=rows.empty,
        )  # fmt: skip


# ---- statistics ------------------------------------------------------------------------------------------------------


@st.cache_data(max_entries=8, show_spinner=False)
def _counts(folder: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    coco = _opened(folder)
    each = coco.table(
        "SELECT c.name, count(*) AS n, count(DISTINCT a.image) AS images FROM annotations a JOIN categories c ON c.category = a.category "
        "GROUP BY c.name ORDER BY n DESC"
    )
    per_image = coco.table(
        "SELECT n, count(*) AS images FROM (SELECT image, count(*) AS n FROM annotations GROUP BY image) GROUP BY n ORDER BY n"
    )
    return each, per_image, coco.together()


def statistics(coco: Coco) -> None:
    """Instances per category and per image, and which categories occur together."""
    each, per_image, together = _counts(str(coco.folder))
    left, right = st.columns(2)
    with left:
        top = each.head(30)
        fig = charts.figure(420)
        fig.add_bar(x=top["n"], y=top["name"], orientation="h", hovertemplate="%{y}: %{x:,}<extra></extra>")
        fig.update_yaxes(autorange="reversed")
        fig.update_xaxes(title_text=_(N_("Instances")))
        live_chart(fig, "coco-each", alt=_(N_("Instances of each category")))
    with right:
        fig = charts.figure(420)
        fig.add_bar(x=per_image["n"], y=per_image["images"], hovertemplate="%{x}: %{y:,}<extra></extra>")
        fig.update_xaxes(title_text=_(N_("Instances in an image")))
        fig.update_yaxes(title_text=_(N_("Images")))
        live_chart(fig, "coco-per-image", alt=_(N_("How many instances images hold")))
    st.markdown(_(N_("**What occurs together**: images that hold both, by the logarithm")))
    names = coco.categories.set_index("category")["name"]
    kept = [c for c in together.index if together.loc[c, c] > 0]
    values = together.loc[kept, kept].to_numpy()
    labels = [names[c] for c in kept]
    fig = go.Figure(charts.figure(620))
    fig.add_heatmap(
        x=labels, y=labels, z=np.log1p(values), customdata=values, showscale=False, colorscale="Blues",
        hovertemplate="%{x} + %{y}: %{customdata:,}<extra></extra>",
    )  # fmt: skip
    fig.update_yaxes(autorange="reversed")
    live_chart(fig, "coco-together", alt=_(N_("Which categories occur together")))
