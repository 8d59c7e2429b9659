"""The files of a photo project: `project.json`, and `photos.json` with one row per photo. What is read is kept until the file changes."""

from __future__ import annotations

import dataclasses
import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files import read_json, write_bytes

FORMAT = 1


@dataclass(frozen=True)
class Photo:
    """One photo of a project.

    Attributes:
        id: sixteen hex digits.
        label: its class.
        file: name of its file in the project's `photos` folder.
        split: "train", "validation" or "test" if the photo came in such a folder, else "".
        width, height: of the original in pixels, upright.
        gray: whether it has no colors.
        rotated: whether it was turned upright, as its EXIF data asked for.
        phash: perceptual hash, sixteen hex digits; near-duplicates differ in few bits.
        sha: hash of the original file.
        dropped: whether it is left out of the data set.
        origin: name of the original file, or `<data set>/<class>` for a photo of a ready-made set.
    """

    id: str
    label: str
    file: str
    split: str = ""
    width: int = 0
    height: int = 0
    gray: bool = False
    rotated: bool = False
    phash: str = ""
    sha: str = ""
    dropped: bool = False
    origin: str = ""


def read_photos(folder: Path) -> tuple[Photo, ...]:
    """The photos of the project in `folder`; none if the file is missing."""
    stamp = file_stamp(folder / "photos.json")
    return _parse_photos(str(folder / "photos.json"), stamp) if stamp else ()


@functools.lru_cache(maxsize=16)
def _parse_photos(path: str, stamp: tuple[int, ...]) -> tuple[Photo, ...]:
    """The rows of a manifest; `stamp` invalidates the cache entry. Columns of other versions are left out, or take their default."""
    value = read_json(Path(path))
    if not isinstance(value, dict):
        return ()
    fields = {f.name for f in dataclasses.fields(Photo)}
    columns = [str(name) for name in value.get("columns", ())]
    rows = (dict(zip(columns, row, strict=False)) for row in value.get("photos", ()))
    return tuple(Photo(**{k: v for k, v in row.items() if k in fields}) for row in rows)


def write_photos(folder: Path, photos: list[Photo]) -> None:
    """Replace the photos of the project in `folder`. Raises OSError."""
    columns = [f.name for f in dataclasses.fields(Photo)]
    rows = [[getattr(p, name) for name in columns] for p in photos]
    text = json.dumps({"format": FORMAT, "columns": columns, "photos": rows}, ensure_ascii=False)
    write_bytes(folder / "photos.json", text.encode())


def read_about(path: Path) -> Any:
    """The JSON value in `path`, or None if the file is missing or damaged."""
    stamp = file_stamp(path)
    return _parse_json(str(path), stamp) if stamp else None


@functools.lru_cache(maxsize=64)
def _parse_json(path: str, stamp: tuple[int, ...]) -> Any:
    return read_json(Path(path))


def file_stamp(path: Path) -> tuple[int, ...]:
    """A value that changes whenever the file does; empty if there is none."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino
