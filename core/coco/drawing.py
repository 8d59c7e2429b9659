"""Pictures with their annotations drawn over them: thumbnails for a grid, masks for one image, crowd regions hatched.

Shapes: H W of what is drawn. Colours are uint8 RGB.
"""

from __future__ import annotations

import colorsys
import io
import math
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core import images, paths
from core.coco import masks
from core.coco.dataset import Coco, ImageRecord, Instance
from core.files import write_bytes
from core.messages import UserError

THUMBNAIL_SIDE = 256  # pixels of the longer side of a thumbnail
ALPHA = 0.45
_HATCH_SPACING = 8  # pixels between two lines over a crowd region
_GOLDEN_RATIO = 0.618033988749895
PLACEHOLDER_COLOR = (228, 230, 235)


def category_color(category: int) -> tuple[int, int, int]:
    """A colour for a category: hues far apart for numbers that are near."""
    hue = (category * _GOLDEN_RATIO) % 1.0
    return tuple(round(255 * v) for v in colorsys.hsv_to_rgb(hue, 0.75, 0.95))


def load_photo(picture: ImageRecord) -> Image.Image | None:
    """The image's file as a plain picture of the size that its record says, or None where it is missing, no picture, or said to be of a
    size that no picture has. It is turned as its EXIF says, unless the record's size is that of the file as it lies."""
    size = (picture.width, picture.height)
    if picture.path is None or math.prod(size) > masks.MAX_PIXELS:
        return None
    try:
        found = images.flatten_alpha(
            images.decode_image(picture.path.read_bytes(), picture.path.name, stored=size)
        )
    except (UserError, OSError):
        return None
    return found if found.size == size or not all(size) else found.resize(size)


def render_thumbnail(coco: Coco, picture: ImageRecord, side: int = THUMBNAIL_SIDE) -> bytes:
    """The image with masks and boxes as JPEG, at most `side` pixels a side; made once, then read from the cache folder."""
    path = (
        paths.cache()
        / "coco-thumbnails"
        / coco.folder.name
        / f"{side}-{picture.number}-{modified_at(picture)}.jpg"
    )
    try:
        return path.read_bytes()
    except OSError:
        made = encode_jpeg(_render_thumbnail(picture, coco.instances(picture), side))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, made)
    return made


def modified_at(picture: ImageRecord) -> int:
    """When the image's file was written, in nanoseconds; 0 where there is none. What is drawn of it holds until then."""
    try:
        return picture.path.stat().st_mtime_ns if picture.path is not None else 0
    except OSError:
        return 0


def encode_jpeg(pixels: np.ndarray) -> bytes:
    """(H, W, 3) uint8 as a JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88, subsampling=0)
    return buffer.getvalue()


def crop_instance(picture: ImageRecord, one: Instance) -> np.ndarray | None:
    """The instance with a little of what is around it, (h, w, 3) uint8: a square where the picture has room for one, since networks take
    squares. None where there is no photo or no box inside it."""
    found = load_photo(picture)
    if found is None or one.box is None:
        return None
    x, y, w, h = one.box
    if x + w <= 0 or y + h <= 0 or x >= found.width or y >= found.height or w <= 0 or h <= 0:
        return None
    side = 1.1 * max(w, h)
    spans = []
    for middle, reach in ((x + w / 2, found.width), (y + h / 2, found.height)):
        length = max(1, min(round(side), reach))
        first = min(max(0, round(middle - length / 2)), reach - length)
        spans.append((first, first + length))
    (left, right), (top, bottom) = spans
    return np.asarray(found.crop((left, top, right, bottom)))


def render_closeup(picture: ImageRecord, one: Instance, side: int = THUMBNAIL_SIDE) -> np.ndarray:
    """The instance with what is around it, its mask and box drawn, (side, side, 3) uint8."""
    x, y, w, h = (
        one.box if one.box is not None else (0.0, 0.0, float(picture.width or 4), float(picture.height or 3))
    )
    reach = max(48.0, min(1.6 * max(w, h), max(picture.width, picture.height)))
    left, top, scale = x + w / 2 - reach / 2, y + h / 2 - reach / 2, side / reach
    found = load_photo(picture)
    canvas = Image.new("RGB", (side, side), PLACEHOLDER_COLOR)
    seen = (
        max(0.0, left),
        max(0.0, top),
        min(picture.width, left + reach),
        min(picture.height, top + reach),
    )  # the part inside the photo
    size = round((seen[2] - seen[0]) * scale), round((seen[3] - seen[1]) * scale)
    if found is not None and min(size) > 0:
        cut = found.convert("RGB").resize(size, Image.Resampling.BILINEAR, box=seen)
        canvas.paste(cut, (round((seen[0] - left) * scale), round((seen[1] - top) * scale)))
    draw = ImageDraw.Draw(canvas, "RGBA")
    tint = category_color(one.category)
    for polygon in one.segmentation if isinstance(one.segmentation, list) else []:  # RLE shows its box alone
        if _is_polygon(polygon):
            draw.polygon(
                [((v - (top if i % 2 else left)) * scale) for i, v in enumerate(polygon)],
                fill=(*tint, 115),
                outline=tint,
            )
    if one.box is not None:
        corners = [(x - left) * scale, (y - top) * scale, (x + w - left) * scale, (y + h - top) * scale]
        draw.rectangle(
            [min(corners[0::2]), min(corners[1::2]), max(corners[0::2]), max(corners[1::2])],
            outline=tint,
            width=2,
        )
    if one.keypoints is not None:
        for px, py, v in one.keypoints.tolist():
            if v > 0:
                at = ((px - left) * scale, (py - top) * scale)
                draw.ellipse(
                    [at[0] - 4, at[1] - 4, at[0] + 4, at[1] + 4],
                    fill="white" if v == 1 else tint,
                    outline="white",
                    width=1,
                )
    return np.asarray(canvas)


def _render_thumbnail(picture: ImageRecord, instances: list[Instance], side: int) -> np.ndarray:
    found = load_photo(picture)
    known = bool(picture.width and picture.height)  # else nobody knows where on the photo a shape lies
    width, height = (picture.width, picture.height) if known else found.size if found is not None else (4, 3)
    scale = side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = (found.resize(size) if found is not None else Image.new("RGB", size, PLACEHOLDER_COLOR)).convert(
        "RGB"
    )
    # Large ones first, so that small ones stay in sight.
    for one in sorted(instances if known else [], key=lambda i: -(i.area if i.area == i.area else 0)):
        shape = _scaled_mask(one, picture, size, scale)
        if shape is not None:
            canvas = Image.composite(
                Image.blend(canvas, Image.new("RGB", size, category_color(one.category)), ALPHA),
                canvas,
                shape,
            )
        if one.box is not None:
            x, y, w, h = (v * scale for v in one.box)
            if w > 0 and h > 0:
                ImageDraw.Draw(canvas).rectangle([x, y, x + w, y + h], outline=category_color(one.category))
    return np.asarray(canvas)


def _scaled_mask(
    one: Instance, picture: ImageRecord, size: tuple[int, int], scale: float
) -> Image.Image | None:
    """The mask at the size of the thumbnail; polygons are drawn there, which is quicker than to decode and shrink them."""
    shape = Image.new("L", size, 0)
    if isinstance(one.segmentation, list):
        draw = ImageDraw.Draw(shape)
        for polygon in one.segmentation:
            if _is_polygon(polygon):
                draw.polygon([v * scale for v in polygon], fill=255)
        return shape
    try:
        mask = one.mask(picture)
    except UserError:
        return None
    if one.crowd:
        mask = mask & hatch_pattern(*mask.shape)
    return Image.fromarray((mask * 255).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)


def _is_polygon(polygon: Any) -> bool:
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        return False
    return all(isinstance(v, int | float) and abs(v) < 1e6 for v in polygon)


def hatch_pattern(height: int, width: int) -> np.ndarray:
    """Diagonal stripes (H, W) bool, as crowd regions are drawn."""
    rows, columns = (
        np.arange(n, dtype=np.int64).astype(np.uint8) % _HATCH_SPACING for n in (height, width)
    )  # 256 is a multiple of the stripes
    return np.add.outer(rows, columns) % _HATCH_SPACING < _HATCH_SPACING // 2


def box_iou(one: Instance, picture: ImageRecord) -> float:
    """Intersection over union of an instance's mask and its box, in pixels; 0 where it has no box. Raises UserError."""
    mask = one.mask(picture)
    if one.box is None:
        return 0.0
    x, y, w, h = one.box
    inside = np.zeros_like(mask)
    inside[max(0, round(y)) : max(0, round(y + h)), max(0, round(x)) : max(0, round(x + w))] = True
    union = (mask | inside).sum()
    return float((mask & inside).sum() / union) if union else 0.0
