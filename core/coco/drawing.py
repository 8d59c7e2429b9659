"""Pictures with their annotations drawn over them: thumbnails for a grid, masks for one image, crowd regions hatched.

Shapes: H W of what is drawn. Colours are uint8 RGB.
"""

from __future__ import annotations

import colorsys
import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core import images, paths
from core.coco.dataset import Coco, Instance, Picture
from core.files import write_bytes
from core.messages import UserError

SIDE = 256  # pixels of the longer side of a thumbnail
ALPHA = 0.45
_HATCH = 8  # pixels between two lines over a crowd region
_GOLDEN = 0.618033988749895
_MISSING = (228, 230, 235)


def colour(category: int) -> tuple[int, int, int]:
    """A colour for a category: hues far apart for numbers that are near."""
    hue = (category * _GOLDEN) % 1.0
    return tuple(round(255 * v) for v in colorsys.hsv_to_rgb(hue, 0.75, 0.95))


def photo(picture: Picture) -> Image.Image | None:
    """The image's file as a plain picture of the size that its record says, or None where it is missing or no picture."""
    if picture.path is None:
        return None
    try:
        found = images.opaque(images.decode(picture.path.read_bytes(), picture.path.name))
    except (UserError, OSError):
        return None
    size = (picture.width, picture.height)
    return found if found.size == size or not all(size) else found.resize(size)


def thumbnail(coco: Coco, picture: Picture, side: int = SIDE) -> np.ndarray:
    """The image with masks and boxes, (H, W, 3) uint8, at most `side` pixels a side; made once, then read from the cache folder."""
    path = paths.cache() / "coco-thumbnails" / coco.folder.name / f"{side}-{picture.number}.jpg"
    try:
        with Image.open(path) as kept:
            return np.asarray(kept.convert("RGB"))
    except OSError:
        drawn = _thumbnail(picture, coco.instances(picture), side)
    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, "JPEG", quality=90, subsampling=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, buffer.getbuffer())
    return drawn


def _thumbnail(picture: Picture, instances: list[Instance], side: int) -> np.ndarray:
    width, height = picture.width or 4, picture.height or 3
    scale = side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    found = photo(picture)
    canvas = (found.resize(size) if found is not None else Image.new("RGB", size, _MISSING)).convert("RGB")
    for one in sorted(instances, key=lambda i: -(i.area if i.area == i.area else 0)):  # large ones first, so that small ones stay in sight
        shape = _shape(one, picture, size, scale)
        if shape is not None:
            canvas = Image.composite(Image.blend(canvas, Image.new("RGB", size, colour(one.category)), ALPHA), canvas, shape)
        if one.box is not None:
            x, y, w, h = (v * scale for v in one.box)
            if w > 0 and h > 0:
                ImageDraw.Draw(canvas).rectangle([x, y, x + w, y + h], outline=colour(one.category))
    return np.asarray(canvas)


def _shape(one: Instance, picture: Picture, size: tuple[int, int], scale: float) -> Image.Image | None:
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
        mask = mask & hatched(*mask.shape)
    return Image.fromarray((mask * 255).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)


def _is_polygon(polygon: Any) -> bool:
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        return False
    return all(isinstance(v, int | float) and abs(v) < 1e6 for v in polygon)


def hatched(height: int, width: int) -> np.ndarray:
    """Diagonal stripes (H, W) bool, as crowd regions are drawn."""
    rows, columns = np.indices((height, width))
    return (rows + columns) % _HATCH < _HATCH // 2


def layer(
    picture: Picture, instances: list[Instance], opacity: float = ALPHA, lit: int | None = None
) -> tuple[np.ndarray, list[UserError]]:
    """The masks of an image as one see-through picture (H, W, 4) uint8, crowd regions hatched, and what could not be decoded. `lit` is the
    place of an instance that stands out."""
    out, problems = np.zeros((picture.height, picture.width, 4), np.uint8), []
    order = sorted(range(len(instances)), key=lambda i: (i == lit, -(instances[i].area if instances[i].area == instances[i].area else 0)))
    for i in order:
        one = instances[i]
        if one.segmentation is None:
            continue
        try:
            mask = one.mask(picture)
        except UserError as error:
            problems.append(error)
            continue
        if one.crowd:
            mask = mask & hatched(*mask.shape)
        share = opacity if lit is None or i == lit else 0.4 * opacity
        out[mask] = (*colour(one.category), round(255 * min(1.0, share * (1.6 if i == lit else 1.0))))
    return out, problems


def box_iou(one: Instance, picture: Picture) -> float:
    """Intersection over union of an instance's mask and its box, in pixels; 0 where it has no box. Raises UserError."""
    mask = one.mask(picture)
    if one.box is None:
        return 0.0
    x, y, w, h = one.box
    inside = np.zeros_like(mask)
    inside[max(0, round(y)) : max(0, round(y + h)), max(0, round(x)) : max(0, round(x + w))] = True
    union = (mask | inside).sum()
    return float((mask & inside).sum() / union) if union else 0.0


def as_rle(one: Instance, picture: Picture) -> dict[str, Any]:
    """The mask as RLE that is not compressed: its size and the lengths of its runs, column by column, beginning with zeros."""
    mask = one.mask(picture)
    flat = np.concatenate([[0], mask.flatten(order="F").astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(flat))
    counts = np.diff(np.concatenate([[0], edges, [mask.size]]))
    return {"size": list(mask.shape), "counts": (counts if counts[-1] else counts[:-1]).tolist()}

