"""Decode photos, and store them in a project: threads decode, and nothing is part of the project before all are written."""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core import images
from core.data import ProgressCallback
from core.messages import Message, N_, UserError
from core.projects.store import (
    MAX_PHOTOS,
    Change,
    Photo,
    Project,
    check_space,
    clean_name,
    new_photo_id,
    not_saved_error,
)
from core.training.recipe import num_cores

STORED_SIDE = 512  # pixels, at most
_STORED_BYTES = 60_000  # of a stored photo of that side, about
_SMALL_SIDE = 128  # pixels; smaller photos are stored at a higher quality, because every pixel counts
_GRAY_TOLERANCE = 8  # of 255: what JPEG makes of a gray photo
_THUMBNAIL_SIZE = (64, 64)  # pixels, from which a photo is hashed
_MAX_REASONS = 100
_MAX_THREADS = 4  # each may hold a photo of 40 megapixels
_STALE_SECONDS = 3600.0
_ZIP_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True)
class PhotoSource:
    """One photo to add: its class, the split that it came in, a name for messages, what reads its content, and where it is from."""

    label: str
    name: str
    read: Callable[[], bytes]
    split: str = ""
    origin: str = ""


@dataclass(frozen=True)
class IntakeResult:
    """What came of an upload: numbers of photos added and of files skipped, and why, for the first hundred of them."""

    added: int
    skipped: int = 0
    reasons: tuple[Message, ...] = ()


def add_photos(
    project: Project,
    sources: Sequence[PhotoSource],
    progress: ProgressCallback | None = None,
    file_name: str = "",
    about: Mapping[str, object] | None = None,
) -> IntakeResult:
    """Store photos, with their classes where these are new; a photo that its class has already is skipped.

    Args:
        project: where to.
        sources: the photos.
        progress: called while they are decoded.
        file_name: of the upload, for messages.
        about: entries for `project.json`.

    Raises:
        UserError: if there are too many, if none is readable, or if the disk is full. Nothing is stored then.
    """
    have = len(project.photos(dropped=True))
    if have + len(sources) > MAX_PHOTOS:
        raise _too_many_error(len(sources), have)
    check_space(len(sources) * _STORED_BYTES)
    try:
        _remove_stale(project)
        folder = project.path / f".intake-{secrets.token_hex(4)}"
        folder.mkdir()
    except OSError as error:
        raise not_saved_error(error) from error
    try:
        made, reasons = _write_all(sources, folder, progress)
        if sources and not made:
            raise _nothing_readable_error(reasons, file_name)
        added, doubles = _move_in(project, made, reasons, folder, about or {})
    except OSError as error:
        raise not_saved_error(error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    reasons += [
        Message(N_("{file} is already in class {name}."), {"file": p.origin, "name": p.label})
        for p in doubles
    ]
    return IntakeResult(added, len(reasons), tuple(reasons[:_MAX_REASONS]))


def _write_all(
    sources: Sequence[PhotoSource], folder: Path, progress: ProgressCallback | None
) -> tuple[list[Photo], list[Message]]:
    """Decode all sources into `folder`; return the photos in their order, and why the others are skipped."""
    made: list[Photo] = []
    reasons: list[Message] = []
    for done, outcome in enumerate(_in_order(lambda s: _write_photo(s, folder), sources), start=1):
        if isinstance(outcome, Photo):
            made.append(outcome)
        else:
            reasons.append(outcome)
        if progress and done % 20 == 0:
            progress(Message(N_("Reading photos")), done / len(sources))
    return made, reasons


def _in_order(
    function: Callable[[PhotoSource], Photo | Message], sources: Sequence[PhotoSource]
) -> Iterator[Photo | Message]:
    """Results of `function` in threads, in order; only few are under way at a time, so that memory does not grow with their number."""
    pending: deque[Future] = deque()
    with ThreadPoolExecutor(min(_MAX_THREADS, num_cores())) as pool:
        try:
            for source in sources:
                pending.append(pool.submit(function, source))
                if len(pending) > 4 * _MAX_THREADS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _write_photo(source: PhotoSource, folder: Path) -> Photo | Message:
    """Write one photo to `folder`, or return why it cannot be used."""
    content = source.read()
    if content.startswith(_ZIP_SIGNATURE):
        return Message(
            N_("{file} is a zip inside the upload. Extract it, and zip the class folders themselves."),
            {"file": images.safe_name(source.name)},
        )
    try:
        image = images.flatten_alpha(images.decode_image(content, source.name, side=STORED_SIDE))
    except UserError as error:
        return error.message
    header = images.read_header(content)
    photo_id, thumbnail = new_photo_id(), image.resize(_THUMBNAIL_SIZE, Image.Resampling.BOX)
    small = max(image.size) <= _SMALL_SIDE
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95 if small else 90, subsampling=0 if small else 2)
    (folder / f"{photo_id}.jpg").write_bytes(buffer.getbuffer())
    return Photo(
        id=photo_id,
        label=source.label,
        file=f"{photo_id}.jpg",
        split=source.split,
        width=header.width,
        height=header.height,
        gray=_is_gray(thumbnail),
        rotated=header.rotated,
        phash=_perceptual_hash(thumbnail),
        sha=hashlib.sha256(content).hexdigest()[:32],
        origin=source.origin or images.safe_name(source.name),
    )


def _is_gray(small: Image.Image) -> bool:
    return int(np.ptp(np.asarray(small).astype(int), axis=2).max()) <= _GRAY_TOLERANCE


def _perceptual_hash(small: Image.Image) -> str:
    import imagehash

    return str(imagehash.phash(small))


def _move_in(
    project: Project, made: list[Photo], unreadable: list[Message], folder: Path, about: Mapping[str, object]
) -> tuple[int, list[Photo]]:
    """Make the written photos part of the project; return how many, and those that their class had already."""
    doubles: list[Photo] = []
    moved: list[Path] = []
    try:
        with project.changing() as change:
            known = {(p.label, p.sha) for p in change.photos}
            new = []
            for photo in made:
                (doubles if (photo.label, photo.sha) in known else new).append(photo)
                known.add((photo.label, photo.sha))
            if len(change.photos) + len(new) > MAX_PHOTOS:
                raise _too_many_error(len(new), len(change.photos))
            _add_classes(change, new)
            for photo in new:
                (folder / photo.file).rename(project.file(photo))
                moved.append(project.file(photo))
            change.photos.extend(new)
            change.about.update(about)
            if unreadable:
                known_problems = [*change.about.get("unreadable", ()), *(m.to_json() for m in unreadable)]
                change.about["unreadable"] = known_problems[-_MAX_REASONS:]
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        raise
    return len(new), doubles


def _add_classes(change: Change, photos: list[Photo]) -> None:
    for label in dict.fromkeys(p.label for p in photos):
        change.add_class(label)


def _remove_stale(project: Project) -> None:
    """Remove what a killed process left behind."""
    for folder in project.path.glob(".intake-*"):
        if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _too_many_error(count: int, have: int) -> UserError:
    return UserError(
        N_(
            "A project holds at most {most} photos. It has {have}, and {count} more were given. Choose fewer "
            "photos or classes."
        ),
        most=f"{MAX_PHOTOS:,}",
        have=f"{have:,}",
        count=f"{count:,}",
    )


def _nothing_readable_error(reasons: list[Message], file_name: str) -> UserError:
    if len(reasons) == 1:
        return UserError(reasons[0])
    return UserError(
        N_("{file} contains no readable photos. For example: {reason}"),
        file=clean_name(file_name, "–"),
        reason=reasons[0],
    )
