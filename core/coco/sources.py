"""Where COCO annotations lie: folders in the data roots, JSON files beside their pictures, and what a visitor brings along."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from core import images, paths
from core.coco import index, records, scenes
from core.messages import N_, UserError

SYNTHETIC_TITLE = N_("synthetic scenes")
_COCO_KEYS = re.compile(rb'"(images|annotations|categories|licenses|info)"\s*:')
_MAX_FOLDERS = 300  # folders of a data root that are looked into
MAX_UPLOAD_BYTES = 1_000_000_000  # bytes of all that visitors have brought; beyond, what nobody has looked at for longest goes
UPLOAD_RETENTION_DAYS = 30  # after the last look
_KEY_LENGTH = 24  # hex digits, so that nobody finds another set for a key


def list_sources() -> dict[str, Path]:
    """What `there` finds, and the drawn scenes last."""
    return {**list_local(), SYNTHETIC_TITLE: scenes.make_dataset(paths.cache())}


def list_local() -> dict[str, Path]:
    """COCO folders and COCO JSON files in the data roots by name, those of earlier roots first."""
    named: dict[str, Path] = {}
    for root in paths.data_roots(None):
        for folder in _list_folders(root):
            if (folder / "annotations").is_dir() and any((folder / "annotations").glob("*.json")):
                _source_name(named, folder.name, folder)
            elif folder.name != "annotations":
                for file in sorted(folder.glob("*.json"))[:20]:
                    if looks_like_coco(file):
                        _source_name(named, f"{folder.name}/{file.stem}", file)
    return named


def _list_folders(root: Path) -> Iterable[Path]:
    """The root and what lies up to two levels below it."""
    if not root.is_dir():
        return []
    first = _subfolders(root)
    second = [p for folder in first if not (folder / "annotations").is_dir() for p in _subfolders(folder)]
    return [root, *first, *second]


def _subfolders(folder: Path) -> list[Path]:
    """The folders in a folder; none where it may not be read."""
    try:
        return [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")][
            :_MAX_FOLDERS
        ]
    except OSError:
        return []


def _source_name(named: dict[str, Path], name: str, path: Path) -> None:
    if path not in named.values():
        place = next(n for n in (name, *(f"{name} ({i})" for i in range(2, 1000))) if n not in named)
        named[place] = path


def looks_like_coco(file: Path) -> bool:
    """Whether a JSON file begins as COCO's do."""
    try:
        with file.open("rb") as f:
            head = f.read(4096).removeprefix(records.BOM).lstrip()
    except OSError:
        return False
    return head.startswith(b"{") and _COCO_KEYS.search(head) is not None


def save_upload(content: bytes, name: str, pictures: list[tuple[str, bytes]]) -> tuple[Path, list[UserError]]:
    """Annotations that a visitor brings along, with their pictures, in a folder of the cache that is named after all of it: nobody can
    put other pictures to the same annotations. Returns the JSON's path and what is wrong with single pictures. Older sets go where room
    is needed.

    Raises UserError where `content` is not COCO's format, or the cache folder cannot be written; nothing is kept then.
    """
    records.parse_annotations(content, name, records.Instances)
    stem = re.sub(r"[^\w.-]", "_", PurePosixPath(name.replace("\\", "/")).stem)[:60] or "annotations"
    taken, wrong = _readable_images(pictures)
    files = {f"{stem}.json": content, **taken}
    key = hashlib.sha256()
    for plain, body in sorted(files.items()):
        key.update(hashlib.sha256(plain.encode()).digest() + hashlib.sha256(body).digest())
    folder = _uploads_folder() / key.hexdigest()[:_KEY_LENGTH]
    if not folder.exists():
        try:
            wrong += _write_folder(folder, files)
        except OSError as error:
            raise UserError(
                N_("{file} cannot be written: {reason}."),
                file=str(folder),
                reason=error.strerror or str(error),
            ) from error
        _evict_uploads(folder)
    return folder / f"{stem}.json", wrong


def _uploads_folder() -> Path:
    return paths.cache() / "coco-own"


def _readable_images(pictures: list[tuple[str, bytes]]) -> tuple[dict[str, bytes], list[UserError]]:
    """Those of `pictures` that are some, by their bare names, and what is wrong with the others."""
    taken: dict[str, bytes] = {}
    wrong = []
    for picture, body in pictures:
        plain = (
            PurePosixPath(picture.replace("\\", "/"))
            .name.encode("utf-8", "replace")
            .decode()
            .replace("\0", "")
        )
        if not plain or plain in taken or plain.startswith(".") or plain.endswith(".json"):
            continue
        try:
            images.decode_image(body, picture)
        except UserError as error:
            wrong.append(error)
            continue
        taken[plain] = body
    return taken, wrong


def _write_folder(folder: Path, files: dict[str, bytes]) -> list[UserError]:
    """Write `files` aside and move them into place as `folder`. Returns which names no file can have. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    wrong = []
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".part-") as made:
        part = Path(made) / folder.name
        part.mkdir()
        for name, body in files.items():
            try:
                (part / name).write_bytes(body)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                wrong.append(
                    UserError(
                        N_("{file} cannot be written: {reason}."),
                        file=images.safe_name(name),
                        reason=error.strerror or str(error),
                    )
                )
        try:
            os.replace(part, folder)
        except OSError:
            if not folder.exists():  # otherwise somebody else has brought the same meanwhile
                raise
    return wrong


def _evict_uploads(new: Path) -> None:
    """Remove what nobody has looked at for `DAYS_KEPT`, and of the rest the longest unseen, until at most `MOST_KEPT` bytes are left. What
    has just come stays."""
    sets = []
    for folder in _uploads_folder().iterdir():
        with contextlib.suppress(OSError):  # gone already: two may make room at once
            if folder != new:
                sets.append((folder.stat().st_mtime, _folder_bytes(folder), folder))
    total = _folder_bytes(new) + sum(size for _, size, _ in sets)
    for seen, size, folder in sorted(sets):
        if total > MAX_UPLOAD_BYTES or time.time() - seen > UPLOAD_RETENTION_DAYS * 86_400:
            for source in folder.glob("*.json"):
                index.delete_index(source)
            shutil.rmtree(folder, ignore_errors=True)
            total -= size


def _folder_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def find_upload(key: str) -> Path | None:
    """The JSON that `keep` has put away under `key` (the name of its folder), if it is still there. Who asks looks at it."""
    if not re.fullmatch(rf"[0-9a-f]{{{_KEY_LENGTH}}}", key):
        return None
    found = next(iter(sorted((_uploads_folder() / key).glob("*.json"))), None)
    if found:
        with contextlib.suppress(OSError):  # a cache that cannot be written is not emptied either
            os.utime(found.parent)
    return found
