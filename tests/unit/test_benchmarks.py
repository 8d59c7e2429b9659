"""The benchmarks that `make bench` runs exist, and can be imported by name."""

from __future__ import annotations

import importlib

import pytest

from benchmarks import __main__ as index
from benchmarks.table import Measurement, print_table

NAMES = [*index.QUICK_BENCHMARKS, *index.LONG_BENCHMARKS]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_started(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").measure_rows)


def test_former_names_still_name_a_benchmark() -> None:
    assert set(index.ALIASES.values()) <= set(NAMES) and not set(index.ALIASES) & set(NAMES)


@pytest.mark.slow
def test_the_functions_that_run_in_their_own_process_are_found() -> None:
    coco, cyclegan = (importlib.import_module(f"benchmarks.{name}") for name in ("coco", "cyclegan"))
    assert coco.run_isolated(coco.peak_memory) > 0
    assert cyclegan.run_isolated(cyclegan.generator_seconds, 2, 1) > 0


def test_units_are_written_as_people_write_them(capsys: pytest.CaptureFixture) -> None:
    print_table([Measurement("share", 8.53, "%", at_most=5), Measurement("time", 2, "s")])
    printed = capsys.readouterr().out
    assert "8.53%" in printed and "under 5%" in printed and "2 s" in printed
