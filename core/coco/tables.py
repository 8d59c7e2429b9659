"""Convert the records of one split to columns; segmentations and keypoints are written to a file as raw bytes."""

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

from core.coco import credits, records
from core.messages import Message, N_, UserError

_NUMBER_DECODER = msgspec.json.Decoder(list[float])
_NO_ID = -(2**63)
_MAX_SIDE, _MAX_COORDINATE = 1_000_000, 1e7  # pixels; larger values are invalid
_MAX_KEYPOINTS = 32_000
_BATCH_SIZE = 20_000  # annotations whose bytes are copied at a time


@dataclass(frozen=True)
class SplitFiles:
    """Annotation files of one split, and its image folder."""

    split: str
    images_folder: Path
    instances: Path | None = None
    person_keypoints: Path | None = None
    captions: Path | None = None

    @property
    def files(self) -> list[Path]:
        """The annotation files that exist."""
        return [f for f in (self.instances, self.person_keypoints, self.captions) if f is not None]


def build_tables(
    number: int, split: SplitFiles, first: int, segments: BinaryIO
) -> tuple[dict[str, pd.DataFrame], list[Message]]:
    """Build the tables of one split, its images numbered from `first`; return them and its invalid records.

    The tables are "images", "credits", "annotations", "joints", "captions" and "categories". Raises UserError with the file that
    cannot be read or contains a number too large for its column.
    """
    was_enabled = gc.isenabled()
    gc.disable()  # a scan of a million live lists takes as long as reading them
    try:
        return _build_tables(number, split, first, segments)
    except OverflowError as error:
        raise UserError(
            N_("{file} contains an id or number that is too large."), file=str(split.files[0])
        ) from error
    finally:
        if was_enabled:
            gc.enable()


def _build_tables(
    number: int, split: SplitFiles, first: int, segments: BinaryIO
) -> tuple[dict[str, pd.DataFrame], list[Message]]:
    main = split.instances or split.person_keypoints
    both = split.instances and split.person_keypoints
    people = (
        records.read_annotations(split.person_keypoints, records.Instances)
        if both
        else records.Instances([], [])
    )
    keypoints = {row.id: bytes(row.keypoints) for row in people.annotations if row.id is not None}
    people.annotations = []  # frees the file content before a larger file is read
    captions = (
        records.read_annotations(split.captions, records.Captions)
        if split.captions
        else records.Captions([], [])
    )
    instances = records.read_annotations(main, records.Instances) if main else records.Instances([], [])

    images = {image.id: image for image in (*captions.images, *people.images, *instances.images)}
    index_of = {image_id: first + i for i, image_id in enumerate(images)}
    problems = []
    if len(instances.images) > len({image.id for image in instances.images}):
        problems.append(_problem_message(main, None, N_("duplicate image ids")))
    owners = _image_indices(instances.annotations, index_of)
    orphans = np.flatnonzero(owners < 0)
    if len(orphans):
        first_id = instances.annotations[orphans[0]].id
        problems.append(
            _problem_message(main, first_id, N_("refers to an image that is not in the file"), len(orphans))
        )
    order = np.argsort(owners, kind="stable")[len(orphans) :]
    annotations, keypoint_counts = _annotation_table(
        instances.annotations, owners, order, keypoints, segments
    )
    problems += _find_problems(main, annotations, {category.id for category in instances.categories or []})
    known_captions = [caption for caption in captions.annotations if caption.image_id in index_of]
    return {
        "images": _image_table(number, first, list(images.values())),
        "credits": credits.credit_table(
            first, list(images.values()), captions.licenses, people.licenses, instances.licenses
        ),
        "annotations": annotations,
        "joints": keypoint_counts,
        "captions": pd.DataFrame(
            {
                "image": _column(known_captions, np.int32, lambda c: index_of[c.image_id]),
                "caption": _text_column(c.caption for c in known_captions),
            }
        ),
        "categories": _category_table(instances.categories or [], {c.id: c for c in people.categories or []}),
    }, problems


def _text_column(values) -> pd.Series:  # noqa: ANN001
    """Return a text column; without the explicit type, DuckDB reads an empty one as numbers."""
    return pd.Series(list(values), dtype="str")


def _column(rows: Sequence, kind: type, value) -> np.ndarray:  # noqa: ANN001
    return np.fromiter((value(row) for row in rows), kind, len(rows))


def _image_table(number: int, first: int, images: list[records.Image]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "image": np.arange(first, first + len(images), dtype=np.int32),
            "split": np.full(len(images), number, np.int16),
            "id": _column(images, np.int64, lambda p: p.id),
            "file_name": _text_column(p.file_name or "" for p in images),
            "width": _column(images, np.int32, lambda p: _valid_side(p.width)),
            "height": _column(images, np.int32, lambda p: _valid_side(p.height)),
        }
    )


def _image_indices(rows: list[records.Annotation], index_of: dict[int, int]) -> np.ndarray:
    """Return the image index of each annotation (N,), -1 for images that are not in the file."""
    known = np.array(sorted(index_of), np.int64)
    indices = np.array([index_of[i] for i in known.tolist()], np.int64)
    wanted = np.fromiter((row.image_id for row in rows), np.int64, len(rows))
    if not len(known):
        return np.full(len(rows), -1)
    position = np.searchsorted(known, wanted).clip(0, len(known) - 1)
    return np.where(known[position] == wanted, indices[position], -1)


def _annotation_table(
    rows: list[records.Annotation],
    owners: np.ndarray,
    order: np.ndarray,
    keypoints: dict[int, bytes],
    segments: BinaryIO,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the columns of `rows` in `order`, and their keypoint counts; write their bytes to `segments`."""
    count, begin, keypoint_counts = len(order), segments.tell(), _KeypointCounts()
    lengths = np.zeros((count, 2), np.int64)
    labeled, visible = np.zeros(count, np.int16), np.zeros(count, np.int16)
    for first in range(0, count, _BATCH_SIZE):  # in large writes, without a second copy of everything
        batch = [rows[i] for i in order[first : first + _BATCH_SIZE].tolist()]
        shapes = [bytes(row.segmentation) for row in batch]
        points = [
            bytes(keypoints.get(row.id, row.keypoints) if keypoints else row.keypoints) for row in batch
        ]
        span = slice(first, first + len(batch))
        lengths[span, 0], lengths[span, 1] = [*map(len, shapes)], [*map(len, points)]
        segments.write(b"".join(itertools.chain.from_iterable(zip(shapes, points, strict=True))))
        for i in np.flatnonzero(lengths[span, 1]).tolist():
            if points[i] != b"null":
                labeled[first + i], visible[first + i] = keypoint_counts.add(points[i])
    ends = begin + np.cumsum(lengths.ravel()).reshape(lengths.shape)
    # Read in file order, the order in memory, and permuted to image order afterwards: twice as fast.
    boxes, (ids, duplicate) = _valid_boxes(rows)[order], _unique_ids(rows)
    categories = np.fromiter(
        (-1 if row.category_id is None else row.category_id for row in rows), np.int64, len(rows)
    )
    crowds = np.fromiter((row.iscrowd or 0 for row in rows), np.float64, len(rows)) > 0
    columns = pd.DataFrame(
        {
            "image": owners[order].astype(np.int32),
            "id": ids[order],
            "again": duplicate[order],
            "category": categories[order],
            "x": boxes[:, 0],
            "y": boxes[:, 1],
            "w": boxes[:, 2],
            "h": boxes[:, 3],
            "area": _valid_areas(rows)[order],
            "crowd": crowds[order],
            "labeled": labeled,
            "visible": visible,
            "segmentation_at": ends[:, 0] - lengths[:, 0],
            "segmentation_bytes": lengths[:, 0].astype(np.int32),
            "keypoints_at": ends[:, 1] - lengths[:, 1],
            "keypoints_bytes": lengths[:, 1].astype(np.int32),
        }
    )
    return columns, keypoint_counts.table()


def _valid_boxes(rows: list[records.Annotation]) -> np.ndarray:
    """Return boxes (N, 4); NaN for missing boxes and those without exactly four numbers."""
    missing = (math.nan,) * 4
    boxes = (row.bbox if row.bbox is not None and len(row.bbox) == 4 else missing for row in rows)
    try:
        return np.fromiter(itertools.chain.from_iterable(boxes), np.float64, 4 * len(rows)).reshape(-1, 4)
    except TypeError:  # nulls among the numbers
        complete = [
            missing if row.bbox is None or len(row.bbox) != 4 or None in row.bbox else row.bbox
            for row in rows
        ]
        return np.array(complete, np.float64).reshape(-1, 4)


def _valid_areas(rows: list[records.Annotation]) -> np.ndarray:
    """Return areas (N,); NaN for missing and impossible ones."""
    areas = np.fromiter((math.nan if row.area is None else row.area for row in rows), np.float64, len(rows))
    areas[~(np.abs(areas) <= _MAX_COORDINATE**2)] = math.nan
    return areas


class _KeypointCounts:
    """Counts of hidden (v = 1) and visible (v = 2) keypoints by number, over all people with labeled keypoints."""

    def __init__(self) -> None:
        self.hidden: dict[int, int] = {}
        self.visible: dict[int, int] = {}
        self.persons: dict[int, int] = {}  # by number of keypoints

    def add(self, raw: bytes) -> tuple[int, int]:
        """Add one person; return the numbers of labeled and of visible keypoints, (0, 0) if `raw` is invalid."""
        try:
            visibility = _NUMBER_DECODER.decode(raw)[2::3]
        except msgspec.DecodeError:
            return 0, 0
        labeled = visible = 0
        for joint, v in enumerate(visibility):
            if v == 2:
                visible += 1
                self.visible[joint] = self.visible.get(joint, 0) + 1
            elif v > 0:
                labeled += 1
                self.hidden[joint] = self.hidden.get(joint, 0) + 1
        if labeled or visible:
            self.persons[len(visibility)] = self.persons.get(len(visibility), 0) + 1
        return min(labeled + visible, _MAX_KEYPOINTS), min(visible, _MAX_KEYPOINTS)

    def table(self) -> pd.DataFrame:
        count = max(self.persons, default=0)
        return pd.DataFrame(
            {
                "joint": np.arange(count, dtype=np.int32),
                "hidden": [self.hidden.get(j, 0) for j in range(count)],
                "visible": [self.visible.get(j, 0) for j in range(count)],
                "persons": [
                    sum(n for keypoints, n in self.persons.items() if keypoints > j) for j in range(count)
                ],
            }
        ).astype(np.int64)


def _category_table(categories: list[records.Category], people: dict[int, records.Category]) -> pd.DataFrame:
    with_keypoints = [people.get(c.id, c) for c in categories]
    return pd.DataFrame(
        {
            "category": _column(categories, np.int64, lambda c: c.id),
            "name": _text_column(c.name for c in categories),
            "supercategory": _text_column(c.supercategory or "" for c in categories),
            "keypoints": _text_column(json.dumps(c.keypoints or []) for c in with_keypoints),
            "skeleton": _text_column(
                json.dumps([[int(j) for j in pair] for pair in c.skeleton or [] if len(pair) == 2])
                for c in with_keypoints
            ),
        }
    )


def _valid_side(pixels: float | None) -> int:
    """Return the side of an image in pixels; 0 if it is missing or invalid."""
    return int(pixels) if pixels is not None and 0 < pixels <= _MAX_SIDE else 0


def _unique_ids(rows: list[records.Annotation]) -> tuple[np.ndarray, np.ndarray]:
    """Return annotation ids (N,), and which repeat an earlier one (N,) bool.

    Missing and duplicate ids are replaced by numbers after the largest, so that every instance has its own.
    """
    ids = np.fromiter((_NO_ID if row.id is None else row.id for row in rows), np.int64, len(rows))
    missing = ids == _NO_ID
    duplicate = pd.Series(ids).duplicated().to_numpy() & ~missing
    new = missing | duplicate
    if new.any():
        largest = max(0, int(ids[~new].max())) if (~new).any() else 0
        ids[new] = largest + 1 + np.arange(new.sum())
    return ids, duplicate


def _find_problems(file: Path | None, rows: pd.DataFrame, known: set[int]) -> list[Message]:
    """Describe invalid annotations, one message per problem; the others stay usable."""
    ids, duplicate = rows["id"].to_numpy(), rows["again"].to_numpy()
    masks = {
        N_("refers to a category that is not in the file"): ~rows["category"].isin(known).to_numpy()
        if known
        else np.zeros(len(rows), bool),
        N_("has a box with zero or negative size"): ((rows["w"] <= 0) | (rows["h"] <= 0)).to_numpy(),
        N_("has a duplicate id"): duplicate,
    }
    return [
        _problem_message(file, int(ids[mask][0]), text, int(mask.sum()))
        for text, mask in masks.items()
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
