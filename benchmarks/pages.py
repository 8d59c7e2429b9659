"""Pages run by Streamlit's test harness: the server's share of a rerun, without a browser; as a benchmark, of every page."""

from __future__ import annotations

import logging
import statistics
import time

from streamlit.testing.v1 import AppTest

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs
from benchmarks.table import Measurement
from core import paths


def silence_streamlit() -> None:
    """Silence Streamlit's warnings about running without a server."""
    logging.disable(logging.WARNING)


def open_page(page: str, **query: str) -> AppTest:
    """Open a page as after its first run, with `query` in its URL."""
    app = AppTest.from_file(str(paths.PROJECT / "streamlit_app.py"), default_timeout=120)
    if page != "streamlit_app.py":
        app.run()
        app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    rerun_seconds(app)
    return app


def rerun_seconds(app: AppTest) -> float:
    """Return the seconds of one rerun. Raises RuntimeError if the page shows an error."""
    begun = time.perf_counter()
    app.run()
    seconds = time.perf_counter() - begun
    problems = [e.value for e in (*app.exception, *app.error)]
    if problems:
        raise RuntimeError("; ".join(problems))
    return seconds


NUM_REPEATS = 5


def measure_rows() -> list[Measurement]:
    silence_streamlit()
    found = []
    with isolated_runs():
        for script in (
            "streamlit_app.py",
            *(f"pages/{p.name}" for p in sorted((paths.PROJECT / "pages").glob("*.py"))),
        ):
            begun = time.perf_counter()
            app = open_page(script)
            first = time.perf_counter() - begun
            again = statistics.median(rerun_seconds(app) for _ in range(NUM_REPEATS))
            note = f"opened for the first time, with home before it: {1000 * first:.0f} ms"
            found.append(Measurement(f"rerun: {script}", 1000 * again, "ms", at_most=150, note=note))
    return found


if __name__ == "__main__":
    table.run_standalone(measure_rows)
