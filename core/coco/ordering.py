"""Orders in which images can be looked through."""

from __future__ import annotations

import pandas as pd

from core.coco.dataset import Coco
from core.messages import N_

ORDERS = {
    "id": N_("Sort by image ID"),
    "instances": N_("Most objects first"),
    "categories": N_("Most categories first"),
    "small": N_("Smallest objects first"),
    "random": N_("Random order"),
}
"""Names of the orders, the default first."""
_KEYS = {
    "instances": "count(a.image) DESC",
    "categories": "count(DISTINCT a.category) DESC",
    "small": "min(CASE WHEN a.area > 0 AND NOT a.crowd THEN sqrt(a.area / (i.width * i.height)) END) NULLS LAST",
    "random": "hash(i.image)",
}


def sort_images(coco: Coco, rows: pd.DataFrame, order: str) -> pd.DataFrame:
    """Return `rows` of `Coco.filter_images` in one of `ORDERS`; equal ones stay in the order of `rows`.

    "small" compares the smallest object of each image relative to the image. "random" is the same on each call.
    """
    if order == "id" or rows.empty:
        return rows
    places = coco.query_table(
        "SELECT i.image FROM images i LEFT JOIN annotations a ON a.image = i.image GROUP BY i.image, i.split, i.id "
        f"ORDER BY {_KEYS[order]}, i.split, i.id"
    )["image"]
    kept = places[places.isin(rows["image"])]
    return rows.set_index("image", drop=False).loc[kept].reset_index(drop=True)
