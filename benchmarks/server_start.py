"""From `streamlit run` to a served first page, against a page of one line; torch may not be in the server's memory by then."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import table
from benchmarks.runs_apart import runs_apart
from benchmarks.serving import answers, browser, server
from benchmarks.table import Row
from core import paths

TIMES = 5


def start(chromium, script: Path) -> dict[str, float]:
    """Seconds from the start of the process to its health answer and to the title that the script draws; whether torch is in
    memory when the server answers, and when the browser shows the title (a thread imports it once the first page is out)."""
    with server(script) as running:
        found = {"health": running.wait_until_healthy()}
        assert answers(running.url)
        found["torch"] = float(bool(running.has_torch()))
        page = chromium.new_page()
        page.goto(running.url, wait_until="commit")
        page.locator("h1").first.wait_for()
        found["title"] = time.perf_counter() - running.begun
        found["torch_after"] = float(bool(running.has_torch()))
        page.close()
    return found


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, runs_apart(), browser() as chromium:
        plain = Path(folder, "plain.py")
        plain.write_text('import streamlit as st\n\nst.title("plain")\n')
        app = paths.PROJECT / "streamlit_app.py"
        start(chromium, app)  # the first start reads everything from disk
        ours, alone = [], []
        for _ in range(TIMES):
            ours.append(start(chromium, app))
            alone.append(start(chromium, plain))

    def middle(which: list[dict[str, float]], name: str) -> float:
        return statistics.median(f[name] for f in which)

    before, after = (sum(f[name] for f in ours) for name in ("torch", "torch_after"))
    return [
        Row(
            "`streamlit run` to the first page",
            middle(ours, "title"),
            "s",
            below=3,
            note=f"its title is in the browser; {TIMES} starts",
        ),
        Row("the same, a page of one line", middle(alone, "title"), "s", note="streamlit and the browser alone"),
        Row("to the health answer", middle(ours, "health"), "s", note=f"a page of one line: {middle(alone, 'health'):.2f} s"),
        Row(
            "starts with torch in memory by the answer",
            before,
            f"of {TIMES}",
            below=1,
            note=f"by the title in the browser: {after:.0f}",
        ),
    ]


if __name__ == "__main__":
    table.alone(rows)
