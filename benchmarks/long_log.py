"""Opening a run with 100,000 logged steps: reading its log and drawing its curves."""

from __future__ import annotations

import statistics
import time

import numpy as np

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs
from benchmarks.pages import open_page, rerun_seconds, silence_streamlit
from benchmarks.table import Measurement
from core import data, tasks
from core.files import write_json
from core.runs import store
from core.runs.logs import MetricsReader, MetricsWriter, decimate
from core.runs.store import Run

NUM_STEPS, STEPS_PER_EPOCH, NUM_REPEATS = 100_000, 1000, 5


def make_run() -> Run:
    """Create a stopped run with a generated log."""
    task = tasks.get_task("mnist-cnn")
    run = store.create_run(task, task.recipe.changed(epochs=NUM_STEPS // STEPS_PER_EPOCH))
    write_json(
        run.path / "config.json",
        {**run.config, "data": data.load_dataset("mnist", download=False).describe()},
    )
    write_json(run.path / "status.json", {"state": "stopped", "step": NUM_STEPS, "total_steps": NUM_STEPS})
    step_names = ("train/loss", "train/accuracy", "lr")
    epoch_names = ("train/loss_epoch", "train/accuracy_epoch", "val/loss", "val/accuracy")
    writer, rng = (
        MetricsWriter(run.path / "metrics.csv", (*step_names, *epoch_names), None),
        np.random.default_rng(0),
    )
    for step in range(1, NUM_STEPS + 1):
        loss = float(2 / (1 + step / 500) + 0.1 * rng.random())
        place = {"step": step, "images": 64 * step, "seconds": 0.008 * step}
        writer.write(
            **place,
            epoch=step / STEPS_PER_EPOCH,
            **dict(zip(step_names, (loss, 1 - loss / 3, 0.01), strict=True)),
        )
        if step % STEPS_PER_EPOCH == 0:
            values = (loss, 1 - loss / 3, loss, 1 - loss / 3)
            writer.write(
                **place, epoch=float(step // STEPS_PER_EPOCH), **dict(zip(epoch_names, values, strict=True))
            )
    writer.close()
    return run


def _median_seconds(function) -> float:
    times = []
    for _ in range(NUM_REPEATS):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def measure_rows() -> list[Measurement]:
    silence_streamlit()
    from ui.kit import charts  # imported late: they log warnings without a server
    from ui.runs.curves_panel import curve_series

    with isolated_runs():
        run = make_run()
        log = MetricsReader(run.path / "metrics.csv").read()
        x, y = log["epoch"].to_numpy(float), log["train/loss"].to_numpy(float)

        def draw() -> None:
            for metric in ("loss", "accuracy"):
                charts.line_chart(curve_series(log, metric, "epoch", 0.9), "epochs", metric).to_json()

        read = _median_seconds(lambda: MetricsReader(run.path / "metrics.csv").read())
        thin, both = _median_seconds(lambda: decimate(x, y)), _median_seconds(draw)
        app = open_page("pages/train.py")  # warm-up: the page, torch and caches
        app.query_params["run"] = run.id
        first, again = rerun_seconds(app), rerun_seconds(app)
        megabytes = (run.path / "metrics.csv").stat().st_size / 1e6
    return [
        Measurement(
            "opening a run of 100,000 steps on the train page",
            first,
            "s",
            at_most=1,
            note=f"its log is {megabytes:.0f} MB",
        ),
        Measurement("the page again, nothing new in the log", again, "s"),
        Measurement("of that, reading the log", read, "s"),
        Measurement("one curve thinned out", thin, "s"),
        Measurement("both charts, as JSON for the browser", both, "s"),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
