"""Writing files so that a reader, or a crash, never meets half of one."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def atomic_write(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a temporary neighbour of `path`, then move it into place in one step.

    Raises OSError naming `path` (disk full, folder not writable); `path` then still holds what it held before.
    """
    try:
        fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
        os.close(fd)
        part = Path(name)
        try:
            write(part)
            part.chmod(0o644)
            os.replace(part, path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        if error.errno is not None:
            error.filename = str(path)  # nobody knows the neighbour's name, and of a full disk none is told
        raise


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Put `content` into `path`, whole or not at all. Raises OSError naming `path`, as `write_aside` says."""
    atomic_write(path, lambda part: part.write_bytes(content))


def write_json(path: Path, value: object) -> None:
    """Put `value` as indented JSON into `path`, whole or not at all. Raises OSError naming `path`; TypeError for what JSON cannot hold."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    write_bytes(path, text.encode())


def read_json(path: Path) -> Any | None:
    """The JSON value in `path`, or None where the file is absent, torn or no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
