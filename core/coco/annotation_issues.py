"""Find annotation issues: unusual or invalid records of a data set, by type, with examples.

Most types are one query on the index. Two need every shape (polygons outside the box, keypoints outside the mask): those
take about a minute per million instances and are cached beside the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from core.coco import outlines
from core.coco.dataset import Coco
from core.data import ProgressCallback
from core.files import atomic_write
from core.messages import Message, N_, UserError

BOX_TOLERANCE = 2.0  # pixels; COCO rounds polygons and boxes differently
_BATCH_SIZE = 20_000
_POLYGON_DECODER = msgspec.json.Decoder(list[list[float]])
_KEYPOINT_DECODER = msgspec.json.Decoder(list[float])


@dataclass(frozen=True)
class IssueType:
    """Type of issue.

    Attributes:
        name: id, used in URLs.
        title: message id.
        description: message id.
        measure: message id with the placeholder {value}.
        sql: selects image, id and value of the records; empty for the types that need the shapes.
        descending: whether the largest values come first.
    """

    name: str
    title: str
    description: str
    measure: str
    sql: str = ""
    descending: bool = True


_SELECT_RECORDS = "SELECT a.image, a.id, {value} AS value FROM annotations a JOIN images i ON i.image = a.image WHERE {condition}"
_BOX_OVERHANG = "greatest(-a.x, -a.y, a.x + a.w - i.width, a.y + a.h - i.height)"
ISSUE_TYPES = (
    IssueType(
        "empty",
        N_("Tiny instances"),
        N_(
            "Instances with an area below 16 px², including 0. Detectors cannot find them, and a "
            "loss divided by an area of 0 becomes NaN. Training code usually filters them out."
        ),
        N_("area {value} px²"),
        _SELECT_RECORDS.format(value="a.area", condition="a.area < 16"),
        descending=False,
    ),
    IssueType(
        "sliver",
        N_("Extreme aspect ratios"),
        N_(
            "Boxes with an aspect ratio above 12:1. Some are real objects (a tie, a ski, a pole), "
            "others are annotation errors. Typical anchor boxes do not have this shape."
        ),
        N_("aspect ratio {value}:1"),
        _SELECT_RECORDS.format(
            value="greatest(a.w, a.h) / greatest(least(a.w, a.h), 0.01)",
            condition="a.w > 0 AND a.h > 0 AND greatest(a.w, a.h) > 12 * least(a.w, a.h)",
        ),
    ),
    IssueType(
        "crowd",
        N_("Large crowd regions"),
        N_(
            "Crowd regions covering more than 10% of the image. Detections inside them count "
            "neither for nor against the detector."
        ),
        N_("{value}% of the image"),
        _SELECT_RECORDS.format(
            value="100.0 * a.area / (i.width * i.height)",
            condition="a.crowd AND i.width > 0 AND i.height > 0 AND a.area > 0.1 * i.width * i.height",
        ),
    ),
    IssueType(
        "outside",
        N_("Boxes outside the image"),
        N_(
            "Boxes that extend more than one pixel beyond the image border. Clip them before using "
            "them to index the image."
        ),
        N_("{value} px outside the image"),
        _SELECT_RECORDS.format(
            value=_BOX_OVERHANG, condition=f"i.width > 0 AND i.height > 0 AND {_BOX_OVERHANG} > 1"
        ),
    ),
    IssueType(
        "twice",
        N_("Duplicate annotations"),
        N_(
            "Two instances of one category in the same image, with all box sides within two "
            "pixels. A detector that finds the object once is still charged with one miss."
        ),
        N_("duplicate of {value}"),
        "SELECT a.image, a.id, b.id AS value FROM annotations a JOIN annotations b ON a.image = b.image AND a.category = b.category "
        "AND a.id < b.id AND NOT a.crowd AND NOT b.crowd AND abs(a.x - b.x) < 2 AND abs(a.y - b.y) < 2 AND abs(a.x + a.w - b.x - b.w) < 2 "
        "AND abs(a.y + a.h - b.y - b.h) < 2",
        descending=False,
    ),
    IssueType(
        "polygon",
        N_("Polygons outside the box"),
        N_(
            "Polygon vertices more than two pixels outside the instance's own box. Probably only "
            "one of the two was updated."
        ),
        N_("{value} px outside"),
    ),
    IssueType(
        "joint",
        N_("Keypoints outside the mask"),
        N_(
            "Labeled keypoints outside the person's mask by more than a quarter of its size. COCO "
            "marks keypoints inside the mask as visible, so these are hidden ones. They are either "
            "estimates of occluded positions or annotation errors."
        ),
        N_("{value} px outside"),
    ),
)


def find_issues(coco: Coco, progress: ProgressCallback | None = None) -> dict[str, pd.DataFrame]:
    """Return the records of each type: image (index), id, value; the most extreme first.

    The first call scans all shapes. Raises UserError if the index files are missing.
    """
    shapes = _scan_shapes(coco, progress)
    issues = {}
    for issue_type in ISSUE_TYPES:
        rows = (
            coco.query_table(issue_type.sql)
            if issue_type.sql
            else shapes[shapes["type"] == issue_type.name][["image", "id", "value"]]
        )
        issues[issue_type.name] = (
            rows.dropna()
            .sort_values(["value", "id"], ascending=[not issue_type.descending, True])
            .reset_index(drop=True)
        )
    return issues


def is_scanned(coco: Coco) -> bool:
    """Whether the shapes are scanned, so that `find_issues` is fast."""
    return _cached_shapes(coco).exists()


def _cached_shapes(coco: Coco) -> Path:
    return coco.folder / "issues.parquet"


def _scan_shapes(coco: Coco, progress: ProgressCallback | None) -> pd.DataFrame:
    path = _cached_shapes(coco)
    if path.exists():
        return coco.query_table("SELECT * FROM read_parquet(?)", [str(path)])
    rows = coco.query_table(
        "SELECT image, id, x, y, w, h, area, crowd, labeled, segmentation_at, segmentation_bytes, keypoints_at, keypoints_bytes "
        "FROM annotations ORDER BY segmentation_at"
    )
    issues: list[tuple[str, int, int, float]] = []
    try:
        with (coco.folder / "segments.bin").open("rb") as segments:
            for first in range(0, len(rows), _BATCH_SIZE):
                if progress:
                    progress(Message(N_("Checking shapes")), first / len(rows))
                batch = rows.iloc[first : first + _BATCH_SIZE]
                begin, last = int(batch["segmentation_at"].iloc[0]), batch.iloc[-1]
                segments.seek(begin)
                content = segments.read(int(last["keypoints_at"] + last["keypoints_bytes"]) - begin)
                for row in batch.itertuples():
                    issues += _shape_issues(row, content, begin)
    except OSError as error:
        raise UserError(
            N_("Index of {folder} not found. Open the folder again."), folder=str(coco.source)
        ) from error
    frame = pd.DataFrame(issues, columns=["type", "image", "id", "value"]).astype(
        {"image": "int64", "id": "int64", "value": "float64"}
    )
    atomic_write(path, lambda temporary: _write_table(frame, temporary))
    return frame


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("frame", frame)
        connection.execute(f"COPY frame TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")


def _shape_issues(row, content: bytes, begin: int) -> list[tuple[str, int, int, float]]:  # noqa: ANN001
    """Return the issues of the shape of one instance: type, image index, id, value."""
    raw = content[row.segmentation_at - begin : row.segmentation_at - begin + row.segmentation_bytes]
    if not raw.startswith(b"["):
        return []
    try:
        polygons = [
            np.asarray(p).reshape(-1, 2)
            for p in _POLYGON_DECODER.decode(raw)
            if len(p) >= 6 and len(p) % 2 == 0
        ]
    except (msgspec.DecodeError, RecursionError):
        return []
    if not polygons:
        return []
    issues = []
    vertices = np.concatenate(polygons)
    low, high = vertices.min(0), vertices.max(0)
    overhang = max(row.x - low[0], row.y - low[1], high[0] - row.x - row.w, high[1] - row.y - row.h)
    if overhang > BOX_TOLERANCE:
        issues.append(("polygon", row.image, row.id, float(overhang)))
    if row.labeled:
        distance = _keypoint_distance(
            content[row.keypoints_at - begin :][: row.keypoints_bytes], polygons, row.area
        )
        if distance:
            issues.append(("joint", row.image, row.id, distance))
    return issues


def _keypoint_distance(raw: bytes, polygons: list[np.ndarray], area: float) -> float:
    """Return the distance in pixels of the farthest labeled keypoint from the polygons; 0 if it is within tolerance."""
    try:
        points = np.asarray(_KEYPOINT_DECODER.decode(raw)).reshape(-1, 3)
    except (msgspec.DecodeError, ValueError):
        return 0.0
    labeled = points[points[:, 2] > 0, :2]
    outside = labeled[~outlines.polygons_contain(polygons, labeled)]
    if not len(outside):
        return 0.0
    distance = float(outlines.edge_distance(polygons, outside).max())
    return distance if distance > max(5.0, 0.25 * max(float(area), 0.0) ** 0.5) else 0.0
