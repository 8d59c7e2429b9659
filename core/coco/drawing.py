"""Draw images with their annotations: thumbnails, close-ups and crops of instances.

Pixels are (H, W, 3) uint8 RGB.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core import images, paths
from core.coco import masks
from core.coco.colors import category_color
from core.coco.dataset import Coco, ImageRecord, Instance
from core.files import write_bytes
from core.messages import UserError

THUMBNAIL_SIDE = 320  # pixels of the longer side of a thumbnail
ALPHA = 0.22  # lighter: at this size the photo must stay readable
_STYLE, _PLAIN = "light", "plain"  # part of the names of cached thumbnails; another look needs another name
_HATCH_SPACING = 8  # pixels between the stripes over a crowd region
PLACEHOLDER_COLOR = (228, 230, 235)


def load_photo(image_record: ImageRecord) -> Image.Image | None:
    """Read the image file at the size that its record states.

    The EXIF orientation is applied unless the recorded size is that of the stored pixels. Returns None if the file is
    missing or not an image, or the recorded size exceeds `masks.MAX_PIXELS`.
    """
    size = (image_record.width, image_record.height)
    if image_record.path is None or math.prod(size) > masks.MAX_PIXELS:
        return None
    try:
        photo = images.flatten_alpha(
            images.decode_image(image_record.path.read_bytes(), image_record.path.name, stored=size)
        )
    except (UserError, OSError):
        return None
    return photo if photo.size == size or not all(size) else photo.resize(size)


def render_thumbnails(
    coco: Coco, image_records: list[ImageRecord], side: int = THUMBNAIL_SIDE, with_masks: bool = True
) -> list[bytes]:
    """Return JPEG files of images, with masks and boxes unless `with_masks` is off, the longer side `side` pixels.

    Thumbnails are cached in the cache folder; the annotations of all others are read with one query.
    """
    style = _STYLE if with_masks else _PLAIN
    cached = {
        record.index: _read_cached(_thumbnail_path(coco, record, side, style)) for record in image_records
    }
    missing = [record for record in image_records if cached[record.index] is None]
    instances = coco.annotations_by_image(missing) if missing and with_masks else {}
    for record in missing:
        content = encode_jpeg(_render_thumbnail(record, instances.get(record.index, []), side))
        path = _thumbnail_path(coco, record, side, style)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
        cached[record.index] = content
    return [cached[record.index] for record in image_records]


def _thumbnail_path(coco: Coco, image_record: ImageRecord, side: int, style: str) -> Path:
    name = f"{style}-{side}-{image_record.index}-{modified_at(image_record)}.jpg"
    return paths.cache() / "coco-thumbnails" / coco.folder.name / name


def _read_cached(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def modified_at(image_record: ImageRecord) -> int:
    """Return the modification time of the image file in nanoseconds, the key of everything rendered from it; 0 if there is none."""
    try:
        return image_record.path.stat().st_mtime_ns if image_record.path is not None else 0
    except OSError:
        return 0


def encode_jpeg(pixels: np.ndarray) -> bytes:
    """Encode (H, W, 3) uint8 as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88, subsampling=0)
    return buffer.getvalue()


def crop_instance(image_record: ImageRecord, instance: Instance) -> np.ndarray | None:
    """Crop an instance with a margin, (h, w, 3) uint8: a square if the image is large enough, as models take squares.

    Returns None if there is no image file or no box inside the image.
    """
    photo = load_photo(image_record)
    if photo is None or instance.box is None:
        return None
    x, y, w, h = instance.box
    if x + w <= 0 or y + h <= 0 or x >= photo.width or y >= photo.height or w <= 0 or h <= 0:
        return None
    side = 1.1 * max(w, h)
    spans = []
    for middle, reach in ((x + w / 2, photo.width), (y + h / 2, photo.height)):
        length = max(1, min(round(side), reach))
        first = min(max(0, round(middle - length / 2)), reach - length)
        spans.append((first, first + length))
    (left, right), (top, bottom) = spans
    return np.asarray(photo.crop((left, top, right, bottom)))


def render_closeup(image_record: ImageRecord, instance: Instance, side: int = THUMBNAIL_SIDE) -> np.ndarray:
    """Draw an instance with its surroundings, mask, box and keypoints, (side, side, 3) uint8."""
    x, y, w, h = (
        instance.box
        if instance.box is not None
        else (0.0, 0.0, float(image_record.width or 4), float(image_record.height or 3))
    )
    reach = max(48.0, min(1.6 * max(w, h), max(image_record.width, image_record.height)))
    left, top, scale = x + w / 2 - reach / 2, y + h / 2 - reach / 2, side / reach
    photo = load_photo(image_record)
    canvas = Image.new("RGB", (side, side), PLACEHOLDER_COLOR)
    visible = (
        max(0.0, left),
        max(0.0, top),
        min(image_record.width, left + reach),
        min(image_record.height, top + reach),
    )
    size = round((visible[2] - visible[0]) * scale), round((visible[3] - visible[1]) * scale)
    if photo is not None and min(size) > 0:
        region = photo.convert("RGB").resize(size, Image.Resampling.BILINEAR, box=visible)
        canvas.paste(region, (round((visible[0] - left) * scale), round((visible[1] - top) * scale)))
    draw = ImageDraw.Draw(canvas, "RGBA")
    color = category_color(instance.category)
    for polygon in (
        instance.segmentation if isinstance(instance.segmentation, list) else []
    ):  # an RLE shows its box only
        if _is_polygon(polygon):
            draw.polygon(
                [((v - (top if i % 2 else left)) * scale) for i, v in enumerate(polygon)],
                fill=(*color, 115),
                outline=color,
            )
    if instance.box is not None:
        corners = [(x - left) * scale, (y - top) * scale, (x + w - left) * scale, (y + h - top) * scale]
        draw.rectangle(
            [min(corners[0::2]), min(corners[1::2]), max(corners[0::2]), max(corners[1::2])],
            outline=color,
            width=2,
        )
    if instance.keypoints is not None:
        for px, py, v in instance.keypoints.tolist():
            if v > 0:
                at = ((px - left) * scale, (py - top) * scale)
                draw.ellipse(
                    [at[0] - 4, at[1] - 4, at[0] + 4, at[1] + 4],
                    fill="white" if v == 1 else color,
                    outline="white",
                    width=1,
                )
    return np.asarray(canvas)


def _render_thumbnail(image_record: ImageRecord, instances: list[Instance], side: int) -> np.ndarray:
    photo = load_photo(image_record)
    known = bool(image_record.width and image_record.height)  # otherwise the scale of the shapes is unknown
    width, height = (
        (image_record.width, image_record.height) if known else photo.size if photo is not None else (4, 3)
    )
    scale = side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = (photo.resize(size) if photo is not None else Image.new("RGB", size, PLACEHOLDER_COLOR)).convert(
        "RGB"
    )
    # Large instances first, so that small ones stay visible.
    for instance in sorted(instances if known else [], key=lambda i: -(i.area if i.area == i.area else 0)):
        color = category_color(instance.category)
        shape = _scaled_mask(instance, image_record, size, scale)
        if shape is not None:
            canvas.paste(Image.blend(canvas, Image.new("RGB", size, color), ALPHA), mask=shape)
        draw = ImageDraw.Draw(canvas)
        polygons = [p for p in instance.segmentation if _is_polygon(p)] if _has_polygons(instance) else []
        for polygon in polygons:
            corners = [(x * scale, y * scale) for x, y in zip(polygon[0::2], polygon[1::2], strict=True)]
            draw.line([*corners, corners[0]], fill=color, width=2, joint="curve")
        if shape is None and instance.box is not None:
            x, y, w, h = (v * scale for v in instance.box)
            if w > 0 and h > 0:
                draw.rectangle([x, y, x + w, y + h], outline=color)
    return np.asarray(canvas)


def _has_polygons(instance: Instance) -> bool:
    return isinstance(instance.segmentation, list)


def _scaled_mask(
    instance: Instance, image_record: ImageRecord, size: tuple[int, int], scale: float
) -> Image.Image | None:
    """Return the mask at the size of the thumbnail, None if invalid. Drawing polygons small is faster than decoding and resizing."""
    shape = Image.new("L", size, 0)
    if isinstance(instance.segmentation, list):
        draw = ImageDraw.Draw(shape)
        for polygon in instance.segmentation:
            if _is_polygon(polygon):
                draw.polygon([v * scale for v in polygon], fill=255)
        return shape
    try:
        mask = instance.mask(image_record)
    except UserError:
        return None
    if instance.crowd:
        mask = mask & hatch_pattern(*mask.shape)
    return Image.fromarray((mask * 255).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)


def _is_polygon(polygon: Any) -> bool:
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        return False
    return all(isinstance(v, int | float) and abs(v) < 1e6 for v in polygon)


def hatch_pattern(height: int, width: int) -> np.ndarray:
    """Return diagonal stripes (H, W) bool, the pattern of crowd regions."""
    rows, columns = (
        np.arange(n, dtype=np.int64).astype(np.uint8) % _HATCH_SPACING for n in (height, width)
    )  # uint8 may wrap: 256 is a multiple of the spacing
    return np.add.outer(rows, columns) % _HATCH_SPACING < _HATCH_SPACING // 2


def box_iou(instance: Instance, image_record: ImageRecord) -> float:
    """Return the intersection over union of an instance's mask and its box, 0 to 1; 0 without a box.

    Raises UserError if the segmentation is invalid.
    """
    mask = instance.mask(image_record)
    if instance.box is None:
        return 0.0
    x, y, w, h = instance.box
    inside = np.zeros_like(mask)
    inside[max(0, round(y)) : max(0, round(y + h)), max(0, round(x)) : max(0, round(x + w))] = True
    union = (mask | inside).sum()
    return float((mask & inside).sum() / union) if union else 0.0
