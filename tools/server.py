"""Run the app for browser tests and screenshots."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent


class Server:
    """`streamlit run` at a free port, with its output in `log`. `start` after `kill` uses the same port again."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self.log, self.environment = log, {**os.environ, **environment}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen | None = None

    def start(self, seconds: float = 120) -> Server:
        """Start the server and wait until it is healthy. Raises RuntimeError with the end of its log if it
        fails.
        """
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "streamlit_app.py",
            "--server.port",
            str(self.port),
            "--server.headless",
            "true",
            "--server.address",
            "127.0.0.1",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + seconds
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"the server did not come up: {self.log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.05)
        return self

    def healthy(self) -> bool:
        try:
            return urllib.request.urlopen(self.url("_stcore/health"), timeout=5).status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """Send SIGKILL to the server."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """Stop the server if it is running."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def memory_usage(self) -> int:
        """Return the server's resident memory in bytes."""
        return psutil.Process(self.process.pid).memory_info().rss

    def url(self, path: str = "", **parameters: str) -> str:
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        return f"http://127.0.0.1:{self.port}/{path}{query}"
