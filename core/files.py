"""Write files atomically, so that readers and crashes never leave half of one; sizes of folders."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def atomic_write(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place.

    Raises:
        OSError: naming `path`, if the disk is full or the folder is not writable; `path` is then unchanged.
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
            error.filename = str(
                path
            )  # the name of the temporary file means nothing to users, and a full disk sets none
        raise


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content` atomically. Raises OSError as `atomic_write` does."""
    atomic_write(path, lambda part: part.write_bytes(content))


def write_json(path: Path, value: object) -> None:
    """Write `value` atomically as indented JSON. Raises OSError as `atomic_write`, and TypeError if JSON
    cannot represent `value`.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1)
    write_bytes(path, text.encode())


def read_json(path: Path) -> Any | None:
    """The JSON value in `path`, or None if the file is missing, truncated or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below `folder`; 0 if there is none. Files that vanish meanwhile are left out."""
    total = 0
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:
            continue
        total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total
