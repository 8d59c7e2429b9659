"""Test metrics of every pretrained model on its whole test set, each beside the value of its model card."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
from core import checkpoints, tasks

TOLERANCE = {"accuracy": 2e-4}
DEFAULT_TOLERANCE = 1e-3


def measure_rows() -> list[Measurement]:
    released = set(checkpoints.pretrained_names())
    names = [n for n in dict.fromkeys(t.checkpoint for t in tasks.TASKS) if n in released]
    if not names:
        raise UnavailableError("There are no pretrained models.")
    return [_evaluate(name) for name in names]


def _evaluate(name: str) -> Measurement:
    """Evaluate by the command that people use, in a process of its own."""
    command = [sys.executable, "-m", "core", "evaluate", name, "--json"]
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise UnavailableError(done.stderr.strip())
    measured = json.loads(done.stdout.splitlines()[-1])["metrics"]
    metric, expected = next(iter(checkpoints.load_card(name).metrics.items()))
    tolerance = TOLERANCE.get(metric, DEFAULT_TOLERANCE)
    return Measurement(
        f"{name}, {metric}",
        measured[metric],
        at_least=expected - tolerance,
        at_most=expected + tolerance,
        note=f"card: {expected:.4f}; {seconds:.0f} s",
    )


if __name__ == "__main__":
    table.run_standalone(measure_rows)
