"""The rows of one split of a COCO folder, as columns; segmentations and keypoints go to a file of bytes as they are."""

from __future__ import annotations

import gc
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import pandas as pd

from core.coco import records
from core.messages import Message, N_, UserError

_NUMBER_DECODER = msgspec.json.Decoder(list[float])
_NO_ID = -(2**63)
_MAX_SIDE, _MAX_COORDINATE = 1_000_000, 1e7  # pixels: of a picture, of anything
_MAX_KEYPOINTS = 32_000
_BATCH_SIZE = 20_000  # annotations whose bytes are held twice at the same time


@dataclass(frozen=True)
class SplitFiles:
    """The annotation files of one split, and the folder of its pictures."""

    split: str
    images_folder: Path
    instances: Path | None = None
    person_keypoints: Path | None = None
    captions: Path | None = None

    @property
    def files(self) -> list[Path]:
        """The annotation files that are there."""
        return [f for f in (self.instances, self.person_keypoints, self.captions) if f is not None]


def build_tables(
    number: int, split: SplitFiles, first: int, segments: BinaryIO
) -> tuple[dict[str, pd.DataFrame], list[Message]]:
    """What `_tables_of` gives. Raises UserError naming the file also where a number in it is too large for any column."""
    collects = gc.isenabled()
    gc.disable()  # a million small lists, none of which is rubbish: looking for some takes as long as reading them
    try:
        return _build_tables(number, split, first, segments)
    except OverflowError as error:
        raise UserError(
            N_("{file} contains an id or number that is too large."), file=str(split.files[0])
        ) from error
    finally:
        if collects:
            gc.enable()


def _build_tables(
    number: int, split: SplitFiles, first: int, segments: BinaryIO
) -> tuple[dict[str, pd.DataFrame], list[Message]]:
    """Tables "images", "annotations", "joints", "captions", "categories" of one split, its images numbered from `first`, and what is
    wrong with single records. Raises UserError naming the file that cannot be read."""
    main = split.instances or split.person_keypoints
    both = split.instances and split.person_keypoints
    people = (
        records.read_annotations(split.person_keypoints, records.Instances)
        if both
        else records.Instances([], [])
    )
    joints = {one.id: bytes(one.keypoints) for one in people.annotations if one.id is not None}
    people.annotations = []  # with them goes the content of the file: the next one is larger still
    captions = (
        records.read_annotations(split.captions, records.Captions)
        if split.captions
        else records.Captions([], [])
    )
    read = records.read_annotations(main, records.Instances) if main else records.Instances([], [])

    pictures = {image.id: image for image in (*captions.images, *people.images, *read.images)}
    place = {image_id: first + i for i, image_id in enumerate(pictures)}
    problems = []
    if len(read.images) > len({image.id for image in read.images}):
        problems.append(_problem_message(main, None, N_("duplicate image ids")))
    owners = _image_indices(read.annotations, place)
    strangers = np.flatnonzero(owners < 0)
    if len(strangers):
        first_one = read.annotations[strangers[0]].id
        problems.append(
            _problem_message(
                main, first_one, N_("refers to an image that is not in the file"), len(strangers)
            )
        )
    order = np.argsort(owners, kind="stable")[len(strangers) :]
    annotations, seen = _annotation_table(read.annotations, owners, order, joints, segments)
    problems += _find_problems(main, annotations, {category.id for category in read.categories or []})
    told = [caption for caption in captions.annotations if caption.image_id in place]
    return {
        "images": _image_table(number, first, list(pictures.values())),
        "annotations": annotations,
        "joints": seen,
        "captions": pd.DataFrame(
            {
                "image": _column(told, np.int32, lambda c: place[c.image_id]),
                "caption": _text_column(c.caption for c in told),
            }
        ),
        "categories": _category_table(read.categories or [], {c.id: c for c in people.categories or []}),
    }, problems


def _text_column(values) -> pd.Series:  # noqa: ANN001
    """A column of text, also where it is empty: a database takes an empty one of no kind for numbers."""
    return pd.Series(list(values), dtype="str")


def _column(rows: Sequence, kind: type, value) -> np.ndarray:  # noqa: ANN001
    return np.fromiter((value(row) for row in rows), kind, len(rows))


def _image_table(number: int, first: int, pictures: list[records.Image]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "image": np.arange(first, first + len(pictures), dtype=np.int32),
            "split": np.full(len(pictures), number, np.int16),
            "id": _column(pictures, np.int64, lambda p: p.id),
            "file_name": _text_column(p.file_name or "" for p in pictures),
            "width": _column(pictures, np.int32, lambda p: _valid_side(p.width)),
            "height": _column(pictures, np.int32, lambda p: _valid_side(p.height)),
        }
    )


def _image_indices(rows: list[records.Annotation], place: dict[int, int]) -> np.ndarray:
    """The number of the image of each annotation (N,), -1 where there is no such image."""
    known = np.array(sorted(place), np.int64)
    numbers = np.array([place[i] for i in known.tolist()], np.int64)
    wanted = np.fromiter((one.image_id for one in rows), np.int64, len(rows))
    if not len(known):
        return np.full(len(rows), -1)
    at = np.searchsorted(known, wanted).clip(0, len(known) - 1)
    return np.where(known[at] == wanted, numbers[at], -1)


def _annotation_table(
    rows: list[records.Annotation],
    owners: np.ndarray,
    order: np.ndarray,
    joints: dict[int, bytes],
    segments: BinaryIO,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The columns of `rows` and how often their joints are seen, in the `order` of their images; their bytes go to `segments`."""
    count, begin, seen = len(order), segments.tell(), _KeypointCounts()
    lengths = np.zeros((count, 2), np.int64)
    labelled, visible = np.zeros(count, np.int16), np.zeros(count, np.int16)
    for first in range(0, count, _BATCH_SIZE):  # written in large pieces, without a second copy of everything
        part = [rows[i] for i in order[first : first + _BATCH_SIZE].tolist()]
        shapes = [bytes(one.segmentation) for one in part]
        points = [bytes(joints.get(one.id, one.keypoints) if joints else one.keypoints) for one in part]
        here = slice(first, first + len(part))
        lengths[here, 0], lengths[here, 1] = [*map(len, shapes)], [*map(len, points)]
        segments.write(b"".join(itertools.chain.from_iterable(zip(shapes, points, strict=True))))
        for i in np.flatnonzero(lengths[here, 1]).tolist():
            if points[i] != b"null":
                labelled[first + i], visible[first + i] = seen.add(points[i])
    ends = begin + np.cumsum(lengths.ravel()).reshape(lengths.shape)
    # Read in the order of the file, in which they lie in memory, and put in that of the images afterwards.
    boxes, (ids, again) = _valid_boxes(rows)[order], _unique_ids(rows)
    categories = np.fromiter(
        (-1 if one.category_id is None else one.category_id for one in rows), np.int64, len(rows)
    )
    crowds = np.fromiter((one.iscrowd or 0 for one in rows), np.float64, len(rows)) > 0
    columns = pd.DataFrame(
        {
            "image": owners[order].astype(np.int32),
            "id": ids[order],
            "again": again[order],
            "category": categories[order],
            "x": boxes[:, 0],
            "y": boxes[:, 1],
            "w": boxes[:, 2],
            "h": boxes[:, 3],
            "area": _valid_areas(rows)[order],
            "crowd": crowds[order],
            "labelled": labelled,
            "visible": visible,
            "segmentation_at": ends[:, 0] - lengths[:, 0],
            "segmentation_bytes": lengths[:, 0].astype(np.int32),
            "keypoints_at": ends[:, 1] - lengths[:, 1],
            "keypoints_bytes": lengths[:, 1].astype(np.int32),
        }
    )
    return columns, seen.table()


def _valid_boxes(rows: list[records.Annotation]) -> np.ndarray:
    """Boxes (N, 4), not a number where there is none, or one of other than four numbers."""
    nowhere = (math.nan,) * 4
    found = (one.bbox if one.bbox is not None and len(one.bbox) == 4 else nowhere for one in rows)
    try:
        return np.fromiter(itertools.chain.from_iterable(found), np.float64, 4 * len(rows)).reshape(-1, 4)
    except TypeError:  # nulls among the numbers
        whole = [
            nowhere if one.bbox is None or len(one.bbox) != 4 or None in one.bbox else one.bbox
            for one in rows
        ]
        return np.array(whole, np.float64).reshape(-1, 4)


def _valid_areas(rows: list[records.Annotation]) -> np.ndarray:
    """Areas (N,), not a number where there is none, or none that a picture has."""
    found = np.fromiter((math.nan if one.area is None else one.area for one in rows), np.float64, len(rows))
    found[~(np.abs(found) <= _MAX_COORDINATE**2)] = math.nan
    return found


class _KeypointCounts:
    """How often each joint is hidden (v = 1) and visible (v = 2), over all persons in whom any is labelled."""

    def __init__(self) -> None:
        self.hidden: dict[int, int] = {}
        self.visible: dict[int, int] = {}
        self.persons: dict[int, int] = {}  # by how many joints the body has

    def add(self, raw: bytes) -> tuple[int, int]:
        """Count one person. Returns how many joints are labelled and how many of them visible; 0, 0 where these are no triples."""
        try:
            visibility = _NUMBER_DECODER.decode(raw)[2::3]
        except msgspec.DecodeError:
            return 0, 0
        labelled = visible = 0
        for joint, v in enumerate(visibility):
            if v == 2:
                visible += 1
                self.visible[joint] = self.visible.get(joint, 0) + 1
            elif v > 0:
                labelled += 1
                self.hidden[joint] = self.hidden.get(joint, 0) + 1
        if labelled or visible:
            self.persons[len(visibility)] = self.persons.get(len(visibility), 0) + 1
        return min(labelled + visible, _MAX_KEYPOINTS), min(visible, _MAX_KEYPOINTS)

    def table(self) -> pd.DataFrame:
        count = max(self.persons, default=0)
        return pd.DataFrame(
            {
                "joint": np.arange(count, dtype=np.int32),
                "hidden": [self.hidden.get(j, 0) for j in range(count)],
                "visible": [self.visible.get(j, 0) for j in range(count)],
                "persons": [sum(n for body, n in self.persons.items() if body > j) for j in range(count)],
            }
        ).astype(np.int64)


def _category_table(categories: list[records.Category], people: dict[int, records.Category]) -> pd.DataFrame:
    bodies = [people.get(c.id, c) for c in categories]
    return pd.DataFrame(
        {
            "category": _column(categories, np.int64, lambda c: c.id),
            "name": _text_column(c.name for c in categories),
            "supercategory": _text_column(c.supercategory or "" for c in categories),
            "keypoints": _text_column(json.dumps(c.keypoints or []) for c in bodies),
            "skeleton": _text_column(
                json.dumps([[int(j) for j in pair] for pair in c.skeleton or [] if len(pair) == 2])
                for c in bodies
            ),
        }
    )


def _valid_side(pixels: float | None) -> int:
    """A side of a picture in pixels; 0 where it is not said, or is none."""
    return int(pixels) if pixels is not None and 0 < pixels <= _MAX_SIDE else 0


def _unique_ids(rows: list[records.Annotation]) -> tuple[np.ndarray, np.ndarray]:
    """Ids of annotations (N,), and which of them an earlier one has too (N,) bool. These, and those that are missing, get numbers of their
    own after the largest, so that every instance can be named."""
    ids = np.fromiter((_NO_ID if one.id is None else one.id for one in rows), np.int64, len(rows))
    missing = ids == _NO_ID
    again = pd.Series(ids).duplicated().to_numpy() & ~missing
    new = missing | again
    if new.any():
        largest = max(0, int(ids[~new].max())) if (~new).any() else 0
        ids[new] = largest + 1 + np.arange(new.sum())
    return ids, again


def _find_problems(file: Path | None, rows: pd.DataFrame, known: set[int]) -> list[Message]:
    """What is wrong with single annotations; the rest of the file stays usable."""
    ids, again = rows["id"].to_numpy(), rows["again"].to_numpy()
    wrong = {
        N_("refers to a category that is not in the file"): ~rows["category"].isin(known).to_numpy()
        if known
        else np.zeros(len(rows), bool),
        N_("has a box with zero or negative size"): ((rows["w"] <= 0) | (rows["h"] <= 0)).to_numpy(),
        N_("has a duplicate id"): again,
    }
    return [
        _problem_message(file, int(ids[mask][0]), text, int(mask.sum()))
        for text, mask in wrong.items()
        if mask.any()
    ]


def _problem_message(file: Path | None, record: int | None, text: str, count: int = 1) -> Message:
    return Message(
        N_("{file}, annotation {record}: {what} ({count} in total)."),
        {
            "file": str(file),
            "record": "-" if record is None else record,
            "what": Message(text),
            "count": count,
        },
    )
