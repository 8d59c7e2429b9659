"""Projects for the command line: made of a folder or a zip, and found again by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from core import paths
from core.data import ProgressCallback
from core.data.image_folder import list_files
from core.messages import N_, UserError
from core.projects import intake, store
from core.projects.store import Project, clean_name


def open_or_create(
    source: Path, classes: Sequence[str] | None = None, progress: ProgressCallback | None = None
) -> Project:
    """The project made of `source` and `classes`, a new one if there is none yet; `source` may also be the id of a project.

    Raises:
        UserError: if there is no such folder, file or project, or as `intake.add_archive` does. Nothing is stored then.
    """
    if not source.exists():
        if store.is_project_id(str(source)):
            return store.open_project(str(source))
        raise UserError(N_("{file} was not found."), file=str(source))
    try:
        fingerprint = content_fingerprint(source, classes)
        paths.projects().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            N_("{file} cannot be read: {reason}."), file=str(source), reason=error.strerror or str(error)
        ) from error
    with FileLock(paths.projects() / f".{fingerprint}.lock"):
        return store.find_by_fingerprint(fingerprint) or _create(source, classes, fingerprint, progress)


def _create(
    source: Path, classes: Sequence[str] | None, fingerprint: str, progress: ProgressCallback | None
) -> Project:
    project = store.create_project(clean_name(source.resolve().stem, "photos"))
    try:
        if source.is_dir():
            intake.add_folder(project, source, classes, progress)
        else:
            intake.add_archive(project, source, source.name, progress, classes)
        with project.changing() as change:  # last: only a complete project is found again
            change.about["fingerprint"] = fingerprint
    except BaseException:
        store.delete_project(project)
        raise
    return project


def content_fingerprint(source: Path, classes: Sequence[str] | None = None) -> str:
    """Hash of the content of a file, or of all files in a folder and their names, and of the chosen classes. Raises OSError."""
    total = hashlib.sha256(repr(list(classes) if classes else None).encode())
    for path in [source] if source.is_file() else list_files(source):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        name = "" if source.is_file() else path.relative_to(source).as_posix()
        total.update(hashlib.sha256(name.encode()).digest() + content)
    return total.hexdigest()[:32]
