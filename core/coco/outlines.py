"""Outlines of instances as SVG paths in image pixels, sharp at any zoom.

Polygons are taken from the file. An RLE has no outline, so its mask is traced to within half a pixel (marching squares,
Lorensen and Cline 1987, by scikit-image).
"""

from __future__ import annotations

import numpy as np

from core.coco import masks
from core.coco.dataset import ImageRecord, Instance
from core.messages import UserError

_TOLERANCE = 0.5  # pixels by which a traced outline is simplified
_MIN_STEP = 2  # pixels between the points of an outline on a small image


def instance_rings(instance: Instance, image_record: ImageRecord) -> list[np.ndarray]:
    """Return the closed outlines (P, 2) of x, y; holes of a traced mask are separate rings.

    Raises UserError with the annotation id if the segmentation is invalid.
    """
    if isinstance(instance.segmentation, list):
        try:
            polygons = masks.check_polygons(instance.segmentation, image_record.height, image_record.width)
        except UserError as error:
            raise instance.error(image_record, error) from error
        return [np.asarray(polygon, float).reshape(-1, 2) for polygon in polygons]
    return trace_mask(instance.mask(image_record))


def trace_mask(mask: np.ndarray) -> list[np.ndarray]:
    """Trace the outlines (P, 2) of x, y of a mask (H, W)."""
    from skimage.measure import approximate_polygon, find_contours

    contours = find_contours(np.pad(mask, 1).astype(np.float32), 0.5)
    # The center of a pixel lies half a pixel inside it; the padding shifts by one.
    return [approximate_polygon(contour[:, ::-1] - 0.5, _TOLERANCE) for contour in contours]


def svg_path(instance: Instance, image_record: ImageRecord) -> str:
    """Return the SVG path data of an instance, to be filled by the even-odd rule. Raises UserError as `instance_rings` does."""
    parts = [
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z"
        for ring in instance_rings(instance, image_record)
    ]
    return "".join(parts)


def small_svg_path(instance: Instance, image_record: ImageRecord, scale: float) -> str:
    """Return the path of an instance on an image enlarged by `scale`, in whole pixels and with few points.

    An instance whose segmentation is missing or invalid has the path of its box, or "" without one.
    """
    try:
        rings = instance_rings(instance, image_record) if instance.segmentation is not None else []
    except UserError:
        rings = []
    if not rings and instance.box is not None:
        x, y, w, h = instance.box
        rings = [np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], float)]
    return "".join(_thin_out(scale * ring) for ring in rings)


def _thin_out(ring: np.ndarray) -> str:
    points = [ring[0]]
    for point in ring[1:]:
        if abs(point - points[-1]).max() >= _MIN_STEP:
            points.append(point)
    return "M" + "L".join(f"{round(x)} {round(y)}" for x, y in points) + "Z"


def polygons_contain(polygons: list[np.ndarray], points: np.ndarray) -> np.ndarray:
    """Return which of `points` (K, 2) lie inside any of the polygons (P, 2), as (K,) bool, by ray casting."""
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
    """Return the distance (K,) in pixels of each of `points` (K, 2) to the nearest polygon edge; infinite without polygons."""
    nearest = np.full(len(points), np.inf)
    for polygon in polygons:
        start, edge = polygon, np.roll(polygon, -1, axis=0) - polygon  # (P, 2)
        length = (edge**2).sum(1).clip(1e-9)
        along = (((points[:, None] - start) * edge).sum(2) / length).clip(0, 1)  # (K, P)
        feet = start + along[..., None] * edge
        nearest = np.minimum(nearest, np.sqrt(((points[:, None] - feet) ** 2).sum(2)).min(1))
    return nearest
