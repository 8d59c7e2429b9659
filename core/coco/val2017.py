"""Download COCO val2017: 5,000 images, and their annotations from the archive of both splits.

Sizes are those of the files at images.cocodataset.org, checksums as published by other projects.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from filelock import FileLock

from core.data import ProgressCallback
from core.data.download import RemoteFile, fetch_files
from core.messages import Message, N_, UserError

URL = "http://images.cocodataset.org/"
FILES = {
    "annotations/annotations_trainval2017.zip": "f4bbac642086de4f52a3fdda2de5fa2c",
    "zips/val2017.zip": "442b8da7639aecaf257c1dceb8ba8c80",
}
DOWNLOAD_BYTES = 252_907_541 + 815_585_330
NUM_IMAGES = {"train2017": 118_287, "val2017": 5_000}
"""Images of the complete splits, by name."""
KINDS = ("captions", "instances", "person_keypoints")


def download_val2017(folder: Path, progress: ProgressCallback | None = None) -> Path:
    """Download val2017 into `folder` as `annotations/*_val2017.json` and `val2017/*.jpg`, unless it is complete.

    Raises UserError with the file and the reason; files that are complete are kept, and the next call continues.
    """
    wanted = [folder / "annotations" / f"{kind}_val2017.json" for kind in KINDS]
    if all(path.exists() for path in wanted) and (folder / ".val2017").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".get.lock"):  # concurrent requests share one download
        _download_files(folder, progress)
    return folder


def _download_files(folder: Path, progress: ProgressCallback | None) -> None:
    if (folder / ".val2017").exists():
        return
    sources = [RemoteFile(URL + name, folder / PurePosixPath(name).name, md5) for name, md5 in FILES.items()]
    fetch_files("COCO val2017", sources, DOWNLOAD_BYTES, progress)
    try:
        for source in reversed(sources):  # annotations last: they make the folder a data set
            _unpack_archive(source.path, folder, progress)
    except (zipfile.BadZipFile, OSError) as error:
        raise UserError(
            N_("{file} cannot be extracted: {reason}."), file=str(source.path), reason=str(error)
        ) from error
    (folder / ".val2017").touch()
    for source in sources:
        source.path.unlink(missing_ok=True)


def _unpack_archive(archive: Path, folder: Path, progress: ProgressCallback | None) -> None:
    """Extract the members of val2017 from an archive; other names are ignored, so none leads outside `folder`."""
    with zipfile.ZipFile(archive) as archive_file:
        members = [m for m in archive_file.infolist() if _is_val2017(m.filename)]
        for number, member in enumerate(members):
            if progress and number % 100 == 0:
                progress(Message(N_("Extracting {name}"), {"name": archive.name}), number / len(members))
            target = folder / member.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.part")
            with archive_file.open(member) as source, temporary.open("wb") as f:
                shutil.copyfileobj(source, f, 1 << 20)
            os.replace(temporary, target)


def _is_val2017(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if len(parts) != 2 or parts[1].startswith("."):
        return False
    return (parts[0] == "val2017" and parts[1].endswith(".jpg")) or (
        parts[0] == "annotations" and parts[1].endswith("_val2017.json")
    )
