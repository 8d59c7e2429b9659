"""Cross-validation of all models of the house prices lesson in a process of its own: `python -m core.analysis.table_study SOURCE B`.

Each line of the output is the fraction done so far. The result is kept below the cache, so it is computed once per machine.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from core import paths
from core.analysis.table_models import FOLDS, NAMES, REPEATS, StudyResult, cross_validate, make_folds
from core.files import read_json, write_json
from core.lessons.house_data import HouseTable, load_table
from core.lessons.house_settings import NetworkSettings

_NICENESS = 10  # from 0 to 19
_VERSION = 1  # of the models and their settings


def result_path(table: HouseTable) -> Path:
    """Where the result for `table` is kept."""
    name = hashlib.sha256(
        f"{_VERSION} {FOLDS} {REPEATS} {NetworkSettings()} {table.key}".encode()
    ).hexdigest()
    return paths.cache() / "house-prices" / f"{name[:16]}.json"


def read_result(table: HouseTable) -> StudyResult | None:
    """The complete result for `table`, or None if it has not been computed on this machine."""
    values = read_json(result_path(table))
    try:
        result = StudyResult(**values)
        return result if result.num_done == result.total and set(result.rmse) == set(NAMES) else None
    except (TypeError, AttributeError):
        return None


def compute_result(table: HouseTable, report: Callable[[float], None] | None = None) -> StudyResult:
    """Compute and keep the result for `table`; `report` is called with the fraction done."""
    x, y = table.x, table.y
    settings, folds = NetworkSettings(), make_folds(len(y))
    steps = (len(NAMES) - 1) * len(folds) + settings.epochs
    result = StudyResult(0, 0.0)
    for step, so_far in enumerate(cross_validate(x, y, folds, settings)):
        result = so_far
        if report:
            report(min(1.0, (step + 1) / steps))
    path = result_path(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(result))
    return result


def main(source: str, use_b_column: bool) -> None:
    """Compute the result for a table, unless another process has done so meanwhile. Processes of one machine take turns."""
    import torch

    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    torch.set_num_threads(1)

    def report(share: float) -> None:
        sys.stdout.write(f"{share:.4f}\n")
        sys.stdout.flush()

    table = load_table(source, use_b_column)
    path = result_path(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(".lock")):
        if read_result(table) is None:
            compute_result(table, report)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "b")
