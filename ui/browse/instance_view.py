"""Details of one instance on the browse page: polygon, RLE and box, keypoints, and its crop for other pages."""

from __future__ import annotations

import json

import streamlit as st

from core.coco import drawing, masks
from core.coco.dataset import Coco, ImageRecord, Instance
from core.messages import Message, N_, UserError
from ui.browse.category_label import category_label
from ui.kit import shared_image, terms
from ui.kit.i18n import _, escape_markdown, translate_message

VISIBILITY_NAMES = {2: N_("visible"), 1: N_("labeled but not visible"), 0: N_("not labeled")}
KEYPOINT_NAMES = (
    N_("nose"),
    N_("left eye"),
    N_("right eye"),
    N_("left ear"),
    N_("right ear"),
    N_("left shoulder"),
    N_("right shoulder"),
    N_("left elbow"),
    N_("right elbow"),
    N_("left wrist"),
    N_("right wrist"),
    N_("left hip"),
    N_("right hip"),
    N_("left knee"),
    N_("right knee"),
    N_("left ankle"),
    N_("right ankle"),
)
_MAX_POINTS = 60  # printed runs of an RLE, or coordinates of a polygon
FRUIT_CATEGORIES = ("apple", "orange")
# COCO categories with the name of a CIFAR-10 class; the models predict others too, but cannot be right.
_CIFAR10_CATEGORIES = {"airplane", "bird", "boat", "car", "cat", "dog", "horse", "truck"}


def keypoint_name(name: str) -> str:
    """Return the name of a keypoint, translated if it is one of COCO's."""
    words = name.replace("_", " ")
    return _(words) if words in KEYPOINT_NAMES else escape_markdown(words)


def show_instance(coco: Coco, image_record: ImageRecord, instance: Instance) -> None:
    """Show an instance in three notations, its keypoints, and the pages that can use its crop."""
    with st.container(border=True, key="coco-closely"):
        title = _(N_("Instance details"))
        st.markdown(f"**{title}:** {escape_markdown(category_label(instance.name))} · {instance.id}")
        try:
            mask, iou = instance.mask(image_record), drawing.box_iou(instance, image_record)
        except UserError as error:
            st.warning(translate_message(error.message), icon=":material/rule:")
        else:
            _show_notations(instance, int(mask.sum()), masks.encode_rle(mask), iou)
        if instance.keypoints is not None:
            _keypoint_table(coco, instance)
        _crop_actions(image_record, instance)


def _show_notations(instance: Instance, pixels: int, rle: dict, iou: float) -> None:
    polygon, runs, box = st.columns(3)
    is_polygon = isinstance(instance.segmentation, list)
    with polygon:
        st.markdown(_(N_("**Stored format**")))
        if is_polygon:
            points = sum(len(p) // 2 for p in instance.segmentation)
            st.caption(
                _(
                    N_("{polygons}, {vertices}; area in the file: {area}"),
                    polygons=Message.counted(
                        "{count} polygon", "{count} polygons", len(instance.segmentation)
                    ),
                    vertices=Message.counted("{count} vertex", "{count} vertices", points),
                    area=f"{instance.area:,.1f}",
                )
            )
            flat = [f"{v:g}" for p in instance.segmentation for v in p]
            st.code(
                " ".join(flat[:_MAX_POINTS]) + (" …" if len(flat) > _MAX_POINTS else ""),
                wrap_lines=True,
                height=150,
            )
        else:
            st.caption(
                _(
                    N_("RLE (crowd, or mask with holes); area in the file: {area}"),
                    area=f"{instance.area:,.1f}",
                )
            )
            text = json.dumps(instance.segmentation)
            st.code(text[:300] + (" …" if len(text) > 300 else ""), wrap_lines=True, height=150)
    with runs:
        st.markdown(f"**{terms.term('rle', 'RLE')}**")
        st.caption(
            _(
                N_("{runs}, alternating background and foreground; {pixels}"),
                runs=Message.counted(
                    "{count} column-wise run", "{count} column-wise runs", len(rle["counts"])
                ),
                pixels=Message.counted("{count} pixel", "{count} pixels", pixels),
            )
        )
        numbers = " ".join(map(str, rle["counts"][:_MAX_POINTS]))
        st.code(numbers + (" …" if len(rle["counts"]) > _MAX_POINTS else ""), wrap_lines=True, height=150)
    with box:
        title = terms.term("bounding-box", _(N_("Bounding box")))
        st.markdown(f"**{title}**")
        if instance.box is None:
            st.caption(_(N_("No bounding box in the file.")))
            return
        x, y, w, h = instance.box
        caption = _(N_("{area} px²; IoU with the mask: {iou}"), area=f"{w * h:,.0f}", iou=f"{iou:.2f}")
        st.markdown(f":small[{terms.link_terms(caption, 'iou')}]")  # a caption is too pale for links
        st.code(f"x {x:g}, y {y:g}\nw {w:g}, h {h:g}", height=150)


def _keypoint_table(coco: Coco, instance: Instance) -> None:
    row = coco.categories.loc[coco.categories["category"] == instance.category, "keypoints"]
    names = json.loads(row.iloc[0]) if len(row) else []
    names = (
        names
        if len(names) == len(instance.keypoints)
        else [str(i + 1) for i in range(len(instance.keypoints))]
    )
    for value, label in VISIBILITY_NAMES.items():
        matching = [
            keypoint_name(n) for n, point in zip(names, instance.keypoints, strict=True) if point[2] == value
        ]
        st.caption(f"**{_(label)} ({value})**: {', '.join(matching) or '–'}")


def _crop_actions(image_record: ImageRecord, instance: Instance) -> None:
    """Show buttons that open the crop on other pages."""
    crop = drawing.crop_instance(image_record, instance)
    if crop is None:
        return
    name = f"{category_label(instance.name)} {instance.id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(crop, width=72, alt=category_label(instance.name))
        if st.button(
            _(N_("Classify with CIFAR-10 models")),
            icon=":material/balance:",
            help=None
            if instance.name in _CIFAR10_CATEGORIES
            else _(N_("Not a CIFAR-10 class. See what the models predict anyway.")),
        ):
            shared_image.put(name, crop)
            st.switch_page("pages/compare.py", query_params={"view": "photo", "image_source": "photo"})
        if instance.name in FRUIT_CATEGORIES and st.button(
            _(N_("Translate this fruit")), icon=":material/swap_horiz:"
        ):
            shared_image.put(name, crop)
            st.switch_page("pages/translate.py", query_params={"source": "upload"})
