"""Add photos to a project: a zip or a folder of class folders, single files, ready-made sets.

Uploads are not trusted: every photo is decoded, turned upright, scaled down and encoded again, without its metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core import images
from core.data import ProgressCallback, image_folder
from core.data.image_folder import ImageEntry
from core.messages import N_, UserError
from core.projects.photo_writer import IntakeResult, PhotoSource, add_photos
from core.projects.ready_made import ReadyMade, add_ready_made, list_ready_made
from core.projects.store import Project, clean_name

__all__ = [
    "IntakeResult",
    "ReadyMade",
    "UploadedFile",
    "add_archive",
    "add_folder",
    "add_images",
    "add_ready_made",
    "add_uploaded_folder",
    "list_ready_made",
]

MAX_UPLOAD_MB = 500
"""Of one zip, and of all files of a folder."""
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_DOMAINS = {"trainA": ("train", 0), "trainB": ("train", 1), "testA": ("test", 0), "testB": ("test", 1)}


@dataclass(frozen=True)
class UploadedFile:
    """A file of an uploaded folder: its path, beginning with the folder, its size in bytes, and what reads it."""

    path: str
    size: int
    read: Callable[[], bytes]


def add_archive(
    project: Project,
    source: Path | BinaryIO,
    file_name: str,
    progress: ProgressCallback | None = None,
    classes: Sequence[str] | None = None,
) -> IntakeResult:
    """Add the photos of a zip, whose folders are the classes; folders such as `train` and `test` above them are its splits.

    Args:
        project: where to.
        source: the zip, or a file object that holds it.
        file_name: for messages.
        progress: called while photos are decoded.
        classes: only these.

    Raises:
        UserError: if the zip cannot be read, is unsafe or encrypted, has no class folders, too many files or no readable photo, or
            if a class in `classes` is missing. Nothing is stored then.
    """
    label = images.safe_name(file_name) or "zip"
    try:
        with image_folder.open_entries(source, label) as entries:
            return _add_entries(project, entries, label, progress, classes)
    except OSError as error:
        raise UserError(
            N_("{file} cannot be read: {reason}."), file=label, reason=error.strerror or str(error)
        ) from error


def add_folder(
    project: Project,
    folder: Path,
    classes: Sequence[str] | None = None,
    progress: ProgressCallback | None = None,
) -> IntakeResult:
    """Add the photos of a folder on this machine, laid out as a zip for `add_archive`."""
    if not folder.is_dir():
        raise UserError(N_("{file} was not found."), file=str(folder))
    with image_folder.open_entries(folder) as entries:
        return _add_entries(project, entries, folder.name, progress, classes)


def add_uploaded_folder(
    project: Project, files: Sequence[UploadedFile], progress: ProgressCallback | None = None
) -> IntakeResult:
    """Add the photos of a folder that was uploaded file by file, laid out as a zip for `add_archive`.

    Raises:
        UserError: if there are no class folders, too many files or bytes, a path outside the folder, or no readable photo. Nothing is
            stored then.
    """
    name = images.safe_name(files[0].path.replace("\\", "/").partition("/")[0]) if files else ""
    label, total = name or "folder", sum(f.size for f in files)
    if total > MAX_UPLOAD_MB * 1_000_000:
        raise UserError(
            N_("{file} has {size} MB, but an upload may have {most} MB. Upload fewer photos at a time."),
            file=label,
            size=f"{total / 1e6:,.0f}",
            most=MAX_UPLOAD_MB,
        )
    entries = image_folder.list_entries(label, ((f.path, f.read) for f in files))
    return _add_entries(project, entries, label, progress, None)


def add_images(
    project: Project,
    label: str,
    files: Sequence[tuple[str, bytes]],
    progress: ProgressCallback | None = None,
) -> IntakeResult:
    """Add uploaded files or camera shots, (name, content) each, to the class `label`, which is made if it is new."""
    label = clean_name(label)
    sources = [PhotoSource(label, name, lambda content=content: content) for name, content in files]
    return add_photos(project, sources, progress)


def _add_entries(
    project: Project,
    entries: list[ImageEntry],
    file_name: str,
    progress: ProgressCallback | None,
    classes: Sequence[str] | None,
) -> IntakeResult:
    sources = assign_classes(entries)
    if not sources:
        raise UserError(
            N_("{file} has no class folders. Put the photos of each class into a folder named after it."),
            file=file_name,
        )
    if classes is not None:
        sources = _only_classes(sources, classes, file_name)
    return add_photos(project, sources, progress, file_name)


def assign_classes(entries: Sequence[ImageEntry]) -> list[PhotoSource]:
    """The photos with the class and the split that their folders name.

    `<any>/<split>/<class>/*`, `<class>/<split>/*`, `<class>/*` and CycleGAN's `trainA trainB testA testB` are understood; folders within
    a class belong to it, folders around all classes say nothing.
    """
    split_parts = [_take_split(e.folders) for e in entries]
    # A note beside the class folders must not make a class of the folder around them.
    pairs = [(e.name, parts) for e, (_split, parts) in zip(entries, split_parts, strict=True) if parts]
    photos = [parts for name, parts in pairs if name.lower().endswith(images.SUFFIXES)]
    depth = _common_depth(photos or [parts for _name, parts in pairs])
    sources = []
    for entry, (split, parts) in zip(entries, split_parts, strict=True):
        label = clean_name(parts[min(depth, len(parts) - 1)], "") if parts else ""
        if label:
            sources.append(PhotoSource(label, entry.name, entry.read, split))
    return sources


def _take_split(folders: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The split that one of the folders names, and the folders without it."""
    for i, name in enumerate(folders):
        if name in _DOMAINS:
            split, side = _DOMAINS[name]
            names = folders[i - 1].split("2") if i else []
            return split, (names[side] if len(names) == 2 and all(names) else "AB"[side],)
        if name.lower() in _SPLITS and len(folders) > 1:
            return _SPLITS[name.lower()], folders[:i] + folders[i + 1 :]
    return "", folders


def _common_depth(paths: Sequence[tuple[str, ...]]) -> int:
    """Number of leading folders that all `paths` share, always leaving one."""
    depth = 0
    while paths and all(len(p) > depth + 1 and p[depth] == paths[0][depth] for p in paths):
        depth += 1
    return depth


def _only_classes(sources: list[PhotoSource], classes: Sequence[str], file_name: str) -> list[PhotoSource]:
    """The sources of the given classes, in the order of the classes."""
    wanted = [clean_name(name) for name in classes]
    found = {s.label for s in sources}
    if missing := [name for name in wanted if name not in found]:
        raise UserError(
            N_("{file} has no class {name}. Its classes: {classes}."),
            file=file_name,
            name=missing[0],
            classes=", ".join(sorted(found)[:20]),
        )
    return [s for name in wanted for s in sources if s.label == name]
