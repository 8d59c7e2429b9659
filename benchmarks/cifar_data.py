"""CIFAR-10 from its files: decoded once into the array cache, opened afterwards."""

from __future__ import annotations

import os
import statistics
import tempfile
import time

from benchmarks import table
from benchmarks.table import NotHereError, Row
from core import data


def rows() -> list[Row]:
    source = data.find("cifar10")
    if source is None:
        raise NotHereError("CIFAR-10 is not on this machine.")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["MANABI_CACHE"] = cache
        begun = time.perf_counter()
        found = data.obtain("cifar10", download=False)
        decoding = time.perf_counter() - begun
        again = []
        for _ in range(9):
            begun = time.perf_counter()
            found = data.module("cifar10").load(source)  # `obtain` keeps what it has opened in this process
            again.append(time.perf_counter() - begun)
        count = len(found.train_x) + len(found.test_x)
    return [
        Row(f"decoding {count:,} images of {source.name}", decoding, "s", below=20),
        Row("opening them again", statistics.median(again), "s", below=0.2),
    ]


if __name__ == "__main__":
    table.alone(rows)
