"""One instance on the browse page: as polygon, RLE and box beside each other, its joints in words, its crop for the other pages."""

from __future__ import annotations

import json

import streamlit as st

from core.coco import drawing, masks
from core.coco.dataset import Coco, Instance, Picture
from core.messages import N_, UserError
from ui import handed
from ui.i18n import _, plain, tell

VISIBILITY = {2: N_("visible"), 1: N_("labeled but not visible"), 0: N_("not labeled")}
JOINTS = (
    N_("nose"), N_("left eye"), N_("right eye"), N_("left ear"), N_("right ear"), N_("left shoulder"), N_("right shoulder"),
    N_("left elbow"), N_("right elbow"), N_("left wrist"), N_("right wrist"), N_("left hip"), N_("right hip"), N_("left knee"),
    N_("right knee"), N_("left ankle"), N_("right ankle"),
)  # fmt: skip
_MOST = 60  # runs of an RLE, or coordinates of a polygon, that are printed
FRUIT = ("apple", "orange")
# What CIFAR-10 calls some of COCO's categories; the others are shown to its networks too, who have no word for them.
_KNOWN = {"airplane", "bird", "boat", "car", "cat", "dog", "horse", "truck"}


def joint(name: str) -> str:
    """The name of a joint, in the page's language where COCO has it."""
    words = name.replace("_", " ")
    return _(words) if words in JOINTS else plain(words)


def closely(coco: Coco, picture: Picture, one: Instance) -> None:
    """One instance in three notations; the joints of a person; where its crop can go."""
    with st.container(border=True, key="coco-closely"):
        title = _(N_("Instance details"))
        st.markdown(f"**{title}:** {plain(one.name)} · {one.id}")
        try:
            mask, iou = one.mask(picture), drawing.box_iou(one, picture)
        except UserError as error:
            st.warning(tell(error.message), icon=":material/rule:")
        else:
            _notations(one, int(mask.sum()), masks.runs(mask), iou)
        if one.keypoints is not None:
            _joints(coco, one)
        _onwards(picture, one)


def _notations(one: Instance, pixels: int, rle: dict, iou: float) -> None:
    polygon, runs, box = st.columns(3)
    is_polygon = isinstance(one.segmentation, list)
    with polygon:
        st.markdown(_(N_("**Stored format**")))
        if is_polygon:
            points = sum(len(p) // 2 for p in one.segmentation)
            st.caption(_(N_("{count} polygons, {points} vertices; area in the file: {area}"), count=len(one.segmentation), points=points,
                         area=f"{one.area:,.1f}"))  # fmt: skip
            flat = [f"{v:g}" for p in one.segmentation for v in p]
            st.code(" ".join(flat[:_MOST]) + (" …" if len(flat) > _MOST else ""), wrap_lines=True, height=150)
        else:
            st.caption(_(N_("RLE (crowd, or mask with holes); area in the file: {area}"), area=f"{one.area:,.1f}"))
            text = json.dumps(one.segmentation)
            st.code(text[:300] + (" …" if len(text) > 300 else ""), wrap_lines=True, height=150)
    with runs:
        st.markdown(_(N_("**RLE**")))
        st.caption(_(N_("{count} column-wise runs, alternating background and foreground; {pixels} pixels"), count=len(rle["counts"]),
                     pixels=f"{pixels:,}"))  # fmt: skip
        numbers = " ".join(map(str, rle["counts"][:_MOST]))
        st.code(numbers + (" …" if len(rle["counts"]) > _MOST else ""), wrap_lines=True, height=150)
    with box:
        st.markdown(_(N_("**Bounding box**")))
        if one.box is None:
            st.caption(_(N_("No bounding box in the file.")))
            return
        x, y, w, h = one.box
        st.caption(_(N_("{area} px²; IoU with the mask: {iou}"), area=f"{w * h:,.0f}", iou=f"{iou:.2f}"))
        st.code(f"x {x:g}, y {y:g}\nw {w:g}, h {h:g}", height=150)


def _joints(coco: Coco, one: Instance) -> None:
    found = coco.categories.loc[coco.categories["category"] == one.category, "keypoints"]
    names = json.loads(found.iloc[0]) if len(found) else []
    names = names if len(names) == len(one.keypoints) else [str(i + 1) for i in range(len(one.keypoints))]
    for value, word in VISIBILITY.items():
        mine = [joint(n) for n, point in zip(names, one.keypoints, strict=True) if point[2] == value]
        st.caption(f"**{_(word)} ({value})**: {', '.join(mine) or '–'}")


def _onwards(picture: Picture, one: Instance) -> None:
    """Buttons that take the crop to pages which know what to do with it."""
    cut = drawing.crop(picture, one)
    if cut is None:
        return
    name = f"{one.name} {one.id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(cut, width=72, alt=one.name)
        if st.button(
            _(N_("Classify with CIFAR-10 models")), icon=":material/balance:",
            help=None if one.name in _KNOWN else _(N_("Not a CIFAR-10 class. See what the models predict anyway.")),
        ):  # fmt: skip
            handed.give(name, cut)
            st.switch_page("pages/compare.py", query_params={"view": "photo", "picture": "photo"})
        if one.name in FRUIT and st.button(_(N_("Translate this fruit")), icon=":material/swap_horiz:"):
            handed.give(name, cut)
            st.switch_page("pages/translate.py", query_params={"source": "upload"})
