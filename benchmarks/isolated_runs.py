"""A separate run store for benchmarks that train: existing runs are not touched, and no run is left behind."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.table import UnavailableError
from core import data
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
