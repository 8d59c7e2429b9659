"""Find COCO annotations: folders in the data roots, JSON files next to their images, and uploads."""

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
_MAX_FOLDERS = 300  # subfolders searched per folder
MAX_UPLOAD_BYTES = 1_000_000_000  # of all uploads; beyond, those unused for longest are removed
UPLOAD_RETENTION_DAYS = 30  # after the last use
_KEY_LENGTH = 24  # hex digits: too many to find two uploads with one key


def list_sources() -> dict[str, Path]:
    """Return the sources of `list_local`, and the synthetic scenes last."""
    return {**list_local(), SYNTHETIC_TITLE: scenes.make_dataset(paths.cache())}


def list_local() -> dict[str, Path]:
    """Return COCO folders and COCO JSON files in the data roots by name, in the order of the roots."""
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
    """Return the root and its folders, two levels deep."""
    if not root.is_dir():
        return []
    first = _subfolders(root)
    second = [p for folder in first if not (folder / "annotations").is_dir() for p in _subfolders(folder)]
    return [root, *first, *second]


def _subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder; none if it is not readable."""
    try:
        return [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")][
            :_MAX_FOLDERS
        ]
    except OSError:
        return []


def _source_name(named: dict[str, Path], name: str, path: Path) -> None:
    if path not in named.values():
        unused = next(n for n in (name, *(f"{name} ({i})" for i in range(2, 1000))) if n not in named)
        named[unused] = path


def looks_like_coco(file: Path) -> bool:
    """Whether a JSON file starts like a COCO file."""
    try:
        with file.open("rb") as f:
            head = f.read(4096).removeprefix(records.BOM).lstrip()
    except OSError:
        return False
    return head.startswith(b"{") and _COCO_KEYS.search(head) is not None


def save_upload(
    content: bytes, name: str, image_files: list[tuple[str, bytes]]
) -> tuple[Path, list[UserError]]:
    """Save uploaded annotations with their images; return the path of the JSON file and the errors of invalid images.

    The folder in the cache is named after the hash of all files, so an upload cannot change the images of another one.
    Old uploads are removed if space is needed. Raises UserError, and saves nothing, if `content` is not in COCO format or
    the cache folder is not writable.
    """
    records.parse_annotations(content, name, records.Instances)
    stem = re.sub(r"[^\w.-]", "_", PurePosixPath(name.replace("\\", "/")).stem)[:60] or "annotations"
    valid, errors = _readable_images(image_files)
    files = {f"{stem}.json": content, **valid}
    key = hashlib.sha256()
    for file_name, body in sorted(files.items()):
        key.update(hashlib.sha256(file_name.encode()).digest() + hashlib.sha256(body).digest())
    folder = _uploads_folder() / key.hexdigest()[:_KEY_LENGTH]
    if not folder.exists():
        try:
            errors += _write_folder(folder, files)
        except OSError as error:
            raise UserError(
                N_("{file} cannot be written: {reason}."),
                file=str(folder),
                reason=error.strerror or str(error),
            ) from error
        _evict_uploads(folder)
    return folder / f"{stem}.json", errors


def _uploads_folder() -> Path:
    return paths.cache() / "coco-own"


def _readable_images(
    image_files: list[tuple[str, bytes]],
) -> tuple[dict[str, bytes], list[UserError]]:
    """Return the valid images by base name, and the errors of the others."""
    valid: dict[str, bytes] = {}
    errors = []
    for path, body in image_files:
        base_name = (
            PurePosixPath(path.replace("\\", "/")).name.encode("utf-8", "replace").decode().replace("\0", "")
        )
        if not base_name or base_name in valid or base_name.startswith(".") or base_name.endswith(".json"):
            continue
        try:
            images.decode_image(body, path)
        except UserError as error:
            errors.append(error)
            continue
        valid[base_name] = body
    return valid, errors


def _write_folder(folder: Path, files: dict[str, bytes]) -> list[UserError]:
    """Write `files` to a temporary folder and move it to `folder`. Return the errors of names that are too long. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    errors = []
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".part-") as temporary:
        part = Path(temporary) / folder.name
        part.mkdir()
        for name, body in files.items():
            try:
                (part / name).write_bytes(body)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                errors.append(
                    UserError(
                        N_("{file} cannot be written: {reason}."),
                        file=images.safe_name(name),
                        reason=error.strerror or str(error),
                    )
                )
        try:
            os.replace(part, folder)
        except OSError:
            if not folder.exists():  # otherwise the same files were uploaded meanwhile
                raise
    return errors


def _evict_uploads(new: Path) -> None:
    """Remove uploads unused for `UPLOAD_RETENTION_DAYS`, then the least recently used ones beyond `MAX_UPLOAD_BYTES`.

    The upload `new` is kept.
    """
    uploads = []
    for folder in _uploads_folder().iterdir():
        with contextlib.suppress(OSError):  # removed meanwhile by a concurrent upload
            if folder != new:
                uploads.append((folder.stat().st_mtime, _folder_bytes(folder), folder))
    total = _folder_bytes(new) + sum(size for _, size, _ in uploads)
    for last_used, size, folder in sorted(uploads):
        if total > MAX_UPLOAD_BYTES or time.time() - last_used > UPLOAD_RETENTION_DAYS * 86_400:
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
    """Return the JSON file of the upload `key` (its folder name) and mark it as used; None if it does not exist."""
    if not re.fullmatch(rf"[0-9a-f]{{{_KEY_LENGTH}}}", key):
        return None
    file = next(iter(sorted((_uploads_folder() / key).glob("*.json"))), None)
    if file:
        with contextlib.suppress(OSError):  # in a read-only cache nothing is removed either
            os.utime(file.parent)
    return file
