"""Segmentations as masks: polygons, RLE and compressed RLE, decoded by pycocotools after they have been looked at.

pycocotools is written in C and trusts its input: runs that do not fill the picture, or coordinates far outside of it, would write or
allocate without end. Shapes: H W of the picture.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.messages import N_, UserError

MAX_OVERSHOOT = 4.0  # sides of the picture that a coordinate may lie outside of it
MAX_PIXELS = 100_000_000
MAX_PERIMETER = 2_000_000.0  # pixels along the edges of one polygon


def to_rle(segmentation: Any, height: int, width: int) -> dict[str, Any]:
    """The segmentation of one instance as compressed RLE of pycocotools. Raises UserError saying what is wrong with it."""
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
    # From the runs in both cases: pycocotools never reads a stranger's string.
    return mask.frPyObjects({"size": [height, width], "counts": runs}, height, width)


def decode_mask(segmentation: Any, height: int, width: int) -> np.ndarray:
    """The mask (H, W) bool of one instance. Raises UserError saying what is wrong with its segmentation."""
    from pycocotools import mask

    return mask.decode(to_rle(segmentation, height, width)).astype(bool)


def encode_rle(mask: np.ndarray) -> dict[str, Any]:
    """(H, W) bool as RLE that is not compressed: its size and the lengths of its runs, column by column, beginning with zeros."""
    flat = np.concatenate([[0], mask.flatten(order="F").astype(np.int8), [0]])
    counts = np.diff(np.concatenate([[0], np.flatnonzero(np.diff(flat)), [mask.size]]))
    return {"size": list(mask.shape), "counts": (counts if counts[-1] else counts[:-1]).tolist()}


def mask_extent(segmentation: Any, height: int, width: int) -> tuple[int, tuple[float, float, float, float]]:
    """Pixels of the mask, and the box (x, y, width, height) around it. Raises UserError."""
    from pycocotools import mask

    encoded = to_rle(segmentation, height, width)
    return int(mask.area(encoded)), tuple(float(v) for v in mask.toBbox(encoded))


def check_polygons(found: list, height: int, width: int) -> list[list[float]]:
    """`found` as it is, once it is known to be polygons. Raises UserError saying what is wrong with it."""
    if not found:
        raise UserError(N_("the segmentation is empty"))
    for polygon in found:
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
        # pycocotools walks along every edge, pixel by pixel, and keeps all of them.
        way = sum(
            abs(a - b)
            for axis in (polygon[0::2], polygon[1::2])
            for a, b in zip(axis, [*axis[1:], axis[0]], strict=True)
        )
        if way > MAX_PERIMETER:
            raise UserError(N_("a polygon's perimeter is too long ({length} px)"), length=f"{way:,.0f}")
    return found


def _decode_counts(counts: str) -> list[int]:
    """The runs of compressed RLE: five bits a character, from the third run on the difference to the one before the last (maskApi.c)."""
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
