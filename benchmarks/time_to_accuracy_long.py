"""Wall time from `python -m core train mnist-modern` to 99.0 % and 99.5 % on the validation part: minutes on two cores."""

from __future__ import annotations

from benchmarks import table
from benchmarks.table import Row
from benchmarks.time_to_accuracy import reach


def rows() -> list[Row]:
    return reach("mnist-modern", [0.990, 0.995])


if __name__ == "__main__":
    table.alone(rows)
