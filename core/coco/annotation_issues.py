"""Records that look odd: a tour of what annotations of a real set hold besides what one expects, each kind with its examples.

Most kinds are one question to the index. Two need every shape (polygons outside their box, joints outside their mask); they are looked
for once, about a minute for a million instances, and kept beside the index.
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

BOX_TOLERANCE = 2.0  # pixels that a polygon may reach out of its box, as COCO's own rounding makes it
_BATCH_SIZE = 20_000
_POLYGON_DECODER = msgspec.json.Decoder(list[list[float]])
_KEYPOINT_DECODER = msgspec.json.Decoder(list[float])


@dataclass(frozen=True)
class IssueType:
    """One kind of oddity: `title` and `about` as message ids, `measure` says what its number is; `sql` selects image, id, value of the
    records, "" where shapes must be looked at. `high` puts the largest values first."""

    name: str
    title: str
    description: str
    measure: str
    sql: str = ""
    descending: bool = True


_SELECT_RECORDS = "SELECT a.image, a.id, {value} AS value FROM annotations a JOIN images i ON i.image = a.image WHERE {which}"
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
        _SELECT_RECORDS.format(value="a.area", which="a.area < 16"),
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
            which="a.w > 0 AND a.h > 0 AND greatest(a.w, a.h) > 12 * least(a.w, a.h)",
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
            which="a.crowd AND i.width > 0 AND i.height > 0 AND a.area > 0.1 * i.width * i.height",
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
            value=_BOX_OVERHANG, which=f"i.width > 0 AND i.height > 0 AND {_BOX_OVERHANG} > 1"
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
    """For each kind its records: image (number in the index), id, value; the most extreme first. Looks at all shapes the first time.
    Raises UserError where the index has lost its bytes."""
    shapes = _scan_shapes(coco, progress)
    found = {}
    for kind in ISSUE_TYPES:
        rows = (
            coco.query_table(kind.sql)
            if kind.sql
            else shapes[shapes["kind"] == kind.name][["image", "id", "value"]]
        )
        found[kind.name] = (
            rows.dropna()
            .sort_values(["value", "id"], ascending=[not kind.descending, True])
            .reset_index(drop=True)
        )
    return found


def is_scanned(coco: Coco) -> bool:
    """Whether all shapes were looked at already, so that `tour` answers at once."""
    return _cached_tables(coco).exists()


def _cached_tables(coco: Coco) -> Path:
    return coco.folder / "oddities.parquet"


def _scan_shapes(coco: Coco, progress: ProgressCallback | None) -> pd.DataFrame:
    path = _cached_tables(coco)
    if path.exists():
        return coco.query_table("SELECT * FROM read_parquet(?)", [str(path)])
    rows = coco.query_table(
        "SELECT image, id, x, y, w, h, area, crowd, labeled, segmentation_at, segmentation_bytes, keypoints_at, keypoints_bytes "
        "FROM annotations ORDER BY segmentation_at"
    )
    found: list[tuple[str, int, int, float]] = []
    try:
        with (coco.folder / "segments.bin").open("rb") as segments:
            for first in range(0, len(rows), _BATCH_SIZE):
                if progress:
                    progress(Message(N_("Checking shapes")), first / len(rows))
                part = rows.iloc[first : first + _BATCH_SIZE]
                begin, last = int(part["segmentation_at"].iloc[0]), part.iloc[-1]
                segments.seek(begin)
                content = segments.read(int(last["keypoints_at"] + last["keypoints_bytes"]) - begin)
                for row in part.itertuples():
                    found += _shape_issues(row, content, begin)
    except OSError as error:
        raise UserError(
            N_("Index of {folder} not found. Open the folder again."), folder=str(coco.source)
        ) from error
    frame = pd.DataFrame(found, columns=["kind", "image", "id", "value"]).astype(
        {"image": "int64", "id": "int64", "value": "float64"}
    )
    atomic_write(path, lambda aside: _write_table(frame, aside))
    return frame


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("frame", frame)
        connection.execute(f"COPY frame TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")


def _shape_issues(row, content: bytes, begin: int) -> list[tuple[str, int, int, float]]:  # noqa: ANN001
    """What is odd about the shape of one instance."""
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
    found = []
    corners = np.concatenate(polygons)
    low, high = corners.min(0), corners.max(0)
    beside = max(row.x - low[0], row.y - low[1], high[0] - row.x - row.w, high[1] - row.y - row.h)
    if beside > BOX_TOLERANCE:
        found.append(("polygon", row.image, row.id, float(beside)))
    if row.labeled:
        far = _keypoint_distance(
            content[row.keypoints_at - begin :][: row.keypoints_bytes], polygons, row.area
        )
        if far:
            found.append(("joint", row.image, row.id, far))
    return found


def _keypoint_distance(raw: bytes, polygons: list[np.ndarray], area: float) -> float:
    """Pixels by which the farthest labeled joint lies outside of the polygons; 0 where none lies far."""
    try:
        points = np.asarray(_KEYPOINT_DECODER.decode(raw)).reshape(-1, 3)
    except (msgspec.DecodeError, ValueError):
        return 0.0
    labeled = points[points[:, 2] > 0, :2]
    outside = labeled[~outlines.polygons_contain(polygons, labeled)]
    if not len(outside):
        return 0.0
    far = float(outlines.edge_distance(polygons, outside).max())
    return far if far > max(5.0, 0.25 * max(float(area), 0.0) ** 0.5) else 0.0
