"""Check that a run continues on, and is compared on, the data that it started with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.messages import N_, UserError


def same_test_set(fingerprint: Sequence[float], other_fingerprint: Sequence[float]) -> bool:
    """Whether two `ArrayDataset.test_fingerprint` values belong to the same test set; true if either is unknown (empty).

    Pixel means may differ by 1 of 255, since JPEG decoders round differently.
    """
    if not fingerprint or not other_fingerprint:
        return True
    return len(fingerprint) == len(other_fingerprint) and bool(
        np.abs(np.subtract(fingerprint, other_fingerprint)).max() <= 1
    )


def check_same_dataset(recorded: dict | None, current: dict) -> None:
    """Check that the data found now are those that a run recorded.

    Args:
        recorded: `ArrayDataset.describe()` at the start of the run; None if the run has not started.
        current: `ArrayDataset.describe()` of the data found now.

    Raises:
        UserError: if name, sizes, shape, features or test set differ.
    """
    if recorded is None:
        return
    other = not same_test_set(recorded.get("test_levels", ()), current["test_levels"])
    if other or any(recorded.get(k) != current[k] for k in ("name", "train", "test", "in_shape", "features")):
        raise UserError(
            N_(
                "This run started with {before} (training set size: {before_count}), but {now} "
                "({now_count}) was found. Restore the original data (set MANABI_DATA to its folder), "
                "or start a new run."
            ),
            before=str(recorded.get("title")),
            before_count=recorded.get("train"),
            now=current["title"],
            now_count=current["train"],
        )
