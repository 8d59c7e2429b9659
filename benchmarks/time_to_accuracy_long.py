"""Wall time from `python -m core train mnist-modern` to 99.0% and 99.5% validation accuracy: minutes on two
cores.
"""

from __future__ import annotations

from benchmarks import table
from benchmarks.table import Measurement
from benchmarks.time_to_accuracy import measure_time_to


def measure_rows() -> list[Measurement]:
    return measure_time_to("mnist-modern", [0.990, 0.995])


if __name__ == "__main__":
    table.run_standalone(measure_rows)
