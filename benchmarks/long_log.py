"""Opening a run of 100,000 logged steps: reading its log, and drawing its curves."""

from __future__ import annotations

import statistics
import time

import numpy as np

from benchmarks import table
from benchmarks.pages import opened, quiet, timed
from benchmarks.runs_apart import runs_apart
from benchmarks.table import Row
from core import data, tasks
from core.files import write_json
from core.training import runs
from core.training.logs import MetricsReader, MetricsWriter, decimate
from core.training.runs import Run

STEPS, PER_EPOCH, TIMES = 100_000, 1000, 5


def make() -> Run:
    """A stopped run with a log of its own making."""
    task = tasks.task("mnist-cnn")
    run = runs.create(task, task.recipe.changed(epochs=STEPS // PER_EPOCH))
    write_json(run.path / "config.json", {**run.config, "data": data.obtain("mnist", download=False).describe()})
    write_json(run.path / "status.json", {"state": "stopped", "step": STEPS, "total_steps": STEPS})
    step_names = ("train/loss", "train/accuracy", "lr")
    epoch_names = ("train/loss_epoch", "train/accuracy_epoch", "val/loss", "val/accuracy")
    writer, rng = MetricsWriter(run.path / "metrics.csv", (*step_names, *epoch_names), None), np.random.default_rng(0)
    for step in range(1, STEPS + 1):
        loss = float(2 / (1 + step / 500) + 0.1 * rng.random())
        place = {"step": step, "images": 64 * step, "seconds": 0.008 * step}
        writer.write(**place, epoch=step / PER_EPOCH, **dict(zip(step_names, (loss, 1 - loss / 3, 0.01), strict=True)))
        if step % PER_EPOCH == 0:
            values = (loss, 1 - loss / 3, loss, 1 - loss / 3)
            writer.write(**place, epoch=float(step // PER_EPOCH), **dict(zip(epoch_names, values, strict=True)))
    writer.close()
    return run


def _median(function) -> float:
    times = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def rows() -> list[Row]:
    quiet()
    from ui import charts  # only now: they speak when they are imported without a server
    from ui.run_panel import curve_series

    with runs_apart():
        run = make()
        log = MetricsReader(run.path / "metrics.csv").read()
        x, y = log["epoch"].to_numpy(float), log["train/loss"].to_numpy(float)

        def draw() -> None:
            for metric in ("loss", "accuracy"):
                charts.curves(curve_series(log, metric, "epoch", 0.9), "epochs", metric).to_json()

        read = _median(lambda: MetricsReader(run.path / "metrics.csv").read())
        thin, both = _median(lambda: decimate(x, y)), _median(draw)
        app = opened("pages/train.py")  # the page itself, torch and caches, before the run is opened
        app.query_params["run"] = run.id
        first, again = timed(app), timed(app)
        megabytes = (run.path / "metrics.csv").stat().st_size / 1e6
    return [
        Row("opening a run of 100,000 steps on the train page", first, "s", below=1, note=f"its log is {megabytes:.0f} MB"),
        Row("the page again, nothing new in the log", again, "s"),
        Row("of that, reading the log", read, "s"),
        Row("one curve thinned out", thin, "s"),
        Row("both charts, as JSON for the browser", both, "s"),
    ]


if __name__ == "__main__":
    table.alone(rows)
