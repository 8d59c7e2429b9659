"""A server and a browser for benchmarks that measure pages from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.table import UnavailableError
from core import paths


@dataclass(frozen=True)
class Server:
    """A running `streamlit run`; `begun` is the start time of its process (perf_counter)."""

    process: subprocess.Popen
    url: str
    start_time: float

    def wait_until_healthy(self, seconds: float = 60) -> float:
        """Return the seconds from process start until the health check succeeds."""
        while time.perf_counter() - self.start_time < seconds:
            if is_responding(f"{self.url}/_stcore/health"):
                return time.perf_counter() - self.start_time
            time.sleep(0.02)
        raise RuntimeError("the server did not come up")

    def has_torch(self) -> bool | None:
        """Return whether torch's library is loaded in the server; None if the system does not tell."""
        try:
            return "libtorch" in Path(f"/proc/{self.process.pid}/maps").read_text()
        except OSError:
            return None

    def cpu_seconds(self) -> float:
        """Return the CPU seconds used so far by the server process."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system


def is_responding(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def run_server(script: Path = paths.PROJECT / "streamlit_app.py") -> Iterator[Server]:
    """Run `streamlit run script` on a free port; stop it on exit."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=paths.PROJECT,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Server(process, f"http://127.0.0.1:{port}", begun)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def open_browser() -> Iterator:
    """Open a headless Chromium (Playwright's Browser). Raises UnavailableError if no browser is installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UnavailableError("playwright is not installed (pip install -r requirements-dev.txt).") from None
    from tools import browser as installed

    path = installed.find_browser()
    if path is None:
        raise UnavailableError("no browser was found (python -m tools.browser --get).")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()
