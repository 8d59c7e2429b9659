"""COCO annotations for tests: pycocotools' reading of the real subset, and small files."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from pycocotools.coco import COCO

from tests.conftest import DATA

SPLITS = ("train2017", "val2017")


@functools.cache
def read_official() -> dict[str, COCO]:
    """Return pycocotools' reading of the real subset, by split; skip the test without it."""
    folder = DATA / "coco"
    if not folder.is_dir():
        pytest.skip("no real COCO here")
    return {split: COCO(str(folder / "annotations" / f"instances_{split}.json")) for split in SPLITS}


def write_annotations(folder: Path, name: str = "instances_tiny.json", **changes: object) -> Path:
    """Write an annotation file of two images and one instance, with `changes`; return the COCO folder."""
    content = {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 40, "height": 30},
            {"id": 2, "file_name": "b.jpg", "width": 40, "height": 30},
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [1, 2, 10, 10],
                "area": 100,
                "iscrowd": 0,
                "segmentation": [[1, 2, 11, 2, 11, 12, 1, 12]],
            },
        ],
        "categories": [{"id": 1, "name": "cat", "supercategory": "animal"}],
        **changes,
    }
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / "annotations" / name).write_text(json.dumps(content))
    return folder
