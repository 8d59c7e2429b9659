"""One COCO image on the browse page: masks, boxes, labels, keypoints and crowds, each with its switch; its instances as a table."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core.coco import drawing, outlines
from core.coco.dataset import Coco, ImageRecord, Instance
from core.messages import N_, UserError
from ui.browse import instance_view
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
_MAX_SIDE = 1600  # pixels of the longer side of a photo on the screen
_MAX_INSTANCES = 400  # instances that are drawn; the largest come first
_LEFT_COLOR, _RIGHT_COLOR, _CENTER_COLOR = palette.BLUE, palette.VERMILLION, palette.GREEN


def show_image(coco: Coco, picture: ImageRecord) -> None:
    """Everything about one image."""
    instances = coco.instances(picture)
    lit = next((i for i, one in enumerate(instances) if str(one.id) == st.query_params.get("instance")), None)
    name = _(N_("Image {id}"), id=picture.id)
    st.markdown(
        f"**{name}** · {picture.split} · {escape_markdown(picture.file_name)} · {picture.width} x {picture.height}"
    )
    left, right = st.columns([5, 3], gap="large")
    with right:
        on = url.choose_many(
            _(N_("Display")),
            list(DISPLAY_OPTIONS),
            key="show",
            default=["masks", "labels", "keypoints", "crowds"],
            widget=st.pills,
            always=False,
            selection_mode="multi",
            format_func=lambda s: _(DISPLAY_OPTIONS[s]),
            wrap=True,
        )
        opacity = st.slider(_(N_("Opacity")), 0.0, 1.0, 0.45, 0.05, key="coco-opacity")
        close = st.toggle(_(N_("Zoom to selected instance")), key="coco-zoom", disabled=lit is None)
    with left:
        if picture.path is None:
            st.warning(
                _(N_("Image file not found; showing annotations only.")),
                icon=":material/image_not_supported:",
            )
        if not (picture.width and picture.height):
            st.info(
                _(N_("The image size is missing from the annotation file, so annotations cannot be drawn."))
            )
        else:
            _overlay_data(coco, picture, instances, on, opacity, lit, close)
        _legend(on, instances)
        captions = coco.captions(picture)
        if captions:
            st.markdown(
                _(N_("**Captions**, each by a different annotator"))
                + "".join(f"\n- {escape_markdown(caption)}" for caption in captions)
            )
    with right:
        _instance_table(instances, lit, f"coco-rows-{picture.number}")
    if lit is not None:
        instance_view.show_instance(coco, picture, instances[lit])
    with st.expander(
        _(N_("JSON for this image")), icon=":material/data_object:", key="coco-json", on_change="rerun"
    ) as place:
        if place.open:
            st.json(json.dumps(coco.export_subset(coco.rows([picture.number]))), expanded=1)


def select_instance(instance: Instance | None) -> None:
    """Let `instance` stand out, in the URL and on the page; None for none."""
    if instance is None:
        st.query_params.pop("instance", None)
    else:
        st.query_params["instance"] = str(instance.id)


def _overlay_data(
    coco: Coco,
    picture: ImageRecord,
    instances: list[Instance],
    on: list[str],
    opacity: float,
    lit: int | None,
    close: bool,
) -> None:
    shown = [i for i, one in enumerate(instances) if not one.crowd or "crowds" in on]
    # Large ones lie below, so that small ones stay in sight and within reach of the mouse.
    shown = sorted(shown, key=lambda i: (i == lit, -_format_size(instances[i])))
    if len(shown) > _MAX_INSTANCES:
        st.info(
            _n(
                "{count} instance in this image; only the {most} largest are drawn.",
                "{count} instances in this image; only the {most} largest are drawn.",
                len(shown),
                most=_MAX_INSTANCES,
            )
        )
        shown = sorted(shown, key=lambda i: (i != lit, -_format_size(instances[i])))[:_MAX_INSTANCES]
        shown.reverse()
    skeletons = {int(r.category): json.loads(r.skeleton) for r in coco.categories.itertuples()}
    joints = {int(r.category): json.loads(r.keypoints) for r in coco.categories.itertuples()}
    drawn, problems = [], []
    for i in shown:
        one, path = instances[i], ""
        if "masks" in on and one.segmentation is not None:
            try:
                path = outlines.svg_path(one, picture)
            except UserError as error:
                problems.append(error)
        bones, dots = ([], [])
        if "keypoints" in on and one.keypoints is not None:
            bones, dots = _keypoint_shapes(
                one.keypoints, skeletons.get(one.category, []), joints.get(one.category, [])
            )
        colour = drawing.category_color(one.category)
        drawn.append(
            {
                "id": one.id,
                "path": path,
                "box": one.box and [float(v) for v in one.box],
                "colour": colour,
                "crowd": one.crowd,
                "dark": [round(0.5 * c) for c in colour],
                "lit": i == lit,
                "text": _describe_instance(one),
                "bones": bones,
                "joints": dots,
                "label": one.name if "labels" in on and lit in (None, i) else "",
            }
        )
    view = (
        _instance_view(instances[lit], picture)
        if close and lit is not None
        else [0, 0, picture.width, picture.height]
    )
    annotated_image(
        {
            "photo": _photo_or_placeholder(picture),
            "width": picture.width,
            "height": picture.height,
            "view": view,
            "opacity": opacity,
            "boxes": "boxes" in on,
            "alt": _(N_("Image with annotations")),
            "instances": drawn,
        },
        f"coco-{picture.number}",
        lambda place: select_instance(instances[shown[place]] if 0 <= place < len(shown) else None),
    )
    for problem in problems[:5]:
        st.warning(translate_message(problem.message), icon=":material/rule:")


def _format_size(one: Instance) -> float:
    return one.area if one.area == one.area else 0.0


def _describe_instance(one: Instance) -> str:
    words = [one.name, _(N_("{area} px²"), area=f"{one.area:,.0f}") if one.area == one.area else ""]
    return " · ".join(w for w in [*words, _(N_("crowd")) if one.crowd else ""] if w)


def _instance_view(one: Instance, picture: ImageRecord) -> list[float]:
    """The part of the picture around an instance: x, y, width, height."""
    if one.box is None:
        return [0, 0, picture.width, picture.height]
    x, y, w, h = one.box
    side = max(1.5 * w, 1.5 * h * picture.width / picture.height, 32.0)
    width = min(side, picture.width)
    height = width * picture.height / picture.width
    left = float(np.clip(x + w / 2 - width / 2, 0, picture.width - width))
    top = float(np.clip(y + h / 2 - height / 2, 0, picture.height - height))
    return [left, top, width, height]


def _keypoint_shapes(points: np.ndarray, skeleton: list, names: list[str]) -> tuple[list, list]:
    """Bones (x1, y1, x2, y2) between labelled joints, and the joints: x, y, whether visible, name, colour of its side."""
    count = len(points)
    bones = [
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
            word = instance_view.VISIBILITY_NAMES.get(int(v), N_("visible"))
            dots.append([x, y, v == 2, f"{instance_view.keypoint_name(name)}, {_(word)}", side])
    return bones, dots


@st.cache_data(max_entries=48, show_spinner=False)
def _photo_url(path: str, changed: float, size: tuple[int, int], _picture: ImageRecord) -> str:
    found = drawing.load_photo(_picture)
    if found is None:
        return ""
    found.thumbnail((_MAX_SIDE, _MAX_SIDE))
    buffer = io.BytesIO()
    found.convert("RGB").save(buffer, "JPEG", quality=90)
    return image_display.data_url(buffer.getvalue())


def _photo_or_placeholder(picture: ImageRecord) -> str:
    """The photo as a URL; a grey one where there is none."""
    found = ""
    if picture.path is not None:
        try:
            found = _photo_url(
                str(picture.path), picture.path.stat().st_mtime, (picture.width, picture.height), picture
            )
        except OSError:  # gone since it was looked up: the same as a file that was never there
            found = ""
    return found or _placeholder_url()


@st.cache_data(show_spinner=False)
def _placeholder_url() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), drawing.PLACEHOLDER_COLOR).save(buffer, "PNG")
    return image_display.data_url(buffer.getvalue(), "png")


def _instance_table(instances: list[Instance], lit: int | None, key: str) -> None:
    """The instances as rows; the one that is chosen stands out in the picture."""
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
                ("▶ " if i == lit else "") + one.name + (f" ({crowd})" if one.crowd else "")
                for i, one in enumerate(instances)
            ],
            _(N_("area")): [round(one.area) if one.area == one.area else None for one in instances],
            _(N_("keypoints")): [
                0 if one.keypoints is None else int((one.keypoints[:, 2] > 0).sum()) for one in instances
            ],
            "id": [one.id for one in instances],
        }
    )

    def chosen() -> None:
        picked = st.session_state[key]["selection"]["rows"]
        select_instance(instances[picked[0]] if picked and picked[0] < len(instances) else None)

    st.dataframe(
        rows,
        hide_index=True,
        on_select=chosen,
        selection_mode="single-row",
        key=key,
        height=min(320, 36 * len(rows) + 40),
    )


def _legend(on: list[str], instances: list[Instance]) -> None:
    if "keypoints" in on and any(one.keypoints is not None for one in instances):
        st.caption(
            _(
                N_(
                    "Keypoints: filled is visible (2, inside the mask), hollow is labeled but not visible "
                    "(1). Unlabeled keypoints (0) are not drawn. Blue is the person's left side, orange "
                    "the right."
                )
            )
        )
    if any(one.crowd for one in instances):
        st.caption(
            _(
                N_(
                    "Striped: a crowd, annotated as one region because it has too many objects to outline. "
                    "Detections inside it are ignored in evaluation."
                )
            )
        )
