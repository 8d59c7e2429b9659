"""Cost of an attached live page: images per second of a run, with and without a browser showing it.

The browser runs on the same machine and shares its cores, as on a learner's laptop.
"""

from __future__ import annotations

import statistics
import time

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs, require_mnist
from benchmarks.serving import browser_cpu_seconds, open_browser, run_server
from benchmarks.table import Measurement
from core import tasks
from core.runs import queue
from core.runs.logs import MetricsReader
from core.runs.store import Run

NUM_ROUNDS, WINDOW_SECONDS, SETTLE_SECONDS = (
    3,
    10.0,
    3.0,
)  # windows of each kind; their seconds; what goes before each


def measure_throughput(reader: MetricsReader, seconds: float) -> float:
    """Return images per second of the run over the next `seconds`, from its log."""
    before = reader.read().iloc[-1]
    time.sleep(seconds)
    after = reader.read().iloc[-1]
    return (after["images"] - before["images"]) / (after["seconds"] - before["seconds"])


def start_training(root: str) -> tuple[Run, MetricsReader]:
    """Start a run that continues until it is stopped. Returns after its first steps."""
    task = tasks.get_task("mnist-cnn")
    run = queue.start_run(task, task.recipe.changed(epochs=1000), root)
    reader = MetricsReader(run.path / "metrics.csv")
    while len(reader.read()) < 300:
        if not run.status().is_active:
            raise RuntimeError(run.log_tail())
        time.sleep(0.2)
    return run, reader


def measure_rows() -> list[Measurement]:
    root, alone, watched, pairs = require_mnist(), [], [], []
    by_server = by_browser = 0.0
    with isolated_runs(), run_server() as running, open_browser() as chromium:
        running.wait_until_healthy()
        run, reader = start_training(str(root))
        try:
            for _ in range(NUM_ROUNDS):
                time.sleep(SETTLE_SECONDS)
                alone.append(measure_throughput(reader, WINDOW_SECONDS))
                page = chromium.new_page()
                page.goto(f"{running.url}/train?run={run.id}")
                page.locator("[data-testid=stProgress]").first.wait_for(timeout=60_000)
                time.sleep(SETTLE_SECONDS)
                begun = running.cpu_seconds(), browser_cpu_seconds()
                watched.append(measure_throughput(reader, WINDOW_SECONDS))
                by_server += running.cpu_seconds() - begun[0]
                by_browser += browser_cpu_seconds() - begun[1]
                page.close()
                pairs.append(1 - watched[-1] / alone[-1])
        finally:
            queue.stop_run(run)
            while run.status().is_active:
                time.sleep(0.2)
    seconds = NUM_ROUNDS * WINDOW_SECONDS
    return [
        Measurement(
            "images/s, no page open",
            statistics.median(alone),
            note=f"{min(alone):,.0f} to {max(alone):,.0f}",
        ),
        Measurement(
            "images/s, page attached",
            statistics.median(watched),
            note=f"{min(watched):,.0f} to {max(watched):,.0f}",
        ),
        Measurement(
            "cost of the attached page",
            100 * statistics.median(pairs),
            "%",
            at_most=5,
            note=f"median of {NUM_ROUNDS} pairs in turn",
        ),
        Measurement(
            "server CPU load",
            100 * by_server / seconds,
            "% of one core",
            note="while the page is attached",
        ),
        Measurement(
            "browser CPU load",
            100 * by_browser / seconds,
            "% of one core",
            note="drawing in software; on the same cores",
        ),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
