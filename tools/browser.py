"""Find the browser for browser tests and screenshots: `python -m tools.browser [--get]`.

With `--get`, a missing browser is installed: Debian's package if possible, else Playwright's download. Without
a browser, the tests that need one are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSER_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
BROWSER_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
PACKAGES = ("chromium", "fonts-noto-cjk")  # fonts-noto-cjk has the Japanese glyphs

LAUNCH_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""The browser only opens this project's pages: no background traffic."""


def find_browser() -> str | None:
    """Return the path of a browser that starts: the one named by `MANABI_BROWSER`, an installed one, or
    Playwright's.
    """
    named = os.environ.get("MANABI_BROWSER")
    candidates = [named] if named else [*map(shutil.which, BROWSER_NAMES), *BROWSER_PATHS]
    for path in candidates:
        if path and _can_start(path):
            return path
    own = None if named else _playwright_browser()
    return own if own and _can_start(own) else None


def _can_start(path: str) -> bool:
    # Some systems have a script of that name that only explains how to install the browser.
    if not Path(path).is_file():
        return False
    if os.name == "nt":  # --version would open a window
        return True
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _playwright_browser() -> str | None:
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as q: print(q.chromium.executable_path)"
    try:
        answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def install_browser() -> str | None:
    """Install a browser. Returns its path, or None if that failed."""
    if _can_use_apt():
        _run_command("apt-get", "update")
        if _run_command("apt-get", "install", "-y", "--no-install-recommends", *PACKAGES) and (
            found := find_browser()
        ):
            return found
    if _run_command(sys.executable, "-m", "playwright", "install", "chromium"):
        return find_browser()
    return None


def _can_use_apt() -> bool:
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def _run_command(*command: str) -> bool:
    print("+", *command, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=900).returncode == 0
    except (OSError, subprocess.SubprocessError) as error:
        print(error)
        return False


def main() -> None:
    found = find_browser() or (install_browser() if "--get" in sys.argv[1:] else None)
    if found:
        print(f"Browser: {found}")
    else:
        print(
            "No browser was found, so the tests that need one are skipped. Install chromium, or set MANABI_BROWSER."
        )


if __name__ == "__main__":
    main()
