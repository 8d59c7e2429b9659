"""Where things lie. Every folder can be moved by an environment variable, read at each call so that tests can move it."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def _folder_from_env(variable: str, default: str) -> Path:
    value = os.environ.get(variable)
    return Path(value).expanduser() if value else PROJECT / default


def runs() -> Path:
    """Run folders (`MANABI_RUNS`)."""
    return _folder_from_env("MANABI_RUNS", "runs")


def cache() -> Path:
    """Everything that can be made again: decoded arrays, indices, measured prices (`MANABI_CACHE`)."""
    return _folder_from_env("MANABI_CACHE", "cache")


def checkpoints() -> Path:
    """The weights that ship with the project (`MANABI_CHECKPOINTS`)."""
    return _folder_from_env("MANABI_CHECKPOINTS", "checkpoints")


def data_roots(root: str | os.PathLike | None = None) -> list[Path]:
    """Folders searched for data sets, first match wins: `root`, `MANABI_DATA`, then `data/` here."""
    named = [root, os.environ.get("MANABI_DATA")]
    return [Path(p).expanduser() for p in named if p] + [download_root()]


def download_root() -> Path:
    """Where downloads go (`MANABI_DOWNLOADS`)."""
    return _folder_from_env("MANABI_DOWNLOADS", "data")


def offline() -> bool:
    """Whether downloads are switched off (`MANABI_OFFLINE=1`)."""
    return os.environ.get("MANABI_OFFLINE", "") not in ("", "0")


def log_level() -> str:
    """How much is logged (`MANABI_LOG`): a name that `logging` knows, INFO where none is set."""
    return os.environ.get("MANABI_LOG", "INFO")
