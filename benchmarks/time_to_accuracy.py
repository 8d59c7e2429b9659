"""Wall time from `python -m core train ...` to the first epoch that reaches an accuracy on the validation part."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

from benchmarks import table
from benchmarks.runs_apart import need_mnist, runs_apart
from benchmarks.table import Row
from core.training import jobs, runs
from core.training.logs import MetricsReader

_POLL = 0.1  # seconds


def reach(task: str, levels: list[float], *options: str) -> list[Row]:
    """Train `task` until the last of `levels` (ascending) is reached, then stop it. One row per level."""
    root, found, name = need_mnist(), [], " ".join([task, *options])
    with runs_apart():
        begun = time.perf_counter()
        command = [sys.executable, "-m", "core", "train", task, "--data-root", str(root), *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
        reader, run = None, None
        while len(found) < len(levels) and process.poll() is None:
            time.sleep(_POLL)
            if run is None:
                run = next(iter(runs.every(task)), None)
                continue
            reader = reader or MetricsReader(run.path / "metrics.csv")
            log, now = reader.read(), time.perf_counter() - begun
            for level in levels[len(found) :] if "val/accuracy" in log else []:
                reached = log[log["val/accuracy"] >= level]
                if reached.empty:
                    break
                first = reached.iloc[0]
                note = f"epoch {first['epoch']:.0f}, {first['val/accuracy']:.2%}; training alone {first['seconds']:.1f} s"
                found.append(Row(f"{name} to {level:.1%}", now, "s", note=note))
        if run:
            jobs.stop(run)
        process.wait(timeout=120)
        best = "" if reader is None else f"{reader.read()['val/accuracy'].max():.2%}"
    return found + [Row(f"{name} to {level:.1%}", math.inf, "s", note=f"best {best}") for level in levels[len(found) :]]


def rows() -> list[Row]:
    # The notes' constant rate wanders around 98 %; a falling one gets past it in half the time.
    return [
        *reach("mnist-cnn", [0.980, 0.985]),
        *reach("mnist-cnn", [0.985], "--schedule", "one-cycle", "--epochs", "5"),
        *reach("mnist-modern", [0.990]),
    ]


if __name__ == "__main__":
    table.alone(rows)
