"""Statistics of a data set: categories, instances per image, sizes, locations, keypoints, co-occurrence.

Each function is one query on the index. `categories` are the category ids to count; None counts all.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.coco.dataset import Coco

GRID_SIZE = 24  # cells of the heatmap per axis
SMALL_AREA, LARGE_AREA = 32**2, 96**2  # px²: the bounds of COCO's area classes


def _category_condition(categories: list[int] | None) -> str:
    """Return the SQL condition that an annotation belongs to one of the categories."""
    return (
        "TRUE"
        if categories is None
        else f"category IN ({', '.join(str(int(c)) for c in categories) or 'NULL'})"
    )


def category_counts(coco: Coco) -> pd.DataFrame:
    """Return name, supercategory, n (instances), images (with at least one) and crowds per category, most frequent first."""
    return coco.query_table(
        "SELECT c.name, c.supercategory, count(*) AS n, count(DISTINCT a.image) AS images, "
        "count(*) FILTER (WHERE a.crowd) AS crowds FROM annotations a JOIN categories c ON c.category = a.category "
        "GROUP BY c.name, c.supercategory ORDER BY n DESC, c.name"
    )


def instances_per_image(coco: Coco) -> pd.DataFrame:
    """Return n (instances in an image, including 0) and images (with that number of instances)."""
    return coco.query_table(
        "SELECT n, count(*) AS images FROM (SELECT i.image, count(a.image) AS n FROM images i LEFT JOIN annotations a ON a.image = i.image "
        "GROUP BY i.image) GROUP BY n ORDER BY n"
    )


def size_histogram(coco: Coco, categories: list[int] | None = None) -> pd.DataFrame:
    """Return side (lower edge of a bin of √area, pixels; two bins per octave) and n (instances, without crowd regions)."""
    return coco.query_table(
        "SELECT pow(2, floor(2 * log2(sqrt(area))) / 2) AS side, count(*) AS n FROM annotations "
        f"WHERE area > 0 AND NOT crowd AND {_category_condition(categories)} GROUP BY side ORDER BY side"
    )


def area_class_counts(coco: Coco, categories: list[int] | None = None) -> dict[str, int]:
    """Return the numbers of "small" (area below 32² px), "medium" and "large" (from 96² px) instances, without crowd regions."""
    counts = coco.query_table(
        "SELECT count(*) FILTER (WHERE area < ?) AS small, count(*) FILTER (WHERE area >= ? AND area < ?) AS medium, "
        f"count(*) FILTER (WHERE area >= ?) AS large FROM annotations WHERE NOT crowd AND {_category_condition(categories)}",
        [SMALL_AREA, SMALL_AREA, LARGE_AREA, LARGE_AREA],
    ).iloc[0]
    return {name: int(counts[name]) for name in ("small", "medium", "large")}


def center_heatmap(coco: Coco, categories: list[int] | None = None) -> np.ndarray:
    """Return counts of box centers (GRID_SIZE, GRID_SIZE) relative to the image: rows top to bottom, columns left to right."""
    cells = coco.query_table(
        "SELECT CAST(floor(? * (a.y + a.h / 2) / i.height) AS INTEGER) AS r, CAST(floor(? * (a.x + a.w / 2) / i.width) AS INTEGER) AS c, "
        "count(*) AS n FROM annotations a JOIN images i ON i.image = a.image WHERE i.width > 0 AND i.height > 0 "
        "AND a.x + a.w / 2 BETWEEN 0 AND i.width AND a.y + a.h / 2 BETWEEN 0 AND i.height "
        f"AND NOT a.crowd AND {_category_condition(categories)} GROUP BY r, c",
        [GRID_SIZE, GRID_SIZE],
    )
    grid = np.zeros((GRID_SIZE, GRID_SIZE), np.int64)
    np.add.at(grid, (cells["r"].clip(0, GRID_SIZE - 1), cells["c"].clip(0, GRID_SIZE - 1)), cells["n"])
    return grid


def keypoint_visibility(coco: Coco) -> pd.DataFrame:
    """Return joint (keypoint index), hidden (v = 1), visible (v = 2) and of (people with keypoints); empty without keypoints."""
    return coco.query_table(
        "SELECT joint, CAST(sum(hidden) AS BIGINT) AS hidden, CAST(sum(visible) AS BIGINT) AS visible, CAST(sum(persons) AS BIGINT) AS of "
        "FROM joints GROUP BY joint ORDER BY joint"
    )


def cooccurrence(coco: Coco) -> pd.DataFrame:
    """Return the number of images with both of two categories, by category id; the diagonal counts images of one category."""
    pairs = coco.query_table(
        "WITH held AS (SELECT DISTINCT image, category FROM annotations) "
        "SELECT a.category AS one, b.category AS other, count(*) AS n FROM held a JOIN held b ON a.image = b.image GROUP BY one, other"
    )
    numbers = coco.categories["category"]
    return (
        pairs.pivot(index="one", columns="other", values="n")
        .reindex(index=numbers, columns=numbers)
        .fillna(0)
        .astype(int)
    )
