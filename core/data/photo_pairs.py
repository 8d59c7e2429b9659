"""Pairs of photo domains that users upload, such as horses and zebras: stored below the download folder, each a data set.

A pair is a folder `photo-pairs/<id>/` with CycleGAN's `trainA trainB testA testB` and `pair.json`, which names the domains.
Uploads are not trusted: every photo is decoded, cropped and encoded again, so that only images that the project wrote are
stored, without their metadata.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import re
import secrets
import shutil
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from core import images, paths
from core.data import apple2orange, image_folder
from core.data.dataset import ArrayDataset
from core.data.image_folder import ImageEntry
from core.data.registry import DatasetInfo, ProgressCallback
from core.files import read_json, write_json
from core.messages import Message, N_, UserError

MAX_UPLOAD_MB = 300
MAX_PHOTOS = 4000  # of both domains
MIN_PHOTOS = 8  # of each domain
MAX_PAIRS = 30
SPLITS = ("trainA", "trainB", "testA", "testB")
_SIDE = apple2orange.load_size(apple2orange.IMAGE_SIZE)  # pixels
_MAX_NAME_LENGTH = 24
_MIN_TEST_PHOTOS = 2
_ID_PATTERN = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class PhotoPair:
    """A stored pair: its folder, the names of the domains A and B, and when it was uploaded (nanoseconds since 1970)."""

    path: Path
    names: tuple[str, str]
    created_ns: int = 0

    @property
    def id(self) -> str:
        """Eight hex digits."""
        return self.path.name

    @property
    def dataset_name(self) -> str:
        """Name of its data set."""
        return f"pair-{self.id}"

    @property
    def title(self) -> str:
        """Both names, such as "horse ↔ zebra"."""
        return " ↔ ".join(self.names)

    def photos(self, split: str) -> list[Path]:
        """Photos in one of `SPLITS`, sorted."""
        return sorted((self.path / split).glob("*.jpg"))


def pairs_folder() -> Path:
    """Folder of all pairs."""
    return paths.download_root() / "photo-pairs"


def list_pairs() -> list[PhotoPair]:
    """All stored pairs, newest first. Damaged ones are left out."""
    try:
        folders = [p for p in pairs_folder().iterdir() if _ID_PATTERN.fullmatch(p.name)]
    except OSError:
        return []
    pairs = []
    for folder in folders:
        about = read_json(folder / "pair.json")
        names = about.get("names") if isinstance(about, dict) else None
        if isinstance(names, list) and len(names) == 2 and all(isinstance(n, str) and n for n in names):
            created = about.get("created_ns")
            pairs.append(PhotoPair(folder, (names[0], names[1]), created if isinstance(created, int) else 0))
    return sorted(pairs, key=lambda p: (p.created_ns, p.id), reverse=True)


def save_upload(
    content: bytes,
    file_name: str,
    names: tuple[str, str] = ("", ""),
    progress: ProgressCallback | None = None,
) -> tuple[PhotoPair, int]:
    """Store the photos of an uploaded zip as a new pair.

    Args:
        content: a zip with `trainA` and `trainB` (and optionally `testA` and `testB`), or with two folders of photos.
        file_name: for messages.
        names: of the domains A and B; the names of the folders for those that are empty.
        progress: called while photos are decoded.

    Returns:
        The pair, and the number of files that were skipped because they are no images.

    Raises:
        UserError: if the zip cannot be read, is unsafe or too large, has another layout or too few photos, or if the folder
            is not writable. Nothing is stored then.
    """
    label = images.safe_name(file_name) or "zip"
    if len(list_pairs()) >= MAX_PAIRS:
        raise UserError(
            N_("There are already {count} photo pairs on this machine. Delete one first."), count=MAX_PAIRS
        )
    try:
        pairs_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=pairs_folder(), prefix=".upload-") as temporary:
            source, folder = Path(temporary) / "upload.zip", Path(temporary) / secrets.token_hex(4)
            source.write_bytes(content)
            try:
                found, skipped = _write_photos(source, folder, label, progress)
            except UserError as error:
                raise UserError(
                    dataclasses.replace(error.message, params={**error.message.params, "file": label})
                ) from error
            finally:
                source.unlink()
            about = {"names": _domain_names(names, found), "created_ns": time.time_ns()}
            write_json(folder / "pair.json", about)
            target = pairs_folder() / folder.name
            folder.rename(target)
    except OSError as error:
        raise UserError(
            N_("The photos could not be saved to {folder}: {reason}."),
            folder=str(pairs_folder()),
            reason=error.strerror or str(error),
        ) from error
    return PhotoPair(target, tuple(about["names"]), about["created_ns"]), skipped


def remove_pair(pair: PhotoPair) -> None:
    """Delete the photos of a pair, and what was decoded from them. Raises UserError if that fails."""
    try:
        aside = pair.path.with_name(f".deleted-{pair.id}")
        pair.path.rename(aside)
        shutil.rmtree(aside)
        for decoded in (paths.cache() / "images").glob(f"{pair.dataset_name}-*"):
            shutil.rmtree(decoded)
    except FileNotFoundError:
        return  # deleted meanwhile by another visitor
    except OSError as error:
        raise UserError(
            N_("{file} cannot be deleted: {reason}."), file=str(pair.path), reason=str(error)
        ) from error


@functools.cache
def make_info(pair: PhotoPair) -> DatasetInfo:
    """The declaration of the pair as a data set."""

    def load(
        source: Path,
        progress: ProgressCallback | None = None,
        image_size: int = apple2orange.IMAGE_SIZE,
        train: bool = True,
    ) -> ArrayDataset:
        return apple2orange.load_domains(
            source,
            pair.dataset_name,
            pair.title,
            pair.names,
            progress=progress,
            image_size=image_size,
            train=train,
            cache_name=pair.dataset_name,
        )

    def inventory(source: Path) -> tuple[int, int, int]:
        counts = [len(pair.photos(split)) for split in SPLITS]
        return sum(counts[:2]), sum(counts[2:]), sum(p.stat().st_size for p in source.rglob("*.jpg"))

    return dataclasses.replace(
        apple2orange.INFO,
        name=pair.dataset_name,
        title=pair.title,
        layout=f"photo-pairs/{pair.id}/{{trainA,trainB,testA,testB}}/*",
        find=lambda _root: pair.path if pair.path.is_dir() else None,
        load=load,
        inventory=inventory,
        url="",
        download=None,
        download_bytes=0,
        fallback=None,
        fallback_title="",
        files_of="",
    )


def _write_photos(
    source: Path, folder: Path, label: str, progress: ProgressCallback | None
) -> tuple[tuple[str, str], int]:
    """Write the photos of a zip below `folder`; return the names of their folders in the zip and the number of skipped files.

    Messages call the zip `label`.
    """
    with image_folder.open_entries(source) as entries:
        if len(entries) > MAX_PHOTOS:
            raise UserError(
                Message.counted(
                    "{file} contains {count} file. The limit is {most}.",
                    "{file} contains {count} files. The limit is {most}.",
                    len(entries),
                    file=label,
                    most=f"{MAX_PHOTOS:,}",
                )
            )
        groups: dict[str, list[ImageEntry]] = defaultdict(list)
        for entry in entries:
            groups[next((n for n in (entry.label, entry.split) if n in SPLITS), entry.label)].append(entry)
        found, skipped = _write_groups(groups, len(entries), folder, progress)
    if {"trainA", "trainB"} <= set(groups):
        names, parts = ("A", "B"), {split: found.get(split, []) for split in SPLITS}
    else:
        full = sorted(name for name, photos in found.items() if photos)
        if len(full) != 2:
            raise UserError(
                N_(
                    "{file} must contain the folders trainA and trainB, or exactly two folders of photos. "
                    "Found: {folders}."
                ),
                file=label,
                folders=", ".join(images.safe_name(n) for n in full[:6]) or "–",
            )
        names, parts = (full[0], full[1]), {"trainA": found[full[0]], "trainB": found[full[1]]}
    for side, name in zip("AB", names, strict=True):
        train, test = _split(parts[f"train{side}"], parts.get(f"test{side}", []))
        if len(train) + len(test) < MIN_PHOTOS:
            raise UserError(
                Message.counted(
                    "{file}: {name} has {count} readable photo. The minimum per domain is {least}.",
                    "{file}: {name} has {count} readable photos. The minimum per domain is {least}.",
                    len(train) + len(test),
                    file=label,
                    name=images.safe_name(name),
                    least=MIN_PHOTOS,
                )
            )
        for split, members in ((f"train{side}", train), (f"test{side}", test)):
            (folder / split).mkdir()
            for photo in members:
                photo.rename(folder / split / photo.name)
    shutil.rmtree(folder / "all")
    return names, skipped


def _write_groups(
    groups: dict[str, list[ImageEntry]], total: int, folder: Path, progress: ProgressCallback | None
) -> tuple[dict[str, list[Path]], int]:
    """Write the readable photos of each group to `folder`/all; return their files by group, and the number of skipped files."""
    (folder / "all").mkdir(parents=True)
    found: dict[str, list[Path]] = {name: [] for name in groups}
    done = skipped = 0
    for name, members in groups.items():
        for entry in members:
            done += 1
            try:
                image = images.flatten_alpha(images.decode_image(entry.read(), entry.name, side=4 * _SIDE))
            except UserError:
                skipped += 1
                continue
            file = folder / "all" / f"{done:05d}.jpg"
            file.write_bytes(_encode(image))
            found[name].append(file)
            if progress and done % 10 == 0:
                progress(Message(N_("Reading photos")), done / total)
    return found, skipped


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    images.center_crop(image, _SIDE).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _split(train: list[Path], test: list[Path]) -> tuple[list[Path], list[Path]]:
    """Training and test photos; without test photos, every tenth is held out, at least two."""
    if len(test) >= _MIN_TEST_PHOTOS:
        return train, test
    photos = sorted([*train, *test])
    count = max(_MIN_TEST_PHOTOS, len(photos) // 10)
    places = {i * len(photos) // count for i in range(count)}
    return [p for i, p in enumerate(photos) if i not in places], [photos[i] for i in sorted(places) if photos]


def _domain_names(wanted: tuple[str, str], found: tuple[str, str]) -> list[str]:
    """The names of A and B: those that are given, else those of the folders; always different."""
    names = [
        images.safe_name(given)[:_MAX_NAME_LENGTH].strip()
        or images.safe_name(folder)[:_MAX_NAME_LENGTH].strip()
        or default
        for given, folder, default in zip(wanted, found, "AB", strict=True)
    ]
    return names if names[0] != names[1] else [f"{names[0]} A", f"{names[1]} B"]
