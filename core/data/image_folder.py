"""Pictures in folders, `<split>/<class>/*`, or in a zip of such folders, decoded once into uint8 arrays under the array cache.

Whoever made the folder or the zip is not trusted: names that leave it are refused, sizes are bounded before anything is unpacked, and
every file goes through `core.images`. What is no picture is counted and left out; a class without pictures is a sentence.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core import images
from core.data import ProgressCallback, array_cache
from core.data.array_cache import Split
from core.messages import Message, N_, UserError

MAX_FILES = 500_000
MAX_BYTES = 8_000_000_000  # of everything in a zip, unpacked
MAX_COMPRESSION_RATIO = 200  # of one packed file; pictures hardly pack at all
# What zipfile says to a damaged zip; of names that are no UTF-8, and of places before the file's beginning, by a ValueError.
_ZIP_ERRORS = (zipfile.BadZipFile, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class ImageEntry:
    """One file: its split, its class, its name for messages, and how to read it."""

    split: str
    label: str
    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class DecodedFolder:
    """A decoded image folder. `left_out` counts the files that were no readable pictures."""

    classes: tuple[str, ...]
    splits: dict[str, Split]
    num_skipped: int


def open_zip(source: Path) -> zipfile.ZipFile:
    """The zip in `source`, to be closed. Raises UserError where it cannot be read or is none."""
    try:
        return zipfile.ZipFile(source)
    except _ZIP_ERRORS as error:
        raise UserError(
            N_("{file} cannot be opened as a zip file: {reason}."), file=str(source), reason=str(error)
        ) from error


def load_image_folder(
    source: Path,
    splits: dict[str, dict[str, str]],
    size: int,
    name: str,
    progress: ProgressCallback | None = None,
) -> DecodedFolder:
    """The pictures of `source` (a folder, or a zip of one), each resized to `size` x `size` by its shorter side and a centre crop.

    `splits` maps the names of wanted splits to the folders in them and the class that each stands for, for example
    `{"train": {"trainA": "apple"}}`; an empty inner mapping takes every folder below `<split>/` as a class of its name. Decoded once
    per source and size; afterwards only opened. Raises UserError where the source cannot be read, leads out of itself, would unpack
    to more than is bearable, or lacks a split or the pictures of a class.
    """
    key = f"{source.resolve()} {folder_fingerprint(source)} {size} {json.dumps(splits, sort_keys=True)}"
    found, about = array_cache.load_or_build(
        name, key, lambda save: _decode_splits(source, splits, size, save, progress)
    )
    return DecodedFolder(tuple(about["classes"]), found, about["left_out"])


def folder_fingerprint(source: Path) -> str:
    """What changes when the pictures of a folder or a zip do: names, sizes and times of all files."""
    files = [source] if source.is_file() else _list_files(source)
    stats = [(str(f.relative_to(source)), s.st_size, s.st_mtime_ns) for f in files if (s := f.stat())]
    return hashlib.sha256(json.dumps(stats).encode()).hexdigest()


def _decode_splits(
    source: Path,
    splits: dict[str, dict[str, str]],
    size: int,
    save: Callable[..., None],
    progress: ProgressCallback | None,
) -> dict[str, object]:
    with _open_entries(source) as entries:
        wanted = [e for e in (_assign_split(entry, splits) for entry in entries) if e is not None]
        classes = sorted({e.label for e in wanted})
        _check_splits(source, splits, wanted, classes)
        left_out = done = 0
        for split in splits:
            members = [e for e in wanted if e.split == split]
            x = np.empty((len(members), 3, size, size), np.uint8)
            y = np.empty(len(members), np.int64)
            count = 0
            for entry in members:
                done += 1
                pixels = _decode_entry(entry, size)
                if pixels is None:
                    left_out += 1
                    continue
                x[count], y[count] = pixels, classes.index(entry.label)
                count += 1
                if progress and done % 500 == 0:
                    progress(Message(N_("Decoding {name}"), {"name": source.name}), done / len(wanted))
            _check_not_empty(source, split, classes, y[:count])
            save(split, x[:count], y[:count])
    return {"classes": classes, "left_out": left_out}


def _decode_entry(entry: ImageEntry, size: int) -> np.ndarray | None:
    """The picture as (3, size, size), or None where the file is none."""
    try:
        image = images.flatten_alpha(images.decode_image(entry.read(), entry.name))
    except UserError:
        return None
    return np.asarray(images.center_crop(image, size)).transpose(2, 0, 1)


def _assign_split(entry: ImageEntry, splits: dict[str, dict[str, str]]) -> ImageEntry | None:
    """The entry under the split and class that were asked for, or None where it belongs to neither."""
    for split, folders in splits.items():
        if not folders and entry.split == split:
            return entry
        label = folders.get(entry.label if entry.label in folders else entry.split)
        if label is not None:
            return ImageEntry(split, label, entry.name, entry.read)
    return None


def _check_splits(
    source: Path, splits: dict[str, dict[str, str]], wanted: list[ImageEntry], classes: list[str]
) -> None:
    """Raise UserError where a split has no files at all, or there is nothing to tell apart."""
    for split in splits:
        if not any(e.split == split for e in wanted):
            raise UserError(
                N_("{file} contains no images for the {split} split."), file=str(source), split=split
            )
    if len(classes) < 2:
        raise UserError(
            N_("{file} contains too few classes ({classes}). At least two are required."),
            file=str(source),
            classes=", ".join(classes) or "-",
        )


def _check_not_empty(source: Path, split: str, classes: list[str], y: np.ndarray) -> None:
    counts = np.bincount(y, minlength=len(classes))
    empty = [name for name, count in zip(classes, counts, strict=True) if not count]
    if empty:
        raise UserError(
            N_("{file} contains no readable images of {classes} in the {split} split."),
            file=str(source),
            classes=", ".join(empty),
            split=split,
        )


# ---- where files come from -------------------------------------------------------------------------------------------


@contextmanager
def _open_entries(source: Path) -> Iterator[list[ImageEntry]]:
    """The entries of a folder or a zip, in the order of their names."""
    if source.is_dir():
        yield _folder_entries(source)
        return
    with open_zip(source) as archive:
        yield _zip_entries(source, archive)


def _list_files(source: Path) -> list[Path]:
    return [p for p in sorted(source.rglob("*")) if p.is_file() and not p.is_symlink()]


def _folder_entries(source: Path) -> list[ImageEntry]:
    return [
        e
        for p in _list_files(source)
        if (e := _make_entry(PurePosixPath(p.relative_to(source).as_posix()), _bounded_reader(p))) is not None
    ]


def _bounded_reader(path: Path) -> Callable[[], bytes]:
    """Reads a file, but no more of it than `images.decode` needs to refuse it: a film may lie among the pictures."""

    def read() -> bytes:
        with path.open("rb") as f:
            return f.read(images.MAX_BYTES + 1)

    return read


def _zip_entries(source: Path, archive: zipfile.ZipFile) -> list[ImageEntry]:
    """Raises UserError where the zip leads out of itself or is a bomb."""
    members = [m for m in archive.infolist() if not m.is_dir()]
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise UserError(
                N_("{file} cannot be extracted safely: the path {name} points outside its folder."),
                file=str(source),
                name=images.safe_name(member.filename),
            )
        if member.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):  # the others unpack far beyond what is asked of them
            raise UserError(
                N_(
                    "{file} is not supported: {name} uses an unusual compression method. Recreate it as a "
                    "standard zip (Deflate)."
                ),
                file=str(source),
                name=images.safe_name(member.filename),
            )
        if (
            member.file_size > MAX_COMPRESSION_RATIO * max(member.compress_size, 1)
            and member.file_size > 1_000_000
        ):
            raise UserError(
                N_("{file} cannot be extracted safely: {name} would expand to {size} MB."),
                file=str(source),
                name=images.safe_name(member.filename),
                size=f"{member.file_size / 1e6:,.0f}",
            )
    total = sum(m.file_size for m in members)
    if len(members) > MAX_FILES or total > MAX_BYTES:
        raise UserError(
            Message.counted(
                "{file} exceeds the size limit: it contains {count} file ({size} MB in total).",
                "{file} exceeds the size limit: it contains {count} files ({size} MB in total).",
                len(members),
                file=str(source),
                size=f"{total / 1e6:,.0f}",
            )
        )
    members.sort(key=lambda m: m.filename)
    reader = _ZipReader(archive)
    entries = [_make_entry(PurePosixPath(m.filename.replace("\\", "/")), reader.of(m)) for m in members]
    return [e for e in entries if e is not None]


class _ZipReader:
    """Reads members of a zip, never more of one than its directory promised."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def of(self, member: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with self.archive.open(member) as f:
                    return f.read(images.MAX_BYTES + 1)
            except (*_ZIP_ERRORS, zlib.error, EOFError):
                return b""

        return read


def _make_entry(path: PurePosixPath, read: Callable[[], bytes]) -> ImageEntry | None:
    """The entry of `.../<split>/<class>/<name>` or `.../<split>/<name>` (then the class is the split); hidden files are passed over."""
    if any(part.startswith((".", "__MACOSX")) for part in path.parts) or len(path.parts) < 2:
        return None
    parts = path.parts
    split = parts[-3] if len(parts) >= 3 else parts[-2]
    return ImageEntry(split, parts[-2], path.name, read)
