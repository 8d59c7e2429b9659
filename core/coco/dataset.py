"""An opened COCO index: which images a filter takes, what an image holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from core.coco import filter_query, index, masks
from core.data import ProgressCallback
from core.files import read_json
from core.messages import Message, N_, UserError

_MAX_COORDINATE = 1e7  # pixels: nothing is drawn so far away
_BATCH_SIZE = 500  # images of a subset whose instances are held at the same time, apart from the answer


@dataclass(frozen=True)
class ImageRecord:
    """One image: `number` in the index, `path` of its file, None where that is not there or its name leads out of its folder."""

    number: int
    split: str
    id: int
    file_name: str
    width: int
    height: int
    path: Path | None


def _is_file(path: Path) -> bool:
    """Whether a file is there; a name that no file system takes is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@dataclass(frozen=True)
class Instance:
    """One annotation. `box` is x, y, width, height in pixels, None where there is none; `keypoints` (K, 3) of x, y, visibility, or None;
    `segmentation` as it is in the file."""

    id: int
    category: int
    name: str
    supercategory: str
    box: tuple[float, float, float, float] | None
    area: float
    crowd: bool
    segmentation: Any
    keypoints: np.ndarray | None

    def mask(self, picture: ImageRecord) -> np.ndarray:
        """(H, W) bool. Raises UserError naming the record and what is wrong with its segmentation."""
        try:
            return masks.decode_mask(self.segmentation, picture.height, picture.width)
        except UserError as error:
            raise self.wrong(picture, error) from error

    def wrong(self, picture: ImageRecord, error: UserError) -> UserError:
        """The sentence that names this record."""
        return UserError(
            N_("{file}, annotation {record}: {what}."), file=picture.split, record=self.id, what=error.message
        )


class Coco:
    """One index, read-only; `count` images, of which `told` captions tell. Close it with `close()` or use it in a `with`."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.folder = folder
        about = read_json(folder / "done.json")
        self.splits: list[dict[str, str]] = about["splits"]
        self.source = Path(about["source"])
        self.problems = [Message.from_json(p) for p in about["problems"]]
        self.connection = duckdb.connect(str(folder / "index.duckdb"), read_only=True)
        self.categories = self.table("SELECT * FROM categories ORDER BY category")
        self.count, self.num_captioned = (
            int(self.table(f"SELECT count(*) AS n FROM {name}")["n"][0]) for name in ("images", "captions")
        )
        by_name = self.categories.groupby("name")["category"].apply(list).to_dict()
        above = (
            self.categories[self.categories["supercategory"] != ""]
            .groupby("supercategory")["category"]
            .apply(list)
            .to_dict()
        )
        self.names = filter_query.FilterNames(
            by_name, above, {s["split"]: i for i, s in enumerate(self.splits)}
        )

    @classmethod
    def open(cls, source: Path, progress: ProgressCallback | None = None) -> Coco:
        """The index of the folder or JSON file `source`, made where it is not there. Raises UserError."""
        return cls(index.build_index(source, progress))

    def __enter__(self) -> Coco:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index; nothing can be asked afterwards."""
        self.connection.close()

    def table(self, sql: str, values: list[Any] | None = None) -> pd.DataFrame:
        """The answer to a query. Each call has a cursor of its own, so that several visitors may ask at once."""
        return self.connection.cursor().execute(sql, values or []).df()

    def images(self, text: str = "") -> pd.DataFrame:
        """Images that the filter `text` takes, by split and id: image, split, id, file_name, width, height. Raises UserError where the
        filter is wrong."""
        asked = filter_query.parse_filter(text, self.names)
        return self.table(asked.sql("i.*") + " ORDER BY i.split, i.id", asked.values)

    # ---- one image ---------------------------------------------------------------------------------------------------

    def get_image(self, image_id: int, split: str = "") -> ImageRecord:
        """The image with this id, in `split` where several have it. Raises UserError where there is none."""
        if not -(2**63) <= image_id < 2**63:
            raise UserError(N_("Image {id} not found."), id=image_id)
        rows = self.table("SELECT * FROM images WHERE id = ? ORDER BY split", [int(image_id)])
        rows = rows[[not split or self.splits[s]["split"] == split for s in rows["split"]]]
        if rows.empty:
            raise UserError(N_("Image {id} not found."), id=image_id)
        return self._image_record(rows.iloc[0])

    def rows(self, numbers: list[int]) -> pd.DataFrame:
        """Images by their numbers in the index, as `images` gives them."""
        return self.table(
            "SELECT * FROM images WHERE image IN (SELECT unnest(?))", [[int(n) for n in numbers]]
        )

    def images_by_index(self, numbers: list[int]) -> dict[int, ImageRecord]:
        """Images by their numbers in the index."""
        return {picture.number: picture for picture in self.pictures(self.rows(numbers))}

    def pictures(self, rows: pd.DataFrame) -> list[ImageRecord]:
        """The images of rows as `images` gives them."""
        return [self._image_record(row) for _, row in rows.iterrows()]

    def _image_record(self, row: pd.Series) -> ImageRecord:
        split, name = self.splits[int(row["split"])], str(row["file_name"])
        parts = PurePosixPath(name.replace("\\", "/")).parts
        inside = (
            bool(parts) and ".." not in parts and not name.startswith(("/", "\\")) and ":" not in parts[0]
        )
        folder = Path(split["pictures"])
        # Annotation tools write the folder of their own machine before the name; COCO's files have none.
        alone = parts[-1] if parts and parts[-1] != ".." and ":" not in parts[-1] else ""
        places = [folder.joinpath(*parts)] * inside + [folder / alone] * bool(alone)
        return ImageRecord(
            int(row["image"]),
            split["split"],
            int(row["id"]),
            name,
            int(row["width"]),
            int(row["height"]),
            next((p for p in places if _is_file(p)), None),
        )

    def instances(self, picture: ImageRecord) -> list[Instance]:
        """What is annotated in an image, as the file orders it. Raises UserError where the index has lost its bytes."""
        return self.held([picture]).get(picture.number, [])

    def held(self, pictures: list[ImageRecord]) -> dict[int, list[Instance]]:
        """What is annotated in each of some images, by their number. Raises UserError as `instances` does."""
        rows = self.table(
            "SELECT a.*, c.name, c.supercategory FROM annotations a LEFT JOIN categories c ON c.category = a.category "
            "WHERE a.image IN (SELECT unnest(?)) ORDER BY a.segmentation_at, a.keypoints_at",
            [[picture.number for picture in pictures]],
        )
        found: dict[int, list[Instance]] = {}
        try:
            with (self.folder / "segments.bin").open("rb") as f:
                for number, mine in rows.groupby("image", sort=False):
                    first, last = int(mine["segmentation_at"].iloc[0]), mine.iloc[-1]
                    f.seek(first)
                    content = f.read(int(last["keypoints_at"] + last["keypoints_bytes"]) - first)
                    found[int(number)] = [_make_instance(row, content, first) for row in mine.itertuples()]
        except OSError as error:
            raise UserError(
                N_("Index of {folder} not found. Open the folder again."), folder=str(self.source)
            ) from error
        return found

    def captions(self, picture: ImageRecord) -> list[str]:
        """The sentences about an image."""
        return self.table("SELECT caption FROM captions WHERE image = ?", [picture.number])[
            "caption"
        ].tolist()

    def export_subset(self, rows: pd.DataFrame) -> dict[str, Any]:
        """The images of `rows` with all of their instances and captions, as one COCO file holds them. Ids are kept, unless two splits have
        the same ones: then all are counted anew."""
        annotations, images, told = [], [], []
        anew, every = not rows["id"].is_unique, self.pictures(rows)
        for start in range(0, len(every), _BATCH_SIZE):
            part = every[start : start + _BATCH_SIZE]
            held = self.held(part)
            captions = (
                self.table(
                    "SELECT image, caption FROM captions WHERE image IN (SELECT unnest(?))",
                    [[picture.number for picture in part]],
                )
                .groupby("image")["caption"]
                .apply(list)
                .to_dict()
            )
            for picture in part:
                number = len(images) + 1 if anew else picture.id
                images.append(
                    {
                        "id": number,
                        "file_name": picture.file_name,
                        "width": picture.width,
                        "height": picture.height,
                    }
                )
                annotations += [
                    _to_coco_annotation(one, picture, number) for one in held.get(picture.number, [])
                ]
                for caption in captions.get(picture.number, []):
                    told.append({"id": len(told) + 1, "image_id": number, "caption": caption})
        if len({one["id"] for one in annotations}) < len(annotations):
            for i, one in enumerate(annotations):
                one["id"] = i + 1
        categories = []
        for row in self.categories.itertuples():
            body = (
                {"keypoints": json.loads(row.keypoints), "skeleton": json.loads(row.skeleton)}
                if row.keypoints != "[]"
                else {}
            )
            categories.append(
                {"id": int(row.category), "name": row.name, "supercategory": row.supercategory, **body}
            )
        info = {"description": f"subset of {', '.join(s['split'] for s in self.splits)}"}
        return {
            "info": info,
            "images": images,
            "annotations": annotations,
            "categories": categories,
            "captions": told,
        }


def _make_instance(row: Any, content: bytes, first: int) -> Instance:
    def part(at: int, count: int) -> Any:
        raw = content[at - first : at - first + count]
        try:
            return msgspec.json.decode(raw) if raw else None
        except (msgspec.DecodeError, RecursionError):
            return None

    box = (float(row.x), float(row.y), float(row.w), float(row.h))  # of NaN where there is none
    points = part(row.keypoints_at, row.keypoints_bytes)
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
        segmentation=part(row.segmentation_at, row.segmentation_bytes),
        keypoints=np.array(points, float).reshape(-1, 3) if triples else None,
    )


def _to_coco_annotation(one: Instance, picture: ImageRecord, image_id: int) -> dict[str, Any]:
    """An instance as COCO writes it. Box and area, which every reader expects, come from the mask where the file has none."""
    found: dict[str, Any] = {
        "id": one.id,
        "image_id": image_id,
        "category_id": one.category,
        "iscrowd": int(one.crowd),
    }
    box, area = one.box, one.area
    if box is None or np.isnan(area):
        try:
            pixels, around = masks.mask_extent(one.segmentation, picture.height, picture.width)
        except UserError:  # no shape either: the box is all that there is
            pixels, around = (0, (0.0, 0.0, 0.0, 0.0)) if box is None else (box[2] * box[3], box)
        box = around if box is None else box
        area = pixels if np.isnan(area) else area
    found |= {"bbox": list(box), "area": float(area)}
    if one.segmentation is not None:
        found["segmentation"] = one.segmentation
    if one.keypoints is not None:
        values = one.keypoints.ravel().tolist()
        found["keypoints"] = [int(v) if float(v).is_integer() else v for v in values]
        found["num_keypoints"] = int((one.keypoints[:, 2] > 0).sum())
    return found
