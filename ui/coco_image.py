"""One COCO image on the browse page: masks, boxes, labels, keypoints and crowds, each with its switch; one instance in three notations."""

from __future__ import annotations

import base64
import html
import io
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from PIL import Image

from core.coco import drawing
from core.coco.dataset import Coco, Instance, Picture
from core.messages import N_, UserError
from ui import charts
from ui.i18n import _, tell
from ui.live_chart import live_chart

SWITCHES = {"masks": N_("Masks"), "boxes": N_("Boxes"), "labels": N_("Labels"), "keypoints": N_("Keypoints"), "crowds": N_("Crowds")}
VISIBILITY = {2: N_("visible"), 1: N_("labelled but hidden"), 0: N_("not labelled")}
_MOST_RUNS = 60  # of an RLE that are printed
_WIDTH = 520  # pixels of the picture's column, about: decides how high the picture is drawn


def show(coco: Coco, picture: Picture) -> None:
    """Everything about one image."""
    instances = coco.instances(picture)
    st.subheader(f"{picture.id} · {picture.split}")
    st.caption(f"{picture.file_name} · {picture.width} x {picture.height} · " + _(N_("{count} instances"), count=len(instances)))
    if picture.path is None:
        st.warning(_(N_("The file of this image is not here; its annotations are.")), icon=":material/image_not_supported:")
    left, right = st.columns([3, 2], gap="large")
    with right:
        on = st.pills(
            _(N_("Show")), list(SWITCHES), selection_mode="multi", default=["masks", "boxes", "keypoints", "crowds"], key="coco-show",
            format_func=lambda s: _(SWITCHES[s]), wrap=True,
        )  # fmt: skip
        opacity = st.slider(_(N_("Opacity")), 0.0, 1.0, 0.45, 0.05, key="coco-opacity")
        shown = [one for one in instances if not one.crowd or "crowds" in on]
        lit = _table(shown)
        _legend(on)
    with left:
        if not (picture.width and picture.height):
            st.info(_(N_("The record of this image does not say its size, so nothing can be drawn over it.")))
        else:
            figure, problems = draw(coco, picture, shown, on, opacity, lit)
            live_chart(figure, f"coco-{picture.number}", alt=_(N_("The image with its annotations")))
            for problem in problems[:5]:
                st.warning(tell(problem.message), icon=":material/rule:")
        for caption in coco.captions(picture):
            st.markdown(f"- {html.escape(caption)}", unsafe_allow_html=False)
    if lit is not None:
        _closely(coco, picture, shown[lit])
    with st.expander(_(N_("The JSON of this image")), icon=":material/data_object:", key="coco-json", on_change="rerun") as place:
        if place.open:
            rows = coco.images(f"id=={picture.id} and split='{picture.split}'")
            st.json(json.dumps(coco.subset(rows)), expanded=1)


def _table(instances: list[Instance]) -> int | None:
    """The instances as rows; the one that is chosen stands out in the picture."""
    rows = pd.DataFrame({
        _(N_("category")): [one.name for one in instances], _(N_("area")): [round(one.area, 1) for one in instances],
        _(N_("crowd")): [one.crowd for one in instances],
        _(N_("joints")): [0 if one.keypoints is None else int((one.keypoints[:, 2] > 0).sum()) for one in instances],
        "id": [one.id for one in instances],
    })  # fmt: skip
    event = st.dataframe(rows, hide_index=True, on_select="rerun", selection_mode="single-row", key="coco-rows", height=260)
    chosen = event["selection"]["rows"]
    return chosen[0] if chosen and chosen[0] < len(instances) else None


def _legend(on: list[str]) -> None:
    if "keypoints" in on:
        st.caption(_(N_("Keypoints: ● visible, ○ labelled but hidden. What is not labelled is not drawn; choose a person for the list.")))
    if "crowds" in on:
        st.caption(_(N_("Striped: a crowd, annotated as one region because there were too many to outline. A detector is neither "
                        "rewarded nor punished there.")))  # fmt: skip


def draw(
    coco: Coco, picture: Picture, instances: list[Instance], on: list[str], opacity: float, lit: int | None
) -> tuple[go.Figure, list[UserError]]:
    """The image with what is switched on, as a figure whose boxes say their names when they are hovered."""
    photo = drawing.photo(picture)
    canvas = (photo or Image.new("RGB", (picture.width, picture.height), (228, 230, 235))).convert("RGBA")
    problems: list[UserError] = []
    if "masks" in on:
        layer, problems = drawing.layer(picture, instances, opacity, lit)
        canvas = Image.alpha_composite(canvas, Image.fromarray(layer, "RGBA"))
    buffer = io.BytesIO()
    canvas.convert("RGB").save(buffer, "JPEG", quality=90)
    height = int(np.clip(_WIDTH * picture.height / picture.width, 200, 640))
    fig = charts.figure(height)
    fig.add_layout_image(
        source="data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode(), xref="x", yref="y", x=0, y=0,
        sizex=picture.width, sizey=picture.height, sizing="stretch", layer="below",
    )  # fmt: skip
    for place, one in enumerate(instances):
        _box(fig, one, "boxes" in on, "labels" in on, place == lit)
    if "keypoints" in on:
        skeletons = {int(r.category): json.loads(r.skeleton) for r in coco.categories.itertuples()}
        for one in instances:
            if one.keypoints is not None:
                _skeleton(fig, one, skeletons.get(one.category, []))
    fig.update_xaxes(range=[0, picture.width], visible=False, constrain="domain")
    fig.update_yaxes(range=[picture.height, 0], visible=False, scaleanchor="x")
    fig.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, showlegend=False)
    return fig, problems


def _rgb(one: Instance, alpha: float) -> str:
    return "rgba({}, {}, {}, {})".format(*drawing.colour(one.category), alpha)


def _box(fig: go.Figure, one: Instance, outlined: bool, labelled: bool, lit: bool) -> None:
    """The box, which also answers the mouse where it is not outlined."""
    if one.box is None:
        return
    x, y, w, h = one.box
    name = html.escape(one.name) + (" (crowd)" if one.crowd else "")
    fig.add_scatter(
        x=[x, x + w, x + w, x, x], y=[y, y, y + h, y + h, y], mode="lines", fill="toself", fillcolor=_rgb(one, 0.03), hoveron="fills",
        line={"color": _rgb(one, 1 if outlined else 0), "width": 4 if lit else 2}, name=name, text=f"{name} · {one.area:,.0f} px²",
        hoverinfo="text",
    )  # fmt: skip
    if labelled:
        fig.add_annotation(
            x=x, y=y, text=name, showarrow=False, xanchor="left", yanchor="bottom", font={"size": 12, "color": "#fff"},
            bgcolor=_rgb(one, 0.85),
        )  # fmt: skip


def _skeleton(fig: go.Figure, one: Instance, skeleton: list[list[int]]) -> None:
    """Bones between labelled joints; joints solid where visible, hollow where hidden."""
    points = one.keypoints
    xs, ys = [], []
    for a, b in skeleton:
        if max(a, b) <= len(points) and points[a - 1, 2] > 0 and points[b - 1, 2] > 0:
            xs += [points[a - 1, 0], points[b - 1, 0], None]
            ys += [points[a - 1, 1], points[b - 1, 1], None]
    fig.add_scatter(x=xs, y=ys, mode="lines", line={"color": "#FFFFFF", "width": 3}, hoverinfo="skip")
    for value, symbol in ((2, "circle"), (1, "circle-open")):
        mine = points[points[:, 2] == value]
        fig.add_scatter(
            x=mine[:, 0], y=mine[:, 1], mode="markers", hoverinfo="skip",
            marker={"size": 9, "symbol": symbol, "color": "#E5484D", "line": {"width": 2, "color": "#E5484D" if value == 1 else "#fff"}},
        )  # fmt: skip


def _closely(coco: Coco, picture: Picture, one: Instance) -> None:
    """One instance as polygon, RLE and box beside each other; the joints of a person."""
    with st.container(border=True):
        st.markdown(f"**{one.name}** · {one.id}")
        try:
            mask, rle, iou = one.mask(picture), drawing.as_rle(one, picture), drawing.box_iou(one, picture)
        except UserError as error:
            st.warning(tell(error.message), icon=":material/rule:")
            return
        polygon, runs, box = st.columns(3)
        with polygon:
            st.markdown(_(N_("**As it is in the file**")))
            kind = N_("polygons") if isinstance(one.segmentation, list) else N_("RLE")
            st.caption(f"{_(kind)} · " + _(N_("area in the file: {area}"), area=f"{one.area:,.1f}"))
            st.code(json.dumps(one.segmentation)[:400])
        with runs:
            st.markdown(_(N_("**As RLE**")))
            st.caption(_(N_("{count} runs, {pixels} pixels of mask"), count=len(rle["counts"]), pixels=f"{int(mask.sum()):,}"))
            st.code(" ".join(map(str, rle["counts"][:_MOST_RUNS])) + (" …" if len(rle["counts"]) > _MOST_RUNS else ""))
        with box:
            st.markdown(_(N_("**As a box**")))
            x, y, w, h = one.box or (0, 0, 0, 0)
            st.caption(_(N_("{area} px² · IoU with the mask {iou}"), area=f"{w * h:,.0f}", iou=f"{iou:.2f}"))
            st.code(f"x {x}, y {y}\nw {w}, h {h}")
        names = json.loads(coco.categories.loc[coco.categories["category"] == one.category, "keypoints"].iloc[0])
        if one.keypoints is not None and len(names) == len(one.keypoints):
            for value, word in VISIBILITY.items():
                joints = [n.replace("_", " ") for n, point in zip(names, one.keypoints, strict=True) if point[2] == value]
                st.caption(f"**{_(word)}**: {', '.join(joints) or '–'}")
