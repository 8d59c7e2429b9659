"""The store of photo projects: a project is a folder `<id>/` below `core.paths.projects()`.

It holds `project.json` (name, classes), `photos.json` (one row per photo) and `photos/<photo id>.jpg`. Ids cannot be guessed, and no
page lists them: the link is the only way to a project. Photos are changed by `relabel`, `drop` and `restore`; a dropped photo stays on
disk until the project is deleted.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from core import paths
from core.files import folder_size, write_json
from core.messages import N_, UserError
from core.projects.manifest import FORMAT, Photo, file_stamp, read_about, read_photos, write_photos
from core.runs import store as run_store
from core.runs.store import Run

PREFIX = "photos-"
"""Begins the names of a project's data set and tasks."""
MAX_CLASSES = 50
MAX_PHOTOS = 20_000
"""Photos in one project."""
MAX_NAME_LENGTH = 40
MAX_PROJECTS = 5_000
"""Projects in one folder. Unused ones are never deleted on their own."""
MIN_FREE_BYTES = 500_000_000
"""Disk space that photos never take, so that runs can still be saved."""
_ID_PATTERN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Project:
    """A stored project; everything is read when it is asked for."""

    path: Path

    @property
    def id(self) -> str:
        """32 hex digits."""
        return self.path.name

    @property
    def about(self) -> dict[str, Any]:
        """The content of `project.json`."""
        value = read_about(self.path / "project.json")
        return value if isinstance(value, dict) else {}

    @property
    def name(self) -> str:
        """The name that a person gave it."""
        return str(self.about.get("name", ""))

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the data set."""
        return tuple(self.about.get("classes", ()))

    @property
    def created_at(self) -> float:
        """Seconds since 1970."""
        return self.about.get("created_ns", 0) / 1e9

    @property
    def dataset_name(self) -> str:
        """Name of its data set."""
        return PREFIX + self.id

    @property
    def photos_folder(self) -> Path:
        """Where the photos lie."""
        return self.path / "photos"

    def photos(self, *, dropped: bool = False) -> list[Photo]:
        """The photos in the order in which they were added; with `dropped` also those that are left out."""
        return [p for p in read_photos(self.path) if dropped or not p.dropped]

    def photo(self, photo_id: str) -> Photo:
        """The photo called `photo_id`. Raises UserError if there is none."""
        for photo in read_photos(self.path):
            if photo.id == photo_id:
                return photo
        raise UserError(N_("Photo not found. It was deleted, or the link is incomplete."))

    def file(self, photo: Photo) -> Path:
        """The file of a photo."""
        return self.photos_folder / photo.file

    @property
    def version(self) -> str:
        """Hash of everything that the data set depends on: classes, photos, labels and splits."""
        return _version(self, self.stamp)

    @property
    def stamp(self) -> tuple[int, ...]:
        """Changes whenever the project does; for keys of caches."""
        return (*file_stamp(self.path / "project.json"), *file_stamp(self.path / "photos.json"))

    def size(self) -> int:
        """Bytes on disk."""
        return folder_size(self.path)

    def runs(self) -> list[Run]:
        """The runs of all models trained on this project, newest first."""
        names = [p.name for p in paths.runs().glob(f"{self.dataset_name}-*")]
        found = [run for name in names for run in run_store.list_runs(name, private=True)]
        return sorted(found, key=lambda r: (r.created_at, r.id), reverse=True)

    def find_run(self, run_id: str) -> Run:
        """The run `run_id` of this project. Raises UserError if it has none of that id."""
        for run in self.runs():
            if run.id == run_id:
                return run
        raise UserError(N_("This project has no run {run}."), run=run_id[:40])

    # ---- changes -----------------------------------------------------------------------------------------------------

    def rename(self, name: str) -> None:
        """Give the project another name. Raises UserError if it is empty."""
        name = clean_name(name)
        with self.changing() as change:
            change.about["name"] = name

    def add_class(self, name: str) -> str:
        """Add a class; return its name as it is stored. Raises UserError if it is empty, taken, or one too many."""
        name = clean_name(name)
        with self.changing() as change:
            if name in change.classes:
                raise UserError(N_("There is already a class named {name}."), name=name)
            change.add_class(name)
        return name

    def rename_class(self, old: str, new: str) -> str:
        """Rename a class; return its name as it is stored. Raises UserError if `new` is empty or taken."""
        new = clean_name(new)
        with self.changing() as change:
            change.check_class(old)
            if new != old and new in change.classes:
                raise UserError(N_("There is already a class named {name}."), name=new)
            change.classes[:] = [new if c == old else c for c in change.classes]
            change.replace(lambda p: p.label == old, label=new)
        return new

    def remove_class(self, name: str) -> None:
        """Remove a class and delete its photos."""
        with self.changing() as change:
            change.check_class(name)
            change.classes.remove(name)
            gone = [p for p in change.photos if p.label == name]
            change.photos[:] = [p for p in change.photos if p.label != name]
        for photo in gone:
            self.file(photo).unlink(missing_ok=True)

    def relabel(self, ids: Iterable[str], label: str) -> None:
        """Move photos to the class `label`."""
        wanted = set(ids)
        with self.changing() as change:
            change.check_class(label)
            change.replace(lambda p: p.id in wanted, label=label)

    def drop(self, ids: Iterable[str]) -> None:
        """Leave photos out of the data set; `restore` takes them back."""
        wanted = set(ids)
        with self.changing() as change:
            change.replace(lambda p: p.id in wanted, dropped=True)

    def restore(self, ids: Iterable[str]) -> None:
        """Take dropped photos back."""
        wanted = set(ids)
        with self.changing() as change:
            change.replace(lambda p: p.id in wanted, dropped=False)

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """Change the project: what the block leaves in the `Change` is saved, unless it raises.

        Raises:
            UserError: if the project was deleted meanwhile, or if its folder cannot be written.
        """
        if not self.about:  # first, because the lock would make its folder again
            raise unknown_project_error()
        try:
            with FileLock(self.path / ".lock"):
                if not self.about:
                    raise unknown_project_error()
                change = Change(
                    {**self.about}, list(self.about.get("classes", ())), list(read_photos(self.path))
                )
                before = change.copy()
                yield change
                if change.photos != before.photos:
                    write_photos(self.path, change.photos)
                about = {**change.about, "classes": change.classes}
                if about != self.about:
                    write_json(self.path / "project.json", about)
        except OSError as error:
            raise not_saved_error(error) from error


@dataclass
class Change:
    """The parts of a project that a block of `Project.changing` may change: `project.json`, classes, photos."""

    about: dict[str, Any]
    classes: list[str]
    photos: list[Photo]

    def copy(self) -> Change:
        """A copy with lists of its own."""
        return Change({**self.about}, [*self.classes], [*self.photos])

    def add_class(self, name: str) -> None:
        """Append a class unless it is there. Raises UserError if there are too many."""
        if name in self.classes:
            return
        if len(self.classes) >= MAX_CLASSES:
            raise UserError(N_("A project can have at most {most} classes."), most=MAX_CLASSES)
        self.classes.append(name)

    def check_class(self, name: str) -> None:
        """Raise UserError if there is no class `name`."""
        if name not in self.classes:
            raise UserError(N_("There is no class named {name}."), name=clean_name(name, "–"))

    def replace(self, wanted: Callable[[Photo], bool], **values: object) -> None:
        """Replace attributes of the photos for which `wanted` is true."""
        self.photos[:] = [dataclasses.replace(p, **values) if wanted(p) else p for p in self.photos]


def create_project(name: str, **about: object) -> Project:
    """A new project without classes. `about` is kept in `project.json`.

    Raises:
        UserError: if the name is empty, if there are too many projects, or if the folder is full or not writable.
    """
    check_space()
    if count_projects() >= MAX_PROJECTS:
        raise UserError(
            N_("There are already {count} projects in {folder}. Delete one that is no longer needed."),
            count=f"{MAX_PROJECTS:,}",
            folder=str(paths.projects()),
        )
    path = paths.projects() / secrets.token_hex(16)
    values = {
        "format": FORMAT,
        "name": clean_name(name),
        "classes": [],
        "created_ns": time.time_ns(),
        "sources": [],
        **about,
    }
    try:
        (path / "photos").mkdir(parents=True)
        write_json(path / "project.json", values)
    except OSError as error:
        raise not_saved_error(error) from error
    return Project(path)


def is_project_id(text: str) -> bool:
    """Whether `text` is written as the id of a project."""
    return _ID_PATTERN.fullmatch(text) is not None


def open_project(project_id: str) -> Project:
    """The project with this id. Raises UserError if there is none."""
    if is_project_id(project_id):
        project = Project(paths.projects() / project_id)
        if project.about:
            return project
    raise unknown_project_error()


def find_by_fingerprint(fingerprint: str) -> Project | None:
    """The project that was made of data with this fingerprint (`about["fingerprint"]`), or None."""
    return next((p for p in map(Project, _list_folders()) if p.about.get("fingerprint") == fingerprint), None)


def _list_folders() -> list[Path]:
    try:
        return sorted(p for p in paths.projects().iterdir() if _ID_PATTERN.fullmatch(p.name))
    except OSError:  # the folder is made with the first project
        return []


def count_projects() -> int:
    """Number of stored projects."""
    return len(_list_folders())


def check_space(wanted: int = 0) -> None:
    """Raise UserError unless `wanted` bytes and `MIN_FREE_BYTES` more are free on the disk of the projects."""
    folder = paths.projects()
    place = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise not_saved_error(error) from error
    if free < wanted + MIN_FREE_BYTES:
        raise UserError(
            N_(
                "Not enough disk space for photos: {free} MB are free in {folder}, {least} MB are needed. Delete "
                "projects or runs that are no longer needed."
            ),
            free=f"{free / 1e6:,.0f}",
            folder=str(folder),
            least=f"{(wanted + MIN_FREE_BYTES) / 1e6:,.0f}",
        )


def delete_project(project: Project) -> None:
    """Delete a project: photos, runs and everything that was computed from them.

    Raises:
        UserError: while one of its runs is active (nothing is deleted then), or if a folder cannot be deleted.
    """
    runs = project.runs()
    if any(run.status().is_active for run in runs):
        raise UserError(
            N_("{title} is being trained on. Stop its run before deleting it."), title=project.name
        )
    try:
        for run in runs:
            run_store.delete_run(run)
        for folder in paths.runs().glob(f"{project.dataset_name}-*"):
            shutil.rmtree(folder)
        for made in paths.cache().glob(f"*/{project.dataset_name}*"):
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        aside = project.path.with_name(f".deleted-{project.id}")
        project.path.rename(aside)
        shutil.rmtree(aside)
    except FileNotFoundError:
        return  # deleted meanwhile by another visitor
    except OSError as error:
        raise UserError(
            N_("{file} cannot be deleted: {reason}."),
            file=str(project.path),
            reason=error.strerror or str(error),
        ) from error


def clean_name(name: str, default: str | None = None) -> str:
    """A name of a project or a class without characters that mean something in HTML, Markdown or paths, at most 40 characters.

    Raises:
        UserError: if nothing is left and there is no `default`.
    """
    clean = re.sub(r"[^\w .()+,-]+", " ", unicodedata.normalize("NFC", name))
    clean = re.sub(r"\s+", " ", clean).strip(" .")[:MAX_NAME_LENGTH].strip(" .")
    if not clean and default is None:
        raise UserError(N_("Enter a name of letters or digits."))
    return clean or str(default)


@functools.lru_cache(maxsize=16)
def _version(project: Project, stamp: tuple[int, ...]) -> str:
    """See `Project.version`; `stamp` invalidates the cache entry."""
    rows = [(p.id, p.label, p.split) for p in project.photos()]
    return hashlib.sha256(json.dumps([project.classes, rows]).encode()).hexdigest()[:16]


def new_photo_id() -> str:
    """A new id of a photo."""
    return secrets.token_hex(8)


def unknown_project_error() -> UserError:
    """The error for an unknown or deleted project."""
    return UserError(N_("Project not found. It was deleted, or the link is incomplete."))


def not_saved_error(error: OSError) -> UserError:
    """The error for a folder of projects that cannot be written."""
    return UserError(
        N_("The photos could not be saved to {folder}: {reason}."),
        folder=str(paths.projects()),
        reason=error.strerror or str(error),
    )
