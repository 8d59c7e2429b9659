"""Wall time from `python -m core train ...` to the first epoch that reaches a given validation accuracy, and of whole commands, start and
evaluation included, with their test accuracy.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs, require_mnist
from benchmarks.table import Measurement
from core.runs import queue, store
from core.runs.logs import MetricsReader

_POLL_SECONDS = 0.1  # seconds


def measure_time_to(task: str, levels: list[float], *options: str) -> list[Measurement]:
    """Train `task` until the last of `levels` (ascending) is reached, then stop it. One row per level."""
    root, found, name = require_mnist(), [], " ".join([task, *options])
    with isolated_runs():
        begun = time.perf_counter()
        command = [sys.executable, "-m", "core", "train", task, "--data-root", str(root), *options]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        reader, run = None, None
        while len(found) < len(levels) and process.poll() is None:
            time.sleep(_POLL_SECONDS)
            if run is None:
                run = next(iter(store.list_runs(task)), None)
                continue
            reader = reader or MetricsReader(run.path / "metrics.csv")
            log, now = reader.read(), time.perf_counter() - begun
            for level in levels[len(found) :] if "val/accuracy" in log else []:
                reached = log[log["val/accuracy"] >= level]
                if reached.empty:
                    break
                first = reached.iloc[0]
                note = f"epoch {first['epoch']:.0f}, {first['val/accuracy']:.2%}; training alone {first['seconds']:.1f} s"
                found.append(Measurement(f"{name} to {level:.1%}", now, "s", note=note))
        if run:
            queue.stop_run(run)
        process.wait(timeout=120)
        best = "" if reader is None else f"{reader.read()['val/accuracy'].max():.2%}"
    return found + [
        Measurement(f"{name} to {level:.1%}", math.inf, "s", note=f"best {best}")
        for level in levels[len(found) :]
    ]


def measure_command(
    options: list[str], seeds: int, accuracy: float, seconds: float | None = None
) -> list[Measurement]:
    """Run the command once per seed. Rows: its mean time and mean test accuracy, at most `seconds` and at least `accuracy`."""
    root, name = require_mnist(), " ".join(options)
    times, scores = [], []
    with isolated_runs():
        for seed in range(seeds):
            command = [
                sys.executable,
                "-m",
                "core",
                "train",
                *options,
                "--seed",
                str(seed),
                "--data-root",
                str(root),
            ]
            begun = time.perf_counter()
            done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
            times.append(time.perf_counter() - begun)
            scores.append(json.loads(done.stdout.splitlines()[-1])["metrics"]["accuracy"])
    runs = f"mean of {seeds} seeds" if seeds > 1 else "one run"
    spread = f"{runs}; {min(scores):.2%} to {max(scores):.2%}"
    return [
        Measurement(f"{name}: command to end", statistics.mean(times), "s", at_most=seconds, note=runs),
        Measurement(
            f"{name}: test accuracy", 100 * statistics.mean(scores), "%", at_least=100 * accuracy, note=spread
        ),
    ]


def measure_rows() -> list[Measurement]:
    # A constant learning rate stalls around 98%; a decaying one passes it in half the time.
    return [
        *measure_time_to("mnist-cnn", [0.980, 0.985]),
        *measure_time_to("mnist-cnn", [0.985], "--schedule", "one-cycle", "--epochs", "5"),
        *measure_time_to("mnist-modern", [0.990]),
        *measure_command(["mnist-fast"], seeds=5, accuracy=0.990, seconds=15),
        *measure_command(["mnist-fast", "--preset", "long"], seeds=5, accuracy=0.994, seconds=60),
        *measure_command(["mnist-cnn", "--preset", "one-cycle"], seeds=1, accuracy=0.989),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
