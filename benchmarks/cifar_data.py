"""CIFAR-10 from its files: decoding into the array cache, and opening afterwards."""

from __future__ import annotations

import os
import statistics
import tempfile
import time

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
from core import data


def measure_rows() -> list[Measurement]:
    source = data.find_dataset("cifar10")
    if source is None:
        raise UnavailableError("CIFAR-10 is not on this machine.")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["MANABI_CACHE"] = cache
        begun = time.perf_counter()
        dataset = data.load_dataset("cifar10", download=False)
        decoding = time.perf_counter() - begun
        again = []
        for _ in range(9):
            begun = time.perf_counter()
            dataset = data.dataset_info("cifar10").load(source)
            again.append(time.perf_counter() - begun)
        count = len(dataset.train_x) + len(dataset.test_x)
    return [
        Measurement(f"decoding {count:,} images of {source.name}", decoding, "s", at_most=20),
        Measurement("opening them again", statistics.median(again), "s", at_most=0.2),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
