"""From `streamlit run` to a served first page, against a page of one line; torch may not be in the server's memory by then."""

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
    """Seconds from the start of the process to its health answer and to the title that the script draws; whether torch is in
    memory when the server answers, and when the browser shows the title (a thread imports it once the first page is out)."""
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
            "the same, a page of one line",
            middle(alone, "title"),
            "s",
            note="streamlit and the browser alone",
        ),
        Measurement(
            "to the health answer",
            middle(ours, "health"),
            "s",
            note=f"a page of one line: {middle(alone, 'health'):.2f} s",
        ),
        Measurement(
            "starts with torch in memory by the answer",
            before,
            f"of {NUM_REPEATS}",
            at_most=1,
            note=f"by the title in the browser: {after:.0f}",
        ),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
