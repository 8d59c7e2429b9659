"""A run store of their own for benchmarks that train, so that nobody's runs are touched and none is left behind."""

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
    """MANABI_RUNS and MANABI_CACHE in a temporary folder, for this process and those that it starts."""
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
    """Return when `run` has ended. Raises RuntimeError where it failed or takes too long."""
    deadline = time.monotonic() + seconds
    while run.status().is_active and time.monotonic() < deadline:
        time.sleep(0.1)
    if run.status().state != "finished":
        raise RuntimeError(f"{run.task_name}: {run.status()} {run.log_tail()}")
    return run


def require_mnist() -> Path:
    """The data root that holds MNIST. Raises NotHereError where there is none."""
    folder = data.find_dataset("mnist")
    if folder is None:
        raise UnavailableError(
            "MNIST is not on this machine. Name its folder in MANABI_DATA, or: python -m core data get mnist"
        )
    return folder.parents[1]
