"""What builds and starts the project: the way to a browser, and files that say nothing of any one machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import browser

PROJECT = Path(__file__).resolve().parents[2]
BUILD = (
    "Makefile",
    "Dockerfile",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
    ".ci/run",
    "tools/browser.py",
)


@pytest.mark.skipif(os.name == "nt", reason="a script stands for the browser")
def test_the_browser_that_was_named_is_taken_where_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, broken = tmp_path / "works", tmp_path / "broken"
    works.write_text("#!/bin/sh\necho Browser 1.0\n")
    broken.write_text("#!/bin/sh\necho install me first >&2\nexit 1\n")
    for path in (works, broken):
        path.chmod(0o755)
    monkeypatch.setenv("MANABI_BROWSER", str(works))
    assert browser.find_browser() == str(works)
    for odd in (broken, tmp_path / "none", tmp_path):
        monkeypatch.setenv("MANABI_BROWSER", str(odd))
        assert browser.find_browser() is None


def test_without_a_browser_it_says_so_and_is_no_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.browser"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env={**os.environ, "MANABI_BROWSER": str(tmp_path / "none")},
    )
    assert (
        done.returncode == 0
        and done.stdout.startswith("No browser was found")
        and "MANABI_BROWSER" in done.stdout
    )


@pytest.mark.parametrize("name", BUILD)
def test_no_registry_is_named(name: str) -> None:
    """The installing user decides where packages come from."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    assert not re.search(
        r"pypi|pythonhosted|download\.pytorch|docker\.io|ghcr|quay\.io|npmjs|--index-url|--find-links", text
    )


def test_ci_calls_make_test_and_nothing_cleverer() -> None:
    script = PROJECT / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert commands[-1] == "exec make test" and os.access(script, os.X_OK)


def test_development_needs_what_the_app_needs_and_every_pin_is_exact() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (PROJECT / name).read_text().splitlines():
            assert (
                not line
                or line.startswith("#")
                or line == "-r requirements.txt"
                or re.fullmatch(r"[\w.-]+==[\w.+]+", line)
            )
    assert "-r requirements.txt" in (PROJECT / "requirements-dev.txt").read_text()
