"""Schema of COCO annotation files, decoded by msgspec. Optional keys may be missing or null; unknown keys are ignored.

Segmentations and keypoints, most of a file, stay raw bytes and are decoded only when an image is opened.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from core.messages import N_, UserError

EMPTY = msgspec.Raw(b"")
BOM = b"\xef\xbb\xbf"  # byte order mark, written by some editors


class Image(msgspec.Struct, gc=False):
    """Image; `width` and `height` in pixels, 0 or None if not stated. `license` refers to the licenses of its file; both it and
    `flickr_url` may be anything.
    """

    id: int
    file_name: str | None = ""
    width: float | None = 0
    height: float | None = 0
    license: Any = None
    flickr_url: Any = None


class Category(msgspec.Struct, gc=False):
    """Category. `keypoints` are names, `skeleton` pairs of keypoint numbers, from 1."""

    id: int
    name: str
    supercategory: str | None = ""
    keypoints: list[str] | None = None
    skeleton: list[list[float]] | None = None


class Annotation(msgspec.Struct, gc=False):
    """Instance.

    `bbox` is x, y, width, height in pixels; `segmentation` polygons, RLE or compressed RLE; `keypoints` triples of x, y
    and visibility (0 not labeled, 1 labeled but not visible, 2 visible).
    """

    image_id: int
    category_id: int | None = -1
    id: int | None = None
    bbox: list[float | None] | None = None
    area: float | None = None
    iscrowd: bool | float | None = 0
    segmentation: msgspec.Raw = EMPTY
    keypoints: msgspec.Raw = EMPTY


class Caption(msgspec.Struct, gc=False):
    """Caption of an image."""

    image_id: int
    caption: str
    id: int | None = None


class Instances(msgspec.Struct, gc=False):
    """File of instances or person keypoints; `licenses` may be anything."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category] | None = None
    licenses: Any = None


class Captions(msgspec.Struct, gc=False):
    """File of captions; `licenses` may be anything."""

    images: list[Image]
    annotations: list[Caption]
    licenses: Any = None


# Some tools write integers as 1.0. These types are tried second; ids are converted to int afterwards.
class LooseImage(Image, gc=False):
    """Image with an id such as 1.0."""

    id: float


class LooseCategory(Category, gc=False):
    """Category with an id such as 1.0."""

    id: float


class LooseAnnotation(Annotation, gc=False):
    """Annotation with ids such as 1.0."""

    image_id: float
    category_id: float | None = -1
    id: float | None = None


class LooseCaption(Caption, gc=False):
    """Caption with ids such as 1.0."""

    image_id: float
    id: float | None = None


class LooseInstances(Instances, gc=False):
    """`Instances` with ids such as 1.0."""

    images: list[LooseImage]
    annotations: list[LooseAnnotation]
    categories: list[LooseCategory] | None = None


class LooseCaptions(Captions, gc=False):
    """`Captions` with ids such as 1.0."""

    images: list[LooseImage]
    annotations: list[LooseCaption]


def read_annotations(path: Path, kind: type[Instances] | type[Captions]) -> Instances | Captions:
    """Read an annotation file. Raises UserError with the file and, if known, the invalid record."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            N_("{file} cannot be read: {reason}."), file=str(path), reason=error.strerror or str(error)
        ) from error
    return parse_annotations(content, str(path), kind)


def parse_annotations(
    content: bytes, name: str, kind: type[Instances] | type[Captions]
) -> Instances | Captions:
    """Parse the `content` of an annotation file called `name`. Raises UserError as `read_annotations` does."""
    content = content.removeprefix(BOM)
    try:
        return _decode(content, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        raise UserError(
            N_("{file} is not in COCO format: {reason} (at {record})."),
            file=name,
            reason=reason,
            record=place.rstrip("`") or "$",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(
            N_(
                "{file} is not valid JSON: {reason} (last id before the error: {record}). It may be "
                "truncated or contain NaN, which JSON does not support."
            ),
            file=name,
            reason=str(error),
            record=_last_id_before(content, str(error)),
        ) from error


def _decode(content: bytes, kind: type[Instances] | type[Captions]) -> Instances | Captions:
    """Decode strictly, then leniently (ids as 1.0, quoted numbers). Raises the msgspec errors of the strict attempt."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        try:
            decoded = msgspec.json.decode(
                content, type=LooseInstances if kind is Instances else LooseCaptions, strict=False
            )
            for rows in (
                decoded.images,
                decoded.annotations,
                getattr(decoded, "categories", None) or [],
            ):
                for row in rows:
                    for name in ("id", "image_id", "category_id"):
                        if getattr(row, name, None) is not None:
                            setattr(row, name, _to_int(getattr(row, name)))
        except (msgspec.ValidationError, ValueError, OverflowError):
            raise error from None
        return decoded


def _to_int(value: float) -> int:
    if value != int(value):
        raise ValueError(value)
    return int(value)


def _last_id_before(content: bytes, reason: str) -> str:
    """Return the last id before the byte offset in a decoder's message; "-" if there is none."""
    match = re.search(r"byte (\d+)", reason)
    offset = int(match[1]) if match else len(content)
    ids = re.findall(rb'"id"\s*:\s*(\d+)', content[max(0, offset - 200_000) : offset])
    return ids[-1].decode() if ids else "-"
