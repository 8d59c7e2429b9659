"""Image folders, `<split>/<class>/*`, and zips of them, decoded once into uint8 arrays below the cache
folder.

Folders and zips are not trusted: paths that leave them are refused, sizes are limited before anything is
extracted, and every file is decoded by `core.images`. Files that are not images are counted and skipped; a
class without images is an error.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np

from core import images
from core.data import ProgressCallback, array_cache
from core.data.array_cache import Split
from core.messages import Message, N_, UserError

MAX_FILES = 500_000
MAX_BYTES = 8_000_000_000  # of all files of a zip, extracted
MAX_COMPRESSION_RATIO = 200  # of one file; images hardly compress
# What zipfile raises for a corrupted zip; ValueError for invalid UTF-8 and for negative offsets.
_ZIP_ERRORS = (zipfile.BadZipFile, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class ImageEntry:
    """One file.

    Attributes:
        split: name of the split.
        label: name of the class.
        name: file name, for messages.
        read: returns the content.
        folders: the folders that it lies in, outermost first.
    """

    split: str
    label: str
    name: str
    read: Callable[[], bytes]
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecodedFolder:
    """A decoded image folder.

    Attributes:
        classes: class names, sorted.
        splits: arrays by the name of the split.
        num_skipped: number of files that are not readable images.
    """

    classes: tuple[str, ...]
    splits: dict[str, Split]
    num_skipped: int


def open_zip(source: Path | BinaryIO, name: str = "") -> zipfile.ZipFile:
    """Open the zip `source`; the caller closes it. Messages call it `name`.

    Raises:
        UserError: if it cannot be read as a zip.
    """
    try:
        return zipfile.ZipFile(source)
    except _ZIP_ERRORS as error:
        raise UserError(
            N_("{file} cannot be opened as a zip file: {reason}."),
            file=name or str(source),
            reason=str(error),
        ) from error


def load_image_folder(
    source: Path,
    splits: dict[str, dict[str, str]],
    size: int,
    name: str,
    progress: ProgressCallback | None = None,
) -> DecodedFolder:
    """Load the images of `source`, each cropped to a centered square and resized to `size`×`size`.

    They are decoded once per source and size, and memory-mapped afterwards.

    Args:
        source: a folder, or a zip of one.
        splits: maps each split to the folders that belong to it and their classes, for example `{"train":
            {"trainA": "apple"}}`. With an empty inner mapping every folder below `<split>/` is a class.
        size: side in pixels.
        name: begins the name of the cache folder.
        progress: called while images are decoded.

    Raises:
        UserError: if the source cannot be read, is unsafe or too large, or lacks a split or the images of a
            class.
    """
    key = f"{source.resolve()} {folder_fingerprint(source)} {size} {json.dumps(splits, sort_keys=True)}"
    loaded, about = array_cache.load_or_build(
        name, key, lambda save: _decode_splits(source, splits, size, save, progress)
    )
    return DecodedFolder(tuple(about["classes"]), loaded, about["left_out"])


def folder_fingerprint(source: Path) -> str:
    """Hash of the names, sizes and modification times of all files in a folder, or of a zip."""
    files = [source] if source.is_file() else list_files(source)
    stats = [(str(f.relative_to(source)), s.st_size, s.st_mtime_ns) for f in files if (s := f.stat())]
    return hashlib.sha256(json.dumps(stats).encode()).hexdigest()


def _decode_splits(
    source: Path,
    splits: dict[str, dict[str, str]],
    size: int,
    save: Callable[..., None],
    progress: ProgressCallback | None,
) -> dict[str, object]:
    with open_entries(source) as entries:
        wanted = [e for e in (_assign_split(entry, splits) for entry in entries) if e is not None]
        classes = sorted({e.label for e in wanted})
        _check_splits(source, splits, wanted, classes)
        num_skipped = done = 0
        for split in splits:
            members = [e for e in wanted if e.split == split]
            x = np.empty((len(members), 3, size, size), np.uint8)
            y = np.empty(len(members), np.int64)
            count = 0
            for entry in members:
                done += 1
                pixels = _decode_entry(entry, size)
                if pixels is None:
                    num_skipped += 1
                    continue
                x[count], y[count] = pixels, classes.index(entry.label)
                count += 1
                if progress and done % 500 == 0:
                    progress(Message(N_("Decoding {name}"), {"name": source.name}), done / len(wanted))
            _check_not_empty(source, split, classes, y[:count])
            save(split, x[:count], y[:count])
    return {"classes": classes, "left_out": num_skipped}


def _decode_entry(entry: ImageEntry, size: int) -> np.ndarray | None:
    """The image as uint8 (3, size, size), or None if the file is not an image."""
    try:
        image = images.flatten_alpha(images.decode_image(entry.read(), entry.name))
    except UserError:
        return None
    return np.asarray(images.center_crop(image, size)).transpose(2, 0, 1)


def _assign_split(entry: ImageEntry, splits: dict[str, dict[str, str]]) -> ImageEntry | None:
    """The entry with the requested split and class, or None if it belongs to no requested split."""
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
    """Raise UserError if a split has no files, or if there are fewer than two classes."""
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


# ---- entries -------------------------------------------------------------------------------------------------------


@contextmanager
def open_entries(source: Path | BinaryIO, name: str = "") -> Iterator[list[ImageEntry]]:
    """The entries of a folder, a zip, or a file object that holds a zip, sorted by name. Messages call it `name`.

    Raises:
        UserError: if it is a zip that cannot be opened, is encrypted or unsafe.
    """
    if isinstance(source, Path) and source.is_dir():
        yield _folder_entries(source)
        return
    with open_zip(source, name) as archive:
        yield _zip_entries(name or str(source), archive)


def list_files(source: Path) -> list[Path]:
    """All files in a folder, sorted; links are left out."""
    return [p for p in sorted(source.rglob("*")) if p.is_file() and not p.is_symlink()]


def list_entries(source: str, files: Iterable[tuple[str, Callable[[], bytes]]]) -> list[ImageEntry]:
    """The entries of uploaded files, (path in its folder, reader) each, sorted by path. Messages call the upload `source`.

    Raises:
        UserError: if a path points outside the folder.
    """
    members = sorted(((_safe_path(source, name), read) for name, read in files), key=lambda m: m[0].parts)
    return [e for path, read in members if (e := _make_entry(path, read)) is not None]


def _safe_path(source: str, name: str) -> PurePosixPath:
    """The path `name` of a file in `source`. Raises UserError if it points outside its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise UserError(
            N_("{file} cannot be extracted safely: the path {name} points outside its folder."),
            file=source,
            name=images.safe_name(name),
        )
    return path


def _folder_entries(source: Path) -> list[ImageEntry]:
    return [
        e
        for p in list_files(source)
        if (e := _make_entry(PurePosixPath(p.relative_to(source).as_posix()), _bounded_reader(p))) is not None
    ]


def _bounded_reader(path: Path) -> Callable[[], bytes]:
    """A function that reads a file, but not more of it than `images.decode_image` needs to refuse it."""

    def read() -> bytes:
        with path.open("rb") as f:
            return f.read(images.MAX_BYTES + 1)

    return read


def _zip_entries(source: str, archive: zipfile.ZipFile) -> list[ImageEntry]:
    """The entries of a zip that messages call `source`. Raises UserError if it is encrypted or unsafe: paths outside its folder, or
    extreme compression.
    """
    members = [m for m in archive.infolist() if not m.is_dir()]
    for member in members:
        _safe_path(source, member.filename)
        if member.flag_bits & 0x1:
            raise UserError(N_("{file} is encrypted. Save it without a password."), file=source)
        if member.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):  # other methods extract more bytes than the directory promises
            raise UserError(
                N_(
                    "{file} is not supported: {name} uses an unusual compression method. Recreate it as a "
                    "standard zip (Deflate)."
                ),
                file=source,
                name=images.safe_name(member.filename),
            )
        if (
            member.file_size > MAX_COMPRESSION_RATIO * max(member.compress_size, 1)
            and member.file_size > 1_000_000
        ):
            raise UserError(
                N_("{file} cannot be extracted safely: {name} would expand to {size} MB."),
                file=source,
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
                file=source,
                size=f"{total / 1e6:,.0f}",
            )
        )
    members.sort(key=lambda m: m.filename)
    reader = _ZipReader(archive)
    entries = [
        _make_entry(PurePosixPath(m.filename.replace("\\", "/")), reader.member_reader(m)) for m in members
    ]
    return [e for e in entries if e is not None]


class _ZipReader:
    """Reads members of a zip, never more than the size in its directory."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def member_reader(self, member: zipfile.ZipInfo) -> Callable[[], bytes]:
        """A function that reads `member`; it returns b"" if the member is corrupted."""

        def read() -> bytes:
            try:
                with self.archive.open(member) as f:
                    return f.read(images.MAX_BYTES + 1)
            except (*_ZIP_ERRORS, zlib.error, EOFError):
                return b""

        return read


def _make_entry(path: PurePosixPath, read: Callable[[], bytes]) -> ImageEntry | None:
    """The entry of `.../<split>/<class>/<name>` or `.../<split>/<name>` (then the split is the class), or
    None if hidden.
    """
    if any(part.startswith((".", "__MACOSX")) for part in path.parts) or len(path.parts) < 2:
        return None
    parts = path.parts
    split = parts[-3] if len(parts) >= 3 else parts[-2]
    return ImageEntry(split, parts[-2], path.name, read, parts[:-1])
