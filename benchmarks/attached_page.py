"""What an attached live page costs a training: images per second of one run, with and without a browser that watches it.

The browser runs on the same machine, as it does on a learner's laptop, and computes on the same cores.
"""

from __future__ import annotations

import statistics
import time

import psutil

from benchmarks import table
from benchmarks.runs_apart import need_mnist, runs_apart
from benchmarks.serving import browser, server
from benchmarks.table import Row
from core import tasks
from core.training import jobs
from core.training.logs import MetricsReader
from core.training.runs import Run

TURNS, WINDOW, SETTLE = 3, 10.0, 3.0  # windows of each kind; their seconds; what goes before each


def speed(reader: MetricsReader, seconds: float) -> float:
    """Images per second of the run during the next `seconds`, by its own log."""
    before = reader.read().iloc[-1]
    time.sleep(seconds)
    after = reader.read().iloc[-1]
    return (after["images"] - before["images"]) / (after["seconds"] - before["seconds"])


def begin(root: str) -> tuple[Run, MetricsReader]:
    """A training that goes on until it is stopped, past its first steps."""
    task = tasks.task("mnist-cnn")
    run = jobs.start(task, task.recipe.changed(epochs=1000), root)
    reader = MetricsReader(run.path / "metrics.csv")
    while len(reader.read()) < 300:
        if not run.status().active:
            raise RuntimeError(run.log_tail())
        time.sleep(0.2)
    return run, reader


def _browser_seconds() -> float:
    """What this process's browser has computed so far."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            if "chrom" in child.name():
                total += sum(child.cpu_times()[:2])
        except psutil.Error:
            continue
    return total


def rows() -> list[Row]:
    root, alone, watched, pairs = need_mnist(), [], [], []
    by_server = by_browser = 0.0
    with runs_apart(), server() as running, browser() as chromium:
        running.wait_until_healthy()
        run, reader = begin(str(root))
        try:
            for _ in range(TURNS):
                time.sleep(SETTLE)
                alone.append(speed(reader, WINDOW))
                page = chromium.new_page()
                page.goto(f"{running.url}/train?run={run.id}")
                page.locator("[data-testid=stProgress]").first.wait_for(timeout=60_000)
                time.sleep(SETTLE)
                begun = running.processor_seconds(), _browser_seconds()
                watched.append(speed(reader, WINDOW))
                by_server += running.processor_seconds() - begun[0]
                by_browser += _browser_seconds() - begun[1]
                page.close()
                pairs.append(1 - watched[-1] / alone[-1])
        finally:
            jobs.stop(run)
            while run.status().active:
                time.sleep(0.2)
    seconds = TURNS * WINDOW
    return [
        Row("images/s, nobody watching", statistics.median(alone), note=f"{min(alone):,.0f} to {max(alone):,.0f}"),
        Row("images/s, a browser attached", statistics.median(watched), note=f"{min(watched):,.0f} to {max(watched):,.0f}"),
        Row("cost of the attached page", 100 * statistics.median(pairs), "%", below=5, note=f"median of {TURNS} pairs in turn"),
        Row("the server computes", 100 * by_server / seconds, "% of one core", note="while the page is attached"),
        Row("the browser computes", 100 * by_browser / seconds, "% of one core", note="drawing in software; on the same cores"),
    ]


if __name__ == "__main__":
    table.alone(rows)
