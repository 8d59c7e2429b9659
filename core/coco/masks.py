"""Decode segmentations (polygons, RLE, compressed RLE) to masks with pycocotools, after validating them.

pycocotools is written in C and trusts its input: runs that do not add up to the image size, or coordinates far outside
the image, would write out of bounds or allocate without limit. Masks are (H, W) bool.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.messages import N_, UserError

MAX_OVERSHOOT = 4.0  # image sides by which a coordinate may lie outside the image
MAX_PIXELS = 100_000_000
MAX_PERIMETER = 2_000_000.0  # pixels along the edges of one polygon


def to_rle(segmentation: Any, height: int, width: int) -> dict[str, Any]:
    """Convert a segmentation to the compressed RLE of pycocotools. Raises UserError if it is invalid."""
    from pycocotools import mask

    if height <= 0 or width <= 0 or height * width > MAX_PIXELS:
        raise UserError(N_("the image size {width}×{height} is not supported"), width=width, height=height)
    if isinstance(segmentation, list):
        return mask.merge(mask.frPyObjects(check_polygons(segmentation, height, width), height, width))
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= segmentation.keys():
        raise UserError(N_("the segmentation is neither polygons nor RLE"))
    if segmentation["size"] != [height, width]:
        raise UserError(
            N_("the RLE size is {found}, but the image size is {size}"),
            found=str(segmentation["size"])[:40],
            size=str([height, width]),
        )
    counts = segmentation["counts"]
    runs = _decode_counts(counts) if isinstance(counts, str) else counts
    whole = isinstance(runs, list) and all(isinstance(n, int) and 0 <= n <= height * width for n in runs)
    if not whole or sum(runs) != height * width:
        raise UserError(N_("the RLE runs do not add up to the image size"))
    # Always from the runs: pycocotools never reads an untrusted string.
    return mask.frPyObjects({"size": [height, width], "counts": runs}, height, width)


def decode_mask(segmentation: Any, height: int, width: int) -> np.ndarray:
    """Decode a segmentation to a mask (H, W) bool. Raises UserError if it is invalid."""
    from pycocotools import mask

    return mask.decode(to_rle(segmentation, height, width)).astype(bool)


def encode_rle(mask: np.ndarray) -> dict[str, Any]:
    """Encode a mask (H, W) as uncompressed RLE: size, and run lengths in column order, starting with background."""
    flat = np.concatenate([[0], mask.flatten(order="F").astype(np.int8), [0]])
    counts = np.diff(np.concatenate([[0], np.flatnonzero(np.diff(flat)), [mask.size]]))
    return {"size": list(mask.shape), "counts": (counts if counts[-1] else counts[:-1]).tolist()}


def mask_extent(segmentation: Any, height: int, width: int) -> tuple[int, tuple[float, float, float, float]]:
    """Return the area of a mask in pixels and its bounding box (x, y, width, height). Raises UserError if it is invalid."""
    from pycocotools import mask

    encoded = to_rle(segmentation, height, width)
    return int(mask.area(encoded)), tuple(float(v) for v in mask.toBbox(encoded))


def check_polygons(polygons: list, height: int, width: int) -> list[list[float]]:
    """Return `polygons` if pycocotools can draw them in an image of this size. Raises UserError otherwise."""
    if not polygons:
        raise UserError(N_("the segmentation is empty"))
    for polygon in polygons:
        if not isinstance(polygon, list) or not all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in polygon
        ):
            raise UserError(N_("a polygon is not a list of numbers"))
        if len(polygon) % 2:
            raise UserError(N_("a polygon has an odd number of coordinates ({count})"), count=len(polygon))
        if len(polygon) < 6:
            raise UserError(
                N_("a polygon has too few points ({count}); at least three are required"),
                count=len(polygon) // 2,
            )
        reach = MAX_OVERSHOOT * max(height, width)
        if not all(math.isfinite(v) and -reach <= v <= reach for v in polygon):
            raise UserError(N_("a polygon extends far outside the image"))
        # pycocotools stores every pixel along every edge.
        perimeter = sum(
            abs(a - b)
            for axis in (polygon[0::2], polygon[1::2])
            for a, b in zip(axis, [*axis[1:], axis[0]], strict=True)
        )
        if perimeter > MAX_PERIMETER:
            raise UserError(N_("a polygon's perimeter is too long ({length} px)"), length=f"{perimeter:,.0f}")
    return polygons


def _decode_counts(counts: str) -> list[int]:
    """Decode the runs of compressed RLE; [-1] if invalid.

    Each character holds five bits; from the fourth run on, the difference to the run before the last (maskApi.c).
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts.encode("utf-8"):
        code = character - 48
        if not 0 <= code < 64 or shift > 30:
            return [-1]
        value |= (code & 0x1F) << shift
        shift += 5
        if not code & 0x20:
            if code & 0x10:
                value -= 1 << shift
            if len(runs) > 2:
                value += runs[-2]
            runs.append(value)
            value = shift = 0
    return [-1] if shift else runs
