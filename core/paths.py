"""Folders of the project. Environment variables override them, and are read on every call so that tests can
change them.
"""

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
    """Everything that can be built again: decoded arrays, indices, measured times (`MANABI_CACHE`)."""
    return _folder_from_env("MANABI_CACHE", "cache")


def checkpoints() -> Path:
    """Pretrained weights and their model cards (`MANABI_CHECKPOINTS`)."""
    return _folder_from_env("MANABI_CHECKPOINTS", "checkpoints")


def data_roots(root: str | os.PathLike | None = None) -> list[Path]:
    """Folders to search for data sets, in order: `root`, `MANABI_DATA`, then `data/`."""
    named = [root, os.environ.get("MANABI_DATA")]
    return [Path(p).expanduser() for p in named if p] + [download_root()]


def download_root() -> Path:
    """Folder for downloads (`MANABI_DOWNLOADS`)."""
    return _folder_from_env("MANABI_DOWNLOADS", "data")


def projects() -> Path:
    """Photo projects of users (`MANABI_PROJECTS`)."""
    value = os.environ.get("MANABI_PROJECTS")
    return Path(value).expanduser() if value else download_root() / "photo-projects"


def offline() -> bool:
    """Whether downloads are disabled (`MANABI_OFFLINE=1`)."""
    return os.environ.get("MANABI_OFFLINE", "") not in ("", "0")


def log_level() -> str:
    """Name of the logging level (`MANABI_LOG`), INFO by default."""
    return os.environ.get("MANABI_LOG", "INFO")
