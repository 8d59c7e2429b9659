"""What every benchmark prints: the machine, then a Markdown table of measurements with their targets."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata

import psutil

from core.training import machine

PACKAGES = ("torch", "torchvision", "lightning", "numpy", "streamlit")


@dataclass(frozen=True)
class Row:
    """One measurement. `at_least` or `below` is the target; without one the figure is there for orientation."""

    what: str
    value: float
    unit: str = ""
    at_least: float | None = None
    below: float | None = None
    note: str = ""

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"at least {_number(self.at_least)} {self.unit}".strip()
        return f"under {_number(self.below)} {self.unit}".strip() if self.below is not None else ""

    @property
    def met(self) -> str:
        if self.at_least is None and self.below is None:
            return ""
        low, high = self.at_least, self.below
        return "yes" if (low is None or self.value >= low) and (high is None or self.value < high) else "NO"


class NotHereError(Exception):
    """A benchmark cannot run here: the sentence says why."""


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.1f}"


def _measured(row: Row) -> str:
    return "never" if math.isinf(row.value) else f"{_number(row.value)} {row.unit}".strip()


def show(rows: Sequence[Row]) -> None:
    """Print `rows` as a Markdown table whose columns line up."""
    head = ("what", "measured", "target", "met", "note")
    cells = [head, *((r.what, _measured(r), r.target, r.met, r.note) for r in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    for number, line in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(flush=True)


def header() -> str:
    """The machine and the versions, in two lines."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    python = ".".join(map(str, sys.version_info[:3]))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    first = f"{machine.short()}; precision {machine.resolve_precision('auto')}; load {load}"
    return f"{first}\nPython {python}, {versions}, commit {machine.commit()[:10]}"


def trainings() -> list[int]:
    """Process ids of the trainings that run on this machine now, whoever started them."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        if "core.training.job" in words:
            found.append(process.info["pid"])
    return found


def refuse_beside_a_training(patience: float = 20.0) -> None:
    """Exit with a sentence where a training runs: both would be slower, and the figures wrong. One that is just ending, such as the
    last of the benchmark before, is waited for, `patience` seconds."""
    until = time.monotonic() + patience
    while (running := trainings()) and time.monotonic() < until:
        time.sleep(0.2)
    if running:
        ids = ", ".join(map(str, running))
        sys.exit(f"A training runs on this machine (process {ids}), so nothing is measured now. Stop it, measure, resume it.")


def measured(measure: Callable[[], Sequence[Row]]) -> None:
    """Measure and show, or say why not."""
    try:
        show(measure())
    except NotHereError as reason:
        print(f"Left out: {reason}\n", flush=True)


def alone(measure: Callable[[], Sequence[Row]]) -> None:
    """What a benchmark does when it is run as a program of its own."""
    refuse_beside_a_training()
    print(header() + "\n", flush=True)
    measured(measure)
