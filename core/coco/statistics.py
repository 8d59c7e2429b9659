"""What a whole set holds: instances of each category and of each image, sizes, places, joints, and what occurs together.

Every function asks the index and returns a table; none reads a source file. `numbers` are those of the categories that are counted, None
counts all.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.coco.dataset import Coco

GRID_SIZE = 24  # of a heat map, each way
SMALL_AREA, LARGE_AREA = 32**2, 96**2  # pixels: COCO's area classes


def _category_condition(numbers: list[int] | None) -> str:
    """The condition that an annotation is of one of these categories; of any for None."""
    return "TRUE" if numbers is None else f"category IN ({', '.join(str(int(n)) for n in numbers) or 'NULL'})"


def category_counts(coco: Coco) -> pd.DataFrame:
    """name, supercategory, n (instances), images (that hold one), crowds; the most frequent first."""
    return coco.query_table(
        "SELECT c.name, c.supercategory, count(*) AS n, count(DISTINCT a.image) AS images, "
        "count(*) FILTER (WHERE a.crowd) AS crowds FROM annotations a JOIN categories c ON c.category = a.category "
        "GROUP BY c.name, c.supercategory ORDER BY n DESC, c.name"
    )


def instances_per_image(coco: Coco) -> pd.DataFrame:
    """n (instances in an image, 0 too), images (that hold so many)."""
    return coco.query_table(
        "SELECT n, count(*) AS images FROM (SELECT i.image, count(a.image) AS n FROM images i LEFT JOIN annotations a ON a.image = i.image "
        "GROUP BY i.image) GROUP BY n ORDER BY n"
    )


def size_histogram(coco: Coco, numbers: list[int] | None = None) -> pd.DataFrame:
    """side (lower edge of a bin, in pixels: the square root of the area; two bins to a doubling), n."""
    return coco.query_table(
        "SELECT pow(2, floor(2 * log2(sqrt(area))) / 2) AS side, count(*) AS n FROM annotations "
        f"WHERE area > 0 AND NOT crowd AND {_category_condition(numbers)} GROUP BY side ORDER BY side"
    )


def area_class_counts(coco: Coco, numbers: list[int] | None = None) -> dict[str, int]:
    """How many instances are "small" (below 32² pixels), "medium" and "large" (from 96² pixels on); crowd regions are left out."""
    found = coco.query_table(
        "SELECT count(*) FILTER (WHERE area < ?) AS small, count(*) FILTER (WHERE area >= ? AND area < ?) AS medium, "
        f"count(*) FILTER (WHERE area >= ?) AS large FROM annotations WHERE NOT crowd AND {_category_condition(numbers)}",
        [SMALL_AREA, SMALL_AREA, LARGE_AREA, LARGE_AREA],
    ).iloc[0]
    return {name: int(found[name]) for name in ("small", "medium", "large")}


def center_heatmap(coco: Coco, numbers: list[int] | None = None) -> np.ndarray:
    """(CELLS, CELLS) counts of the middles of boxes, rows from the top of the picture to its bottom, columns from left to right."""
    found = coco.query_table(
        "SELECT CAST(floor(? * (a.y + a.h / 2) / i.height) AS INTEGER) AS r, CAST(floor(? * (a.x + a.w / 2) / i.width) AS INTEGER) AS c, "
        "count(*) AS n FROM annotations a JOIN images i ON i.image = a.image WHERE i.width > 0 AND i.height > 0 "
        "AND a.x + a.w / 2 BETWEEN 0 AND i.width AND a.y + a.h / 2 BETWEEN 0 AND i.height "
        f"AND NOT a.crowd AND {_category_condition(numbers)} GROUP BY r, c",
        [GRID_SIZE, GRID_SIZE],
    )
    grid = np.zeros((GRID_SIZE, GRID_SIZE), np.int64)
    np.add.at(grid, (found["r"].clip(0, GRID_SIZE - 1), found["c"].clip(0, GRID_SIZE - 1)), found["n"])
    return grid


def keypoint_visibility(coco: Coco) -> pd.DataFrame:
    """joint (its number in the body, from 0), hidden (v = 1), visible (v = 2), of (persons with keypoints); empty where nobody has any."""
    return coco.query_table(
        "SELECT joint, CAST(sum(hidden) AS BIGINT) AS hidden, CAST(sum(visible) AS BIGINT) AS visible, CAST(sum(persons) AS BIGINT) AS of "
        "FROM joints GROUP BY joint ORDER BY joint"
    )


def cooccurrence(coco: Coco) -> pd.DataFrame:
    """How many images hold both of two categories: rows and columns are category numbers, the diagonal counts images of one."""
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
