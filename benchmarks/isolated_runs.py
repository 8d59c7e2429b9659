"""A separate run store for benchmarks that train: existing runs are not touched, and no run is left behind.

As a benchmark, what it costs that a run is a process of its own: from Start to its first step, and around its steps.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
from core import data, tasks
from core.runs import queue
from core.runs.store import Run


@contextmanager
def isolated_runs() -> Iterator[Path]:
    """Set MANABI_RUNS and MANABI_CACHE to a temporary folder, for this process and its children."""
    before = {name: os.environ.get(name) for name in ("MANABI_RUNS", "MANABI_CACHE")}
    with tempfile.TemporaryDirectory(prefix="manabi-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["MANABI_RUNS"], os.environ["MANABI_CACHE"] = (
            str(Path(folder, "runs")),
            str(Path(folder, "cache")),
        )
        try:
            yield Path(folder, "runs")
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def wait_for(run: Run, seconds: float = 600) -> Run:
    """Block until `run` has ended. Raises RuntimeError if it failed or takes too long."""
    deadline = time.monotonic() + seconds
    while run.status().is_active and time.monotonic() < deadline:
        time.sleep(0.1)
    if run.status().state != "finished":
        raise RuntimeError(f"{run.task_name}: {run.status()} {run.log_tail()}")
    return run


def require_mnist() -> Path:
    """Return the data root that holds MNIST. Raises UnavailableError if MNIST is not installed."""
    folder = data.find_dataset("mnist")
    if folder is None:
        raise UnavailableError(
            "MNIST is not on this machine. Name its folder in MANABI_DATA, or: python -m core data get mnist"
        )
    return folder.parents[1]


NUM_STARTS = 3


def _start_once() -> tuple[float, float, float, float]:
    """Start a quick run; return the seconds to its first step and to its end, those of its training alone, and its size in kB."""
    task = tasks.TASKS[0]
    begun = time.perf_counter()
    run = queue.start_run(task, task.quick_recipe())
    while run.status().is_active and not run.status().step:
        time.sleep(0.02)
    first = time.perf_counter() - begun
    wait_for(run)
    return first, time.perf_counter() - begun, run.summary["seconds"], run.size() / 1000


def _import_torch() -> float:
    """Seconds of a process that does nothing else."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - begun


def measure_rows() -> list[Measurement]:
    with isolated_runs():
        _start_once()  # decodes the data set
        starts = [_start_once() for _ in range(NUM_STARTS)]
    first, total, training, size = (statistics.median(values) for values in zip(*starts, strict=True))
    alone = statistics.median(_import_torch() for _ in range(NUM_STARTS))
    return [
        Measurement("Start to the first step", first, "s", note=f"median of {NUM_STARTS} quick runs"),
        Measurement(
            "Start to the first step / `import torch`",
            first / alone,
            "times",
            at_most=1.5,
            note=f"{alone:.2f} s",
        ),
        Measurement("Start to the end", total, "s"),
        Measurement("of that, training and validation", training, "s"),
        Measurement("the run's folder", size, "kB"),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
