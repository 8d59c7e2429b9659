"""The full recipe of every task, as `python -m core train TASK` runs it, with its test metrics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs
from benchmarks.table import Measurement
from core import tasks
from core.formatting import format_metric


def measure_rows() -> list[Measurement]:
    found = []
    for task in tasks.TASKS:
        with isolated_runs():
            begun = time.perf_counter()
            command = [sys.executable, "-m", "core", "train", task.name, "--json"]
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ)
            )
            seconds = time.perf_counter() - begun
        if done.returncode:
            found.append(Measurement(task.name, seconds, "s", note="failed"))
            continue
        answer = json.loads(done.stdout.splitlines()[-1])
        figures = ", ".join(
            f"{name} {format_metric(name, value)}" for name, value in answer["metrics"].items()
        )
        found.append(
            Measurement(
                task.name,
                seconds,
                "s",
                note=f"{figures}; best epoch {answer['best_epoch']}; {answer['data']}",
            )
        )
    return found


if __name__ == "__main__":
    table.run_standalone(measure_rows)
