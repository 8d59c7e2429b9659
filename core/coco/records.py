"""What is read of COCO's JSON files. Every key that the format calls optional may be missing or null; others than these are passed
over.

Segmentations and keypoints stay as the bytes that they are in the file: they are most of it, and only those that a person looks at are
ever decoded.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from core.messages import N_, UserError

EMPTY = msgspec.Raw(b"")
BOM = b"\xef\xbb\xbf"  # what some editors put before a text


class Image(msgspec.Struct, gc=False):
    """One picture; `width` and `height` in pixels, 0 or None where they are not said."""

    id: int
    file_name: str | None = ""
    width: float | None = 0
    height: float | None = 0


class Category(msgspec.Struct, gc=False):
    """One class. `keypoints` names the joints, `skeleton` pairs them, counted from 1."""

    id: int
    name: str
    supercategory: str | None = ""
    keypoints: list[str] | None = None
    skeleton: list[list[float]] | None = None


class Annotation(msgspec.Struct, gc=False):
    """One instance: `bbox` is x, y, width, height in pixels; `segmentation` polygons, RLE or compressed RLE; `keypoints` triples of x, y
    and visibility (0 not labelled, 1 labelled but hidden, 2 visible)."""

    image_id: int
    category_id: int | None = -1
    id: int | None = None
    bbox: list[float | None] | None = None
    area: float | None = None
    iscrowd: bool | float | None = 0
    segmentation: msgspec.Raw = EMPTY
    keypoints: msgspec.Raw = EMPTY


class Caption(msgspec.Struct, gc=False):
    """One sentence about a picture."""

    image_id: int
    caption: str
    id: int | None = None


class Instances(msgspec.Struct, gc=False):
    """A file of instances, or of persons with keypoints."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category] | None = None


class Captions(msgspec.Struct, gc=False):
    """A file of captions."""

    images: list[Image]
    annotations: list[Caption]


# The same as some tools write it: whole numbers as 1.0. Read in a second try, and made whole afterwards.
class LooseImage(Image, gc=False):
    """An image whose id may be written as 1.0."""

    id: float


class LooseCategory(Category, gc=False):
    """A category whose id may be written as 1.0."""

    id: float


class LooseAnnotation(Annotation, gc=False):
    """An annotation whose ids may be written as 1.0."""

    image_id: float
    category_id: float | None = -1
    id: float | None = None


class LooseCaption(Caption, gc=False):
    """A caption whose ids may be written as 1.0."""

    image_id: float
    id: float | None = None


class LooseInstances(Instances, gc=False):
    """`Instances` of loose records."""

    images: list[LooseImage]
    annotations: list[LooseAnnotation]
    categories: list[LooseCategory] | None = None


class LooseCaptions(Captions, gc=False):
    """`Captions` of loose records."""

    images: list[LooseImage]
    annotations: list[LooseCaption]


def read_annotations(path: Path, kind: type[Instances] | type[Captions]) -> Instances | Captions:
    """The file's records. Raises UserError naming the file and, where it can be told, the record that breaks it."""
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
    """The records in a file's `content`. Raises UserError as `read` does, with `name` for the file."""
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
    """As COCO writes it; else leniently: ids as 1.0, numbers in quotes. Raises msgspec's errors of the first try."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        try:
            found = msgspec.json.decode(
                content, type=LooseInstances if kind is Instances else LooseCaptions, strict=False
            )
            for rows in (found.images, found.annotations, getattr(found, "categories", None) or []):
                for row in rows:
                    for name in ("id", "image_id", "category_id"):
                        if getattr(row, name, None) is not None:
                            setattr(row, name, _to_int(getattr(row, name)))
        except (msgspec.ValidationError, ValueError, OverflowError):
            raise error from None
        return found


def _to_int(value: float) -> int:
    if value != int(value):
        raise ValueError(value)
    return int(value)


def _last_id_before(content: bytes, reason: str) -> str:
    """The last id before the byte that a decoder complains about."""
    found = re.search(r"byte (\d+)", reason)
    at = int(found[1]) if found else len(content)
    ids = re.findall(rb'"id"\s*:\s*(\d+)', content[max(0, at - 200_000) : at])
    return ids[-1].decode() if ids else "-"
