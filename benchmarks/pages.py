"""Pages run by Streamlit's test harness: the server's share of a rerun, without a browser."""

from __future__ import annotations

import logging
import time

from streamlit.testing.v1 import AppTest

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
