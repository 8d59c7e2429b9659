"""One image of the browse page: masks, boxes, labels, keypoints and crowds as layers, and a table of its instances."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core.coco import colors, drawing, outlines
from core.coco.dataset import Coco, ImageRecord, Instance
from core.messages import N_, UserError
from ui.browse import image_header, instance_view, navigation
from ui.browse.category_label import category_label
from ui.components.annotated_image import annotated_image
from ui.kit import image_display, palette, url
from ui.kit.i18n import _, _n, escape_markdown, translate_message

DISPLAY_OPTIONS = {
    "masks": N_("Masks"),
    "boxes": N_("Boxes"),
    "labels": N_("Labels"),
    "keypoints": N_("Keypoints"),
    "crowds": N_("Crowds"),
}
_MAX_SIDE = 1600  # pixels of the longer side of the photo sent to the browser
_MAX_INSTANCES = 400  # drawn instances, largest first
_LEFT_COLOR, _RIGHT_COLOR, _CENTER_COLOR = palette.BLUE, palette.VERMILLION, palette.GREEN


def selected_instance(instances: list[Instance]) -> Instance | None:
    """Return the instance that the URL names."""
    named = st.query_params.get("instance")
    return next((instance for instance in instances if str(instance.id) == named), None)


def show_image(
    coco: Coco,
    image_record: ImageRecord,
    instances: list[Instance],
    neighbors: navigation.Neighbors,
) -> None:
    """Show an image, its instances, its captions, and the details of the selected instance."""
    chosen = selected_instance(instances)
    selected = None if chosen is None else instances.index(chosen)
    captions = coco.captions(image_record)
    image_header.show_title(captions, instances)
    if chosen is None and st.query_params.get("instance"):
        st.warning(
            _(
                N_("Annotation {id} is not in this image. Select one in the image or in the table."),
                id=escape_markdown(st.query_params["instance"][:60]),
            )
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        layers = url.choose_many(
            _(N_("Display")),
            list(DISPLAY_OPTIONS),
            key="show",
            default=["masks", "labels", "keypoints", "crowds"],
            widget=st.pills,
            always=False,
            selection_mode="multi",
            format_func=lambda s: _(DISPLAY_OPTIONS[s]),
            label_visibility="collapsed",
            wrap=True,
        )
        with st.popover(_(N_("Opacity")), icon=":material/opacity:", type="tertiary", key="coco-appearance"):
            opacity = st.slider(_(N_("Opacity")), 0.0, 1.0, 0.3, 0.05, key="coco-opacity")
        zoomed = selected is not None and st.toggle(_(N_("Zoom to selected instance")), key="coco-zoom")
    if image_record.path is None:
        st.warning(
            _(N_("Image file not found; showing annotations only.")), icon=":material/image_not_supported:"
        )
    if image_record.width and image_record.height:
        _show_overlay(coco, image_record, instances, layers, opacity, selected, zoomed, neighbors)
    else:
        st.info(_(N_("The image size is missing from the annotation file, so annotations cannot be drawn.")))
    if chosen is not None:
        instance_view.show_instance(coco, image_record, chosen)
    left, right = st.columns([6, 5], gap="large")
    with left:
        _instance_table(instances, selected, f"coco-rows-{image_record.index}")
        _legend(layers, instances)
    with right:
        if captions:
            st.markdown(
                _(N_("**Captions**, each by a different annotator"))
                + "".join(f"\n- {escape_markdown(caption)}" for caption in captions)
            )
    image_header.show_source(coco, image_record)
    with st.expander(
        _(N_("JSON for this image")), icon=":material/data_object:", key="coco-json", on_change="rerun"
    ) as expander:
        if expander.open:
            st.json(json.dumps(coco.export_subset(coco.rows([image_record.index]))), expanded=1)


def select_instance(instance: Instance | None) -> None:
    """Callback: select an instance, in the URL too; None selects none."""
    if instance is None:
        st.query_params.pop("instance", None)
    else:
        st.query_params["instance"] = str(instance.id)


def _show_overlay(
    coco: Coco,
    image_record: ImageRecord,
    instances: list[Instance],
    layers: list[str],
    opacity: float,
    selected: int | None,
    zoomed: bool,
    neighbors: navigation.Neighbors,
) -> None:
    shown = [i for i, instance in enumerate(instances) if not instance.crowd or "crowds" in layers]
    # Large instances below small ones, so that the small ones stay visible and clickable.
    shown = sorted(shown, key=lambda i: (i == selected, -_area(instances[i])))
    if len(shown) > _MAX_INSTANCES:
        st.info(
            _n(
                "{count} instance in this image; only the {most} largest are drawn.",
                "{count} instances in this image; only the {most} largest are drawn.",
                len(shown),
                most=_MAX_INSTANCES,
            )
        )
        shown = sorted(shown, key=lambda i: (i != selected, -_area(instances[i])))[:_MAX_INSTANCES]
        shown.reverse()
    skeletons = {int(r.category): json.loads(r.skeleton) for r in coco.categories.itertuples()}
    keypoint_names = {int(r.category): json.loads(r.keypoints) for r in coco.categories.itertuples()}
    frequent = [
        category for category, _count in Counter(instance.category for instance in instances).most_common()
    ]
    shades = colors.distinct_colors(frequent)
    overlays, problems = [], []
    for i in shown:
        instance, path = instances[i], ""
        if "masks" in layers and instance.segmentation is not None:
            try:
                path = outlines.svg_path(instance, image_record)
            except UserError as error:
                problems.append(error)
        limbs, dots = [], []
        if "keypoints" in layers and instance.keypoints is not None:
            limbs, dots = _keypoint_shapes(
                instance.keypoints,
                skeletons.get(instance.category, []),
                keypoint_names.get(instance.category, []),
            )
        color = colors.to_rgb(shades[instance.category])
        overlays.append(
            {
                "id": instance.id,
                "category": instance.category,
                "path": path,
                "box": instance.box and [float(v) for v in instance.box],
                "color": color,
                "crowd": instance.crowd,
                "dark": [round(0.5 * c) for c in color],
                "selected": i == selected,
                "text": _describe_instance(instance),
                "limbs": limbs,
                "keypoints": dots,
                "label": category_label(instance.name)
                if "labels" in layers and selected in (None, i)
                else "",
            }
        )
    view = (
        _instance_view(instances[selected], image_record)
        if zoomed and selected is not None
        else [0, 0, image_record.width, image_record.height]
    )
    annotated_image(
        {
            "photo": _photo_or_placeholder(image_record),
            "width": image_record.width,
            "height": image_record.height,
            "view": view,
            "opacity": opacity,
            "boxes": "boxes" in layers,
            "alt": _(N_("Image with annotations")),
            "steps": [
                _(N_("Previous image")) if -1 in neighbors else "",
                _(N_("Next image")) if 1 in neighbors else "",
            ],
            "legend": _color_legend([instances[i] for i in shown], shades),
            "instances": overlays,
        },
        f"coco-{image_record.index}",
        lambda position: select_instance(instances[shown[position]] if 0 <= position < len(shown) else None),
        lambda step: navigation.open_image(*neighbors[step]) if step in neighbors else None,
    )
    for problem in problems[:5]:
        st.warning(translate_message(problem.message), icon=":material/rule:")


def _color_legend(instances: list[Instance], shades: dict[int, str]) -> list[dict[str, Any]]:
    """Return the categories of `instances` with color, name and count, most frequent first."""
    counts = Counter((instance.category, instance.name) for instance in instances)
    return [
        {
            "category": category,
            "color": shades[category],
            "text": f"{category_label(name)} ×{count:,}",
        }
        for (category, name), count in counts.most_common()
    ]


def _area(instance: Instance) -> float:
    return 0.0 if math.isnan(instance.area) else instance.area


def _describe_instance(instance: Instance) -> str:
    area = "" if math.isnan(instance.area) else _(N_("{area} px²"), area=f"{instance.area:,.0f}")
    return " · ".join(
        part
        for part in (category_label(instance.name), area, _(N_("crowd")) if instance.crowd else "")
        if part
    )


def _instance_view(instance: Instance, image_record: ImageRecord) -> list[float]:
    """Return the region around an instance (x, y, width, height in pixels), with the aspect ratio of the image."""
    if instance.box is None:
        return [0, 0, image_record.width, image_record.height]
    x, y, w, h = instance.box
    side = max(1.5 * w, 1.5 * h * image_record.width / image_record.height, 32.0)
    width = min(side, image_record.width)
    height = width * image_record.height / image_record.width
    left = float(np.clip(x + w / 2 - width / 2, 0, image_record.width - width))
    top = float(np.clip(y + h / 2 - height / 2, 0, image_record.height - height))
    return [left, top, width, height]


def _keypoint_shapes(points: np.ndarray, skeleton: list, names: list[str]) -> tuple[list, list]:
    """Return the limbs (x1, y1, x2, y2) between labeled keypoints, and the keypoints (x, y, visible, name, color of the side)."""
    count = len(points)
    limbs = [
        [*points[a - 1, :2].tolist(), *points[b - 1, :2].tolist()]
        for a, b in (pair for pair in skeleton if len(pair) == 2)
        if min(a, b) >= 1 and max(a, b) <= count and points[a - 1, 2] > 0 and points[b - 1, 2] > 0
    ]
    dots = []
    for i, (x, y, v) in enumerate(points.tolist()):
        if v > 0:
            name = names[i] if i < len(names) else str(i + 1)
            side = (
                _LEFT_COLOR
                if name.startswith("left")
                else _RIGHT_COLOR
                if name.startswith("right")
                else _CENTER_COLOR
            )
            visibility = instance_view.VISIBILITY_NAMES.get(int(v), N_("visible"))
            dots.append([x, y, v == 2, f"{instance_view.keypoint_name(name)}, {_(visibility)}", side])
    return limbs, dots


@st.cache_data(max_entries=48, show_spinner=False)
def _photo_url(path: str, mtime: float, size: tuple[int, int], _image_record: ImageRecord) -> str:
    photo = drawing.load_photo(_image_record)
    if photo is None:
        return ""
    photo.thumbnail((_MAX_SIDE, _MAX_SIDE))
    buffer = io.BytesIO()
    photo.convert("RGB").save(buffer, "JPEG", quality=90)
    return image_display.data_url(buffer.getvalue())


def _photo_or_placeholder(image_record: ImageRecord) -> str:
    """Return the photo as a data URL; a gray one if there is none."""
    photo_url = ""
    if image_record.path is not None:
        try:
            photo_url = _photo_url(
                str(image_record.path),
                image_record.path.stat().st_mtime,
                (image_record.width, image_record.height),
                image_record,
            )
        except OSError:  # removed since it was found
            photo_url = ""
    return photo_url or _placeholder_url()


@st.cache_data(show_spinner=False)
def _placeholder_url() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), drawing.PLACEHOLDER_COLOR).save(buffer, "PNG")
    return image_display.data_url(buffer.getvalue(), "png")


def _instance_table(instances: list[Instance], selected: int | None, key: str) -> None:
    """Show the instances as a table; a selected row selects the instance in the image."""
    st.markdown(
        _n(
            "**{count} instance.** Select a row or click the image to see details.",
            "**{count} instances.** Select a row or click the image to see details.",
            len(instances),
        )
    )
    crowd = _(N_("crowd"))
    rows = pd.DataFrame(
        {
            _(N_("category")): [
                ("▶ " if i == selected else "")
                + category_label(instance.name)
                + (f" ({crowd})" if instance.crowd else "")
                for i, instance in enumerate(instances)
            ],
            _(N_("area (px²)")): [
                None if math.isnan(instance.area) else round(instance.area) for instance in instances
            ],
        }
    )
    if any(instance.keypoints is not None for instance in instances):
        rows[_(N_("keypoints"))] = [
            0 if instance.keypoints is None else int((instance.keypoints[:, 2] > 0).sum())
            for instance in instances
        ]

    def select_row() -> None:
        picked = st.session_state[key]["selection"]["rows"]
        select_instance(instances[picked[0]] if picked and picked[0] < len(instances) else None)

    st.dataframe(
        rows,
        hide_index=True,
        on_select=select_row,
        selection_mode="single-row",
        key=key,
        height=min(390, 36 * len(rows) + 40),
        column_config={
            _(N_("area (px²)")): st.column_config.NumberColumn(width=90),
            _(N_("keypoints")): st.column_config.NumberColumn(width=105),
        },
    )


def _legend(layers: list[str], instances: list[Instance]) -> None:
    if "keypoints" in layers and any(instance.keypoints is not None for instance in instances):
        st.caption(
            _(
                N_(
                    "Keypoints: filled is visible (2, inside the mask), hollow is labeled but not visible "
                    "(1). Unlabeled keypoints (0) are not drawn. Blue is the person's left side, orange "
                    "the right."
                )
            )
        )
    if any(instance.crowd for instance in instances):
        st.caption(
            _(
                N_(
                    "Striped: a crowd, annotated as one region because it has too many objects to outline. "
                    "Detections inside it are ignored in evaluation."
                )
            )
        )
