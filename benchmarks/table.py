"""Output of all benchmarks: the machine, then a Markdown table of measurements with their targets."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata

import psutil

from core.runs import system_info

PACKAGES = ("torch", "torchvision", "lightning_fabric", "numpy", "streamlit")


@dataclass(frozen=True)
class Measurement:
    """One measurement. `at_least` or `at_most` is its target, if it has one."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"at least {_with_unit(self.at_least, self.unit)}"
        return f"under {_with_unit(self.at_most, self.unit)}" if self.at_most is not None else ""

    @property
    def is_met(self) -> str:
        if self.at_least is None and self.at_most is None:
            return ""
        low, high = self.at_least, self.at_most
        return "yes" if (low is None or self.value >= low) and (high is None or self.value < high) else "NO"


class UnavailableError(Exception):
    """A benchmark cannot run here; the message says why."""


def _format_number(value: float) -> str:
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.1f}"


def _with_unit(value: float, unit: str) -> str:
    space = "" if unit.startswith("%") else " "
    return f"{_format_number(value)}{space}{unit}".strip()


def _format_measurement(row: Measurement) -> str:
    return "never" if math.isinf(row.value) else _with_unit(row.value, row.unit)


def print_table(rows: Sequence[Measurement]) -> None:
    """Print `rows` as an aligned Markdown table."""
    head = ("what", "measured", "target", "met", "note")
    cells = [head, *((r.name, _format_measurement(r), r.target, r.is_met, r.note) for r in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    for number, line in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(flush=True)


def print_header() -> str:
    """Return the machine and the versions, in two lines."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    python = ".".join(map(str, sys.version_info[:3]))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    first = (
        f"{system_info.environment_summary()}; precision {system_info.resolve_precision('auto')}; load {load}"
    )
    return f"{first}\nPython {python}, {versions}, commit {system_info.git_commit()[:10]}"


def running_trainings() -> list[int]:
    """Return the process ids of all training processes on this machine."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        if "core.runs.process" in words:
            found.append(process.info["pid"])
    return found


def require_idle_machine(patience: float = 20.0) -> None:
    """Exit with a message if a run is in progress: both would be slower, and the measurements wrong. Waits
    `patience` seconds for a run that is just ending.
    """
    until = time.monotonic() + patience
    while (running := running_trainings()) and time.monotonic() < until:
        time.sleep(0.2)
    if running:
        ids = ", ".join(map(str, running))
        sys.exit(
            f"A run is in progress (process {ids}), so nothing is measured now. Stop it, measure, then resume it."
        )


def measure_and_print(measure: Callable[[], Sequence[Measurement]]) -> None:
    """Measure and print the table, or say why it is not available."""
    try:
        print_table(measure())
    except UnavailableError as reason:
        print(f"Skipped: {reason}\n", flush=True)


def run_standalone(measure: Callable[[], Sequence[Measurement]]) -> None:
    """Run a benchmark as a program."""
    require_idle_machine()
    print(print_header() + "\n", flush=True)
    measure_and_print(measure)
