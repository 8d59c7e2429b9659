"""Query an opened COCO index: images that match a filter, their annotations, exports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from core.coco import filter_query, index, masks
from core.coco.credits import Credit
from core.data import ProgressCallback
from core.files import read_json
from core.messages import Message, N_, UserError

_MAX_COORDINATE = 1e7  # pixels; larger values are invalid and are not drawn
_BATCH_SIZE = 500  # images whose instances an export reads at a time


@dataclass(frozen=True)
class ImageRecord:
    """One image of the index.

    Attributes:
        index: row in the index, unique across splits.
        split: name of the split.
        id: COCO image id, unique within a split.
        file_name: as in the annotation file.
        width: pixels; 0 if the annotation file does not state it.
        height: pixels; 0 if the annotation file does not state it.
        path: the image file; None if it is missing or its name points outside the image folder.
    """

    index: int
    split: str
    id: int
    file_name: str
    width: int
    height: int
    path: Path | None


def _is_file(path: Path) -> bool:
    """Whether `path` is a file; False for names that the file system rejects."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@dataclass(frozen=True)
class Instance:
    """One annotation.

    Attributes:
        id: annotation id, unique in the index.
        category: category id in the index; -1 if the file states none.
        name: category name; "?" if the category is not in the file.
        supercategory: empty if the file states none.
        box: x, y, width, height in pixels; None if missing or invalid.
        area: px², as in the file; NaN if missing.
        crowd: whether this is a crowd region.
        segmentation: as in the file (polygons, RLE, or anything invalid).
        keypoints: (K, 3) of x, y, visibility; None if missing or invalid.
    """

    id: int
    category: int
    name: str
    supercategory: str
    box: tuple[float, float, float, float] | None
    area: float
    crowd: bool
    segmentation: Any
    keypoints: np.ndarray | None

    def mask(self, image_record: ImageRecord) -> np.ndarray:
        """Decode the segmentation to (H, W) bool. Raises UserError with the annotation id if it is invalid."""
        try:
            return masks.decode_mask(self.segmentation, image_record.height, image_record.width)
        except UserError as error:
            raise self.error(image_record, error) from error

    def error(self, image_record: ImageRecord, error: UserError) -> UserError:
        """Return `error` with the annotation id in front of it."""
        return UserError(
            N_("{file}, annotation {record}: {what}."),
            file=image_record.split,
            record=self.id,
            what=error.message,
        )


class Coco:
    """A COCO index, opened read-only; close it with `close()` or use it as a context manager.

    Attributes:
        folder: the index folder.
        source: the COCO folder or JSON file.
        splits: name and image folder of each split.
        problems: invalid records, one message per type and file.
        categories: table of categories by id.
        num_images: number of images.
        num_captioned: number of captions.
        names: names for the filter language.
    """

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.folder = folder
        summary = read_json(folder / "done.json")
        self.splits: list[dict[str, str]] = summary["splits"]
        self.source = Path(summary["source"])
        self.problems = [Message.from_json(p) for p in summary["problems"]]
        self.connection = duckdb.connect(str(folder / "index.duckdb"), read_only=True)
        self.categories = self.query_table("SELECT * FROM categories ORDER BY category")
        self.num_images, self.num_captioned = (
            int(self.query_table(f"SELECT count(*) AS n FROM {name}")["n"][0])
            for name in ("images", "captions")
        )
        by_name = self.categories.groupby("name")["category"].apply(list).to_dict()
        by_supercategory = (
            self.categories[self.categories["supercategory"] != ""]
            .groupby("supercategory")["category"]
            .apply(list)
            .to_dict()
        )
        self.names = filter_query.FilterNames(
            by_name, by_supercategory, {s["split"]: i for i, s in enumerate(self.splits)}
        )

    @classmethod
    def open(cls, source: Path, progress: ProgressCallback | None = None) -> Coco:
        """Open the index of the folder or JSON file `source`; build it first if needed. Raises UserError."""
        return cls(index.build_index(source, progress))

    def __enter__(self) -> Coco:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database connection."""
        self.connection.close()

    def query_table(self, sql: str, values: list[Any] | None = None) -> pd.DataFrame:
        """Run a query and return its result. Thread-safe: each call uses its own cursor."""
        return self.connection.cursor().execute(sql, values or []).df()

    def count_images(self) -> dict[str, int]:
        """Return the number of images of each split, by name."""
        counts = self.query_table("SELECT split, count(*) AS n FROM images GROUP BY split ORDER BY split")
        return {self.splits[int(row.split)]["split"]: int(row.n) for row in counts.itertuples()}

    def filter_images(self, text: str = "") -> pd.DataFrame:
        """Return the images that match the filter `text`, sorted by split and id.

        Columns: image (index), split, id, file_name, width, height. Raises UserError if the filter is invalid.
        """
        query = filter_query.parse_filter(text, self.names)
        return self.query_table(query.sql("i.*") + " ORDER BY i.split, i.id", query.values)

    # ---- one image ---------------------------------------------------------------------------------------------------

    def get_image(self, image_id: int, split: str = "") -> ImageRecord:
        """Return the image with COCO id `image_id`, in `split` if several splits have it. Raises UserError if there is none."""
        if not -(2**63) <= image_id < 2**63:
            raise UserError(N_("Image {id} not found."), id=image_id)
        rows = self.query_table("SELECT * FROM images WHERE id = ? ORDER BY split", [int(image_id)])
        rows = rows[[not split or self.splits[s]["split"] == split for s in rows["split"]]]
        if rows.empty:
            raise UserError(N_("Image {id} not found."), id=image_id)
        return self._image_record(rows.iloc[0])

    def rows(self, indices: list[int]) -> pd.DataFrame:
        """Return the images at `indices` of the index, with the columns of `filter_images`."""
        return self.query_table(
            "SELECT * FROM images WHERE image IN (SELECT unnest(?))", [[int(i) for i in indices]]
        )

    def images_by_index(self, indices: list[int]) -> dict[int, ImageRecord]:
        """Return the images at `indices` of the index."""
        return {image_record.index: image_record for image_record in self.image_records(self.rows(indices))}

    def image_records(self, rows: pd.DataFrame) -> list[ImageRecord]:
        """Return the images of rows with the columns of `filter_images`."""
        return [self._image_record(row) for _, row in rows.iterrows()]

    def _image_record(self, row: pd.Series) -> ImageRecord:
        split, name = self.splits[int(row["split"])], str(row["file_name"])
        parts = PurePosixPath(name.replace("\\", "/")).parts
        inside = (
            bool(parts) and ".." not in parts and not name.startswith(("/", "\\")) and ":" not in parts[0]
        )
        folder = Path(split["images_folder"])
        # Annotation tools put a folder of their own machine before the name; COCO's files have none.
        base_name = parts[-1] if parts and parts[-1] != ".." and ":" not in parts[-1] else ""
        candidates = [folder.joinpath(*parts)] * inside + [folder / base_name] * bool(base_name)
        return ImageRecord(
            int(row["image"]),
            split["split"],
            int(row["id"]),
            name,
            int(row["width"]),
            int(row["height"]),
            next((p for p in candidates if _is_file(p)), None),
        )

    def instances(self, image_record: ImageRecord) -> list[Instance]:
        """Return the annotations of an image in file order. Raises UserError if the index files are missing."""
        return self.annotations_by_image([image_record]).get(image_record.index, [])

    def annotations_by_image(self, image_records: list[ImageRecord]) -> dict[int, list[Instance]]:
        """Return the annotations of several images, by image index, with one query. Raises UserError as `instances` does."""
        rows = self.query_table(
            "SELECT a.*, c.name, c.supercategory FROM annotations a LEFT JOIN categories c ON c.category = a.category "
            "WHERE a.image IN (SELECT unnest(?)) ORDER BY a.segmentation_at, a.keypoints_at",
            [[image_record.index for image_record in image_records]],
        )
        by_image: dict[int, list[Instance]] = {}
        try:
            with (self.folder / "segments.bin").open("rb") as f:
                for index, group in rows.groupby("image", sort=False):
                    first, last = int(group["segmentation_at"].iloc[0]), group.iloc[-1]
                    f.seek(first)
                    content = f.read(int(last["keypoints_at"] + last["keypoints_bytes"]) - first)
                    by_image[int(index)] = [_make_instance(row, content, first) for row in group.itertuples()]
        except OSError as error:
            raise UserError(
                N_("Index of {folder} not found. Open the folder again."), folder=str(self.source)
            ) from error
        return by_image

    def count_categories(self, indices: list[int]) -> dict[int, list[tuple[int, str, int]]]:
        """Return id, name and number of instances of each category in the images at `indices`, most frequent first, by image."""
        rows = self.query_table(
            "SELECT a.image, a.category, coalesce(c.name, '?') AS name, count(*) AS n FROM annotations a "
            "LEFT JOIN categories c ON c.category = a.category WHERE a.image IN (SELECT unnest(?)) "
            "GROUP BY a.image, a.category, c.name ORDER BY a.image, n DESC, a.category",
            [indices],
        )
        counts: dict[int, list[tuple[int, str, int]]] = {}
        for row in rows.itertuples(index=False):
            counts.setdefault(int(row.image), []).append((int(row.category), str(row.name), int(row.n)))
        return counts

    def captions(self, image_record: ImageRecord) -> list[str]:
        """Return the captions of an image."""
        return self.query_table("SELECT caption FROM captions WHERE image = ?", [image_record.index])[
            "caption"
        ].tolist()

    def credit(self, image_record: ImageRecord) -> Credit | None:
        """Return source and license of an image, None if the annotation file states neither."""
        rows = self.query_table(
            "SELECT flickr, license, license_url FROM credits WHERE image = ?", [image_record.index]
        )
        return None if rows.empty else Credit(*rows.iloc[0])

    def export_subset(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Return the images of `rows` with all their annotations and captions as one COCO dictionary.

        Ids are kept, unless two splits share one: then all are renumbered.
        """
        annotations, images, all_captions = [], [], []
        renumber, image_records = not rows["id"].is_unique, self.image_records(rows)
        for start in range(0, len(image_records), _BATCH_SIZE):
            batch = image_records[start : start + _BATCH_SIZE]
            instances = self.annotations_by_image(batch)
            captions = (
                self.query_table(
                    "SELECT image, caption FROM captions WHERE image IN (SELECT unnest(?))",
                    [[image_record.index for image_record in batch]],
                )
                .groupby("image")["caption"]
                .apply(list)
                .to_dict()
            )
            for image_record in batch:
                image_id = len(images) + 1 if renumber else image_record.id
                images.append(
                    {
                        "id": image_id,
                        "file_name": image_record.file_name,
                        "width": image_record.width,
                        "height": image_record.height,
                    }
                )
                annotations += [
                    _to_coco_annotation(instance, image_record, image_id)
                    for instance in instances.get(image_record.index, [])
                ]
                all_captions += [
                    {"id": len(all_captions) + i, "image_id": image_id, "caption": caption}
                    for i, caption in enumerate(captions.get(image_record.index, []), 1)
                ]
        if len({annotation["id"] for annotation in annotations}) < len(annotations):
            for i, annotation in enumerate(annotations):
                annotation["id"] = i + 1
        categories = []
        for row in self.categories.itertuples():
            skeleton = (
                {"keypoints": json.loads(row.keypoints), "skeleton": json.loads(row.skeleton)}
                if row.keypoints != "[]"
                else {}
            )
            categories.append(
                {"id": int(row.category), "name": row.name, "supercategory": row.supercategory, **skeleton}
            )
        info = {"description": f"subset of {', '.join(s['split'] for s in self.splits)}"}
        return {
            "info": info,
            "images": images,
            "annotations": annotations,
            "categories": categories,
            "captions": all_captions,
        }


def _make_instance(row: Any, content: bytes, first: int) -> Instance:
    def decode(offset: int, count: int) -> Any:
        raw = content[offset - first : offset - first + count]
        try:
            return msgspec.json.decode(raw) if raw else None
        except (msgspec.DecodeError, RecursionError):
            return None

    box = (float(row.x), float(row.y), float(row.w), float(row.h))  # NaN if missing
    points = decode(row.keypoints_at, row.keypoints_bytes)
    triples = (
        isinstance(points, list)
        and points
        and len(points) % 3 == 0
        and all(isinstance(v, int | float) and abs(v) < _MAX_COORDINATE for v in points)
    )
    return Instance(
        id=int(row.id),
        category=int(row.category),
        name="?" if pd.isna(row.name) else str(row.name),
        supercategory="" if pd.isna(row.supercategory) else str(row.supercategory),
        box=box if all(abs(v) < _MAX_COORDINATE for v in box) else None,
        area=float(row.area),
        crowd=bool(row.crowd),
        segmentation=decode(row.segmentation_at, row.segmentation_bytes),
        keypoints=np.array(points, float).reshape(-1, 3) if triples else None,
    )


def _to_coco_annotation(instance: Instance, image_record: ImageRecord, image_id: int) -> dict[str, Any]:
    """Convert an instance to a COCO annotation. A missing box or area, which readers expect, is computed from the mask."""
    annotation: dict[str, Any] = {
        "id": instance.id,
        "image_id": image_id,
        "category_id": instance.category,
        "iscrowd": int(instance.crowd),
    }
    box, area = instance.box, instance.area
    if box is None or np.isnan(area):
        try:
            pixels, extent = masks.mask_extent(instance.segmentation, image_record.height, image_record.width)
        except UserError:  # no valid segmentation either: use the box
            pixels, extent = (0, (0.0, 0.0, 0.0, 0.0)) if box is None else (box[2] * box[3], box)
        box = extent if box is None else box
        area = pixels if np.isnan(area) else area
    annotation |= {"bbox": list(box), "area": float(area)}
    if instance.segmentation is not None:
        annotation["segmentation"] = instance.segmentation
    if instance.keypoints is not None:
        values = instance.keypoints.ravel().tolist()
        annotation["keypoints"] = [int(v) if float(v).is_integer() else v for v in values]
        annotation["num_keypoints"] = int((instance.keypoints[:, 2] > 0).sum())
    return annotation
