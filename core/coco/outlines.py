"""Instances as outlines, for drawings that stay sharp at any size: SVG path data in pixels of the picture.

Polygons are drawn as they are in the file. RLE has no outline of its own; its mask is traced (marching squares, Lorensen and Cline 1987,
by scikit-image), to within half a pixel.
"""

from __future__ import annotations

import numpy as np

from core.coco import masks
from core.coco.dataset import ImageRecord, Instance
from core.messages import UserError

_TOLERANCE = 0.5  # pixels by which a traced outline may be straightened


def instance_rings(instance: Instance, image_record: ImageRecord) -> list[np.ndarray]:
    """Closed outlines (P, 2) of x, y; holes of a traced mask are rings of their own. Raises UserError naming the record and what is wrong
    with its segmentation."""
    if isinstance(instance.segmentation, list):
        try:
            polygons = masks.check_polygons(instance.segmentation, image_record.height, image_record.width)
        except UserError as error:
            raise instance.error(image_record, error) from error
        return [np.asarray(polygon, float).reshape(-1, 2) for polygon in polygons]
    return trace_mask(instance.mask(image_record))


def trace_mask(mask: np.ndarray) -> list[np.ndarray]:
    """Outlines (P, 2) of x, y around the True pixels of (H, W)."""
    from skimage.measure import approximate_polygon, find_contours

    found = find_contours(np.pad(mask, 1).astype(np.float32), 0.5)
    return [
        approximate_polygon(ring[:, ::-1] - 0.5, _TOLERANCE) for ring in found
    ]  # a pixel's middle lies half a pixel into it


def svg_path(instance: Instance, image_record: ImageRecord) -> str:
    """SVG path data of the instance, to be filled by the even-odd rule where it was RLE. Raises UserError as `rings` does."""
    parts = [
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z"
        for ring in instance_rings(instance, image_record)
    ]
    return "".join(parts)


def polygons_contain(polygons: list[np.ndarray], points: np.ndarray) -> np.ndarray:
    """Which of `points` (K, 2) lie inside one of the polygons (P, 2), as (K,) bool: crossings of a ray to the right, counted."""
    inside = np.zeros(len(points), bool)
    for polygon in polygons:
        x, y = polygon.T
        x2, y2 = np.roll(x, -1), np.roll(y, -1)
        px, py = points[:, :1], points[:, 1:]
        crosses = (y > py) != (y2 > py)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x + (py - y) * (x2 - x) / (y2 - y)
        inside |= (crosses & (px < at)).sum(1) % 2 == 1
    return inside


def edge_distance(polygons: list[np.ndarray], points: np.ndarray) -> np.ndarray:
    """Pixels (K,) from each of `points` (K, 2) to the nearest edge of the polygons (P, 2); infinite where there is none."""
    nearest = np.full(len(points), np.inf)
    for polygon in polygons:
        start, way = polygon, np.roll(polygon, -1, axis=0) - polygon  # (P, 2)
        length = (way**2).sum(1).clip(1e-9)
        along = (((points[:, None] - start) * way).sum(2) / length).clip(0, 1)  # (K, P)
        feet = start + along[..., None] * way
        nearest = np.minimum(nearest, np.sqrt(((points[:, None] - feet) ** 2).sum(2)).min(1))
    return nearest
