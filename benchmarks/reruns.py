"""Time the server needs to rerun a page, as after every click."""

from __future__ import annotations

import statistics
import time

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs, wait_for
from benchmarks.pages import open_page, rerun_seconds, silence_streamlit
from benchmarks.table import Measurement
from core import data, tasks
from core.runs import queue
from ui.kit import preload

NUM_REPEATS = 20


def median_rerun(what: str, page: str, **query: str) -> Measurement:
    """Return the median of `TIMES` reruns after two warm-up reruns."""
    app = open_page(page, **query)
    while not preload.is_ready():  # torch is imported beside the first visit
        time.sleep(0.1)
    first = rerun_seconds(app)
    times = [1000 * rerun_seconds(app) for _ in range(NUM_REPEATS)]
    note = f"slowest of {NUM_REPEATS}: {max(times):.0f} ms; the first: {1000 * first:.0f} ms"
    return Measurement(f"rerun: {what}", statistics.median(times), "ms", at_most=150, note=note)


def measure_rows() -> list[Measurement]:
    silence_streamlit()
    with isolated_runs():
        names = ("mnist-cnn", "mnist-softmax", "boston-mlp")
        made = {
            n: wait_for(queue.start_run(tasks.get_task(n), tasks.get_task(n).quick_recipe())) for n in names
        }
        found = [
            median_rerun("home", "streamlit_app.py"),
            median_rerun("train", "pages/train.py"),
            median_rerun("train, finished classification", "pages/train.py", run=made["mnist-cnn"].id),
            median_rerun("train, finished regression", "pages/train.py", run=made["boston-mlp"].id),
            median_rerun("runs, three of them", "pages/runs.py"),
            median_rerun("draw, the sample predicted and explained", "pages/draw.py"),
        ]
        if data.find_dataset("mnist"):
            found.append(
                median_rerun("draw, a test digit predicted and explained", "pages/draw.py", source="test")
            )
    return found


if __name__ == "__main__":
    table.run_standalone(measure_rows)
