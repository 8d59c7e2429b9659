"""Pages run by Streamlit's own test harness: the server's share of a rerun, without a browser."""

from __future__ import annotations

import logging
import time

from streamlit.testing.v1 import AppTest

from core import paths


def silence_streamlit() -> None:
    """No warnings of Streamlit about running without a server."""
    logging.disable(logging.WARNING)


def open_page(page: str, **query: str) -> AppTest:
    """The page as a visitor has it after the first run, with `query` in its address."""
    app = AppTest.from_file(str(paths.PROJECT / "streamlit_app.py"), default_timeout=120)
    if page != "streamlit_app.py":
        app.run()
        app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    rerun_seconds(app)
    return app


def rerun_seconds(app: AppTest) -> float:
    """Seconds of one rerun. Raises RuntimeError where the page shows an error."""
    begun = time.perf_counter()
    app.run()
    seconds = time.perf_counter() - begun
    problems = [e.value for e in (*app.exception, *app.error)]
    if problems:
        raise RuntimeError("; ".join(problems))
    return seconds
