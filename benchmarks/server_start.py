"""From `streamlit run` to a served first page, vs. a one-line page; torch must not be loaded by then."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs
from benchmarks.serving import is_responding, open_browser, run_server
from benchmarks.table import Measurement
from core import paths

NUM_REPEATS = 5


def measure_start(chromium, script: Path) -> dict[str, float]:
    """Return the seconds from process start to the health response and to the page title; and whether torch is
    loaded at these two points (a thread imports it after the first page).
    """
    with run_server(script) as running:
        found = {"health": running.wait_until_healthy()}
        assert is_responding(running.url)
        found["torch"] = float(bool(running.has_torch()))
        page = chromium.new_page()
        page.goto(running.url, wait_until="commit")
        page.locator("h1").first.wait_for()
        found["title"] = time.perf_counter() - running.start_time
        found["torch_after"] = float(bool(running.has_torch()))
        page.close()
    return found


def measure_rows() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder, isolated_runs(), open_browser() as chromium:
        plain = Path(folder, "plain.py")
        plain.write_text('import streamlit as st\n\nst.title("plain")\n')
        app = paths.PROJECT / "streamlit_app.py"
        measure_start(chromium, app)  # the first start reads everything from disk
        ours, alone = [], []
        for _ in range(NUM_REPEATS):
            ours.append(measure_start(chromium, app))
            alone.append(measure_start(chromium, plain))

    def middle(which: list[dict[str, float]], name: str) -> float:
        return statistics.median(f[name] for f in which)

    before, after = (sum(f[name] for f in ours) for name in ("torch", "torch_after"))
    return [
        Measurement(
            "`streamlit run` to the first page",
            middle(ours, "title"),
            "s",
            at_most=3,
            note=f"its title is in the browser; {NUM_REPEATS} starts",
        ),
        Measurement(
            "the same, one-line page",
            middle(alone, "title"),
            "s",
            note="streamlit and the browser alone",
        ),
        Measurement(
            "to the health response",
            middle(ours, "health"),
            "s",
            note=f"a one-line page: {middle(alone, 'health'):.2f} s",
        ),
        Measurement(
            "starts with torch loaded by then",
            before,
            f"of {NUM_REPEATS}",
            at_most=1,
            note=f"by the title in the browser: {after:.0f}",
        ),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
