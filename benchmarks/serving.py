"""A server and a browser for benchmarks that measure pages from outside; as a benchmark, the first paint of every page."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
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

    def wait_until_quiet(self, seconds: float = 60) -> None:
        """Wait until the server used less than a tenth of a core for a second, `seconds` at most."""
        until, before = time.perf_counter() + seconds, -1.0
        while time.perf_counter() < until and (now := self.cpu_seconds()) - before > 0.1:
            before = now
            time.sleep(1)

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


def browser_cpu_seconds() -> float:
    """Return the CPU seconds used so far by this process's browser."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            if "chrom" in child.name():
                total += sum(child.cpu_times()[:2])
        except psutil.Error:
            continue
    return total


NUM_VISITS = 3
_SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def _visit(chromium, running: Server, path: str) -> tuple[float, float, float, float]:
    """Visit a page in a new session; return the seconds until its title is there and until all of it is, the kB sent through the
    WebSocket, and the CPU seconds of the server.
    """
    context = chromium.new_context()
    page, sent = context.new_page(), [0]

    def add(payload: str | bytes) -> None:
        sent[0] += len(payload)

    page.on("websocket", lambda connection: connection.on("framereceived", add))
    begun, cpu = time.perf_counter(), running.cpu_seconds()
    page.goto(f"{running.url}/{path}", wait_until="commit")
    page.locator("h1").first.wait_for(timeout=120_000)
    title = time.perf_counter() - begun
    page.locator(_SETTLED).wait_for(timeout=120_000)
    found = title, time.perf_counter() - begun, sent[0] / 1000, running.cpu_seconds() - cpu
    context.close()
    return found


def _median_visit(chromium, running: Server, path: str) -> tuple[float, ...]:
    _visit(chromium, running, path)  # imports modules and fills caches
    running.wait_until_quiet()  # importing torch
    visits = [_visit(chromium, running, path) for _ in range(NUM_VISITS)]
    return tuple(statistics.median(values) for values in zip(*visits, strict=True))


def measure_rows() -> list[Measurement]:
    from benchmarks.isolated_runs import isolated_runs

    pages = sorted(p.stem for p in (paths.PROJECT / "pages").glob("*.py"))
    with tempfile.TemporaryDirectory() as folder, isolated_runs(), open_browser() as chromium:
        plain = Path(folder, "plain.py")
        plain.write_text('import streamlit as st\n\nst.title("plain")\n')
        with run_server(plain) as running:
            running.wait_until_healthy()
            base = _median_visit(chromium, running, "")[0]
        with run_server() as running:
            running.wait_until_healthy()
            visits = {path: _median_visit(chromium, running, path) for path in ("", *pages)}
    rows = [
        Measurement("first paint of home", visits[""][0], "s", note=f"median of {NUM_VISITS} new sessions"),
        Measurement("first paint of a one-line page", base, "s", note="streamlit and the browser alone"),
        Measurement("home beyond the one-line page", visits[""][0] - base, "s", at_most=1),
    ]
    for path, (title, complete, sent, cpu) in visits.items():
        note = f"title after {title:.2f} s; {sent:,.0f} kB; {1000 * cpu:.0f} ms of server CPU"
        rows.append(Measurement(f"{path or 'home'}, complete", complete, "s", note=note))
    return rows


if __name__ == "__main__":
    table.run_standalone(measure_rows)
