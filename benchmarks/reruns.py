"""How long the server takes to run a page again, as it does after every click."""

from __future__ import annotations

import statistics

from benchmarks import table
from benchmarks.pages import opened, quiet, timed
from benchmarks.runs_apart import runs_apart, wait_for
from benchmarks.table import Row
from core import data, tasks
from core.training import jobs

TIMES = 20


def rerun(what: str, page: str, **query: str) -> Row:
    """The median of `TIMES` reruns after the first two, which load and cache."""
    app = opened(page, **query)
    first = timed(app)
    times = [1000 * timed(app) for _ in range(TIMES)]
    note = f"slowest of {TIMES}: {max(times):.0f} ms; the first: {1000 * first:.0f} ms"
    return Row(f"rerun: {what}", statistics.median(times), "ms", below=150, note=note)


def rows() -> list[Row]:
    quiet()
    with runs_apart():
        names = ("mnist-cnn", "mnist-softmax", "boston-mlp")
        made = {n: wait_for(jobs.start(tasks.task(n), tasks.task(n).quick_recipe())) for n in names}
        found = [
            rerun("home", "streamlit_app.py"),
            rerun("train", "pages/train.py"),
            rerun("train, finished classification", "pages/train.py", run=made["mnist-cnn"].id),
            rerun("train, finished regression", "pages/train.py", run=made["boston-mlp"].id),
            rerun("runs, three of them", "pages/runs.py"),
            rerun("draw, empty canvas", "pages/draw.py"),
        ]
        if data.find("mnist"):
            found.append(rerun("draw, a test digit answered and explained", "pages/draw.py", source="test"))
    return found


if __name__ == "__main__":
    table.alone(rows)
