"""COCO files as annotation tools write them: read or reported in one sentence, and exported as one valid file."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.coco import annotation_issues, drawing, filter_query, outlines
from core.coco.dataset import Coco
from core.messages import UserError

pytestmark = pytest.mark.slow

BOX = [[5, 5, 25, 5, 25, 25, 5, 25]]


def content(**changes: object) -> dict:
    """One image, one instance, one category, with some records replaced."""
    return {
        "images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [5, 5, 20, 20],
                "area": 400,
                "segmentation": BOX,
            }
        ],
        "categories": [{"id": 1, "name": "cat"}],
        **changes,
    }


def folder(place: Path, **files: dict) -> Path:
    """A COCO folder with one file of instances for each split."""
    (place / "annotations").mkdir(parents=True, exist_ok=True)
    for split, body in files.items():
        (place / "annotations" / f"instances_{split}.json").write_text(
            body if isinstance(body, str) else json.dumps(body)
        )
    return place


NULLS = {"width": None, "height": None, "file_name": None}
TOOLS = {
    "nulls": content(
        images=[{"id": 1, **NULLS}],
        categories=[{"id": 1, "name": "cat", "supercategory": None, "keypoints": None, "skeleton": None}],
        annotations=[
            {
                "id": None,
                "image_id": 1,
                "category_id": 1,
                "iscrowd": None,
                "bbox": None,
                "area": None,
                "segmentation": None,
            }
        ],
    ),
    "ids as 1.0": content(
        images=[{"id": 1.0, "file_name": "a.png"}],
        categories=[{"id": 1.0, "name": "cat", "skeleton": [[1.0, 2.0]]}],
        annotations=[{"id": 7.0, "image_id": 1.0, "category_id": 1.0, "iscrowd": 0.0}],
    ),
    "ids in quotes": content(
        images=[{"id": "1", "file_name": "a.png"}],
        categories=[{"id": "1", "name": "cat"}],
        annotations=[
            {"id": "7", "image_id": "1", "category_id": "1", "iscrowd": "0", "bbox": ["1", "2", "3", "4"]}
        ],
    ),
    "boxes of nulls": content(annotations=[{"id": 1, "image_id": 1, "category_id": 1, "bbox": [None] * 4}]),
    "a byte order mark": "\ufeff" + json.dumps(content()),
}


@pytest.mark.parametrize("name", TOOLS)
def test_files_of_annotation_tools_are_read(tmp_path: Path, name: str) -> None:
    with Coco.open(folder(tmp_path, x=TOOLS[name])) as coco:
        assert coco.filter_images("cat")["id"].tolist() == [1]
        image_record = coco.get_image(1)
        [one] = coco.instances(image_record)
        drawing.render_thumbnails(coco, [image_record])[0]
        drawing.render_closeup(image_record, one)
        annotation_issues.find_issues(coco)
        assert coco.filter_images("caption='red bus'").empty  # there are no captions


HOSTILE = {
    "category_id": {"category_id": 2**70},
    "id": {"id": 2**63},
    "image_id": {"image_id": 1.5},
    "deep": "[" * 200_000,
    "width": {"images": [{"id": 2**70}]},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_numbers_too_large_for_a_column_are_reported(tmp_path: Path, name: str) -> None:
    change = HOSTILE[name]
    if isinstance(change, str):
        body = json.dumps(content()).replace('"bbox"', f'"evil": {change}, "bbox"')
    elif "images" in change:
        body = content(**change)
    else:
        body = content(annotations=[{**content()["annotations"][0], **change}])
    with pytest.raises(UserError, match="instances_x.json"), Coco.open(folder(tmp_path, x=body)) as coco:
        coco.instances(coco.get_image(1))


SHAPES = [
    {"size": 5, "counts": []},
    {"size": None, "counts": "x"},
    {"size": [40, 60], "counts": "一一一一F"},
    {"size": [40, 60], "counts": "~~~~~~~~"},
    {"size": [40, 60], "counts": [2**40, 2400]},
    {"size": [40, 60], "counts": [True, 2399]},
    [[0, 0, 59, 39] * 30_000],
    [[5, 5, 6]],
]


@pytest.mark.parametrize("segmentation", SHAPES, ids=range(len(SHAPES)))
@pytest.mark.parametrize("size", [(60, 40), (-5, 40), (0, 0), (10**12, 3)])
def test_an_invalid_record_leaves_the_others_usable(
    tmp_path: Path, segmentation: object, size: tuple[int, int]
) -> None:
    body = content(
        images=[{"id": 1, "file_name": "あ" * 200 + ".png", "width": size[0], "height": size[1]}],
        annotations=[
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [5, 5, 20, 20],
                "area": -400,
                "segmentation": segmentation,
                "keypoints": [50, 30, 2],
            }
        ],
    )
    (tmp_path / "x").mkdir()
    with Coco.open(folder(tmp_path, x=body)) as coco:
        image_record = coco.get_image(1)
        [one] = coco.instances(image_record)
        drawing.render_thumbnails(coco, [image_record])[0]
        drawing.render_closeup(image_record, one)
        annotation_issues.find_issues(coco)
        with suppress(UserError):
            outlines.svg_path(one, image_record)
        coco.export_subset(coco.filter_images())


def test_splits_with_equal_ids_are_exported_as_one_file(tmp_path: Path) -> None:
    one = {"image_id": 1, "category_id": 1}
    nameless = content(annotations=[{**one, "segmentation": BOX}, {**one, "bbox": [1, 2, 3, 4]}])
    dogs = content(categories=[{"id": 1, "name": "dog"}])
    with Coco.open(folder(tmp_path / "set", a=nameless, b=dogs)) as coco:
        assert coco.filter_images("cat")["split"].tolist() == [0] and coco.filter_images("dog")[
            "split"
        ].tolist() == [1]
        subset = coco.export_subset(coco.filter_images())
    (tmp_path / "subset.json").write_text(json.dumps(subset))
    api = COCO(str(tmp_path / "subset.json"))
    assert len(api.imgs) == 2 and len(api.anns) == 3
    assert sorted(a["area"] for a in api.anns.values()) == [12, 400, 400] and all(
        len(a["bbox"]) == 4 for a in api.anns.values()
    )
    named = {c["id"]: c["name"] for c in api.cats.values()}
    assert sorted(named[a["category_id"]] for a in api.anns.values()) == ["cat", "cat", "dog"]
    answers = api.loadRes([{**a, "score": 1.0} for a in subset["annotations"]])
    evaluator = COCOeval(api, answers, "bbox")
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    assert evaluator.stats[0] == pytest.approx(1.0)


def test_instances_without_ids_get_their_own(tmp_path: Path) -> None:
    plain = {"image_id": 1, "category_id": 1, "bbox": [5, 5, 20, 20], "area": 400, "segmentation": BOX}
    with Coco.open(
        folder(tmp_path, x=content(annotations=[plain, {**plain, "id": 3}, {**plain, "id": 3}, plain]))
    ) as coco:
        assert sorted(one.id for one in coco.instances(coco.get_image(1))) == [3, 4, 5, 6]
        assert len(coco.problems) == 1 and len(annotation_issues.find_issues(coco)["twice"]) == 6


def test_long_numbers_are_not_rounded(tmp_path: Path) -> None:
    body = content(
        images=[{"id": i, "file_name": "a.png"} for i in (1234567, 1234570, 123456789012)], annotations=[]
    )
    with Coco.open(folder(tmp_path, x=body)) as coco:
        assert coco.filter_images("id==1234567")["id"].tolist() == [1234567]
        assert coco.filter_images("id>=1234568")["id"].tolist() == [1234570, 123456789012]
        with pytest.raises(UserError, match="the number is too large"):
            coco.filter_images("id>=" + "9" * 400)


def test_quoted_names_may_contain_the_other_quotes(tmp_path: Path) -> None:
    names = ['monitor 24"', "driver's seat", "traffic light"]
    body = content(
        categories=[{"id": i + 1, "name": n} for i, n in enumerate(names)],
        annotations=[{"image_id": 1, "category_id": i + 1, "bbox": [1, 1, 2, 2]} for i in range(3)],
    )
    with Coco.open(folder(tmp_path, x=body)) as coco:
        for name in names:
            assert len(coco.filter_images(filter_query.format_condition(name, ">=", 1))) == 1
        assert len(coco.filter_images("category:'traffic light'>=1 and not category:'traffic light'>1")) == 1


def test_other_files_beside_the_annotations_are_ignored(tmp_path: Path) -> None:
    place = folder(tmp_path, x=content())
    for name in ("image_info_test2017.json", "._instances_x.json", "panoptic_x.json"):
        (place / "annotations" / name).write_text('{"images": []}')
    (place / "annotations" / "gone.json").symlink_to(tmp_path / "nowhere.json")
    with Coco.open(place) as coco:
        assert [s["split"] for s in coco.splits] == ["x"]


def test_a_thumbnail_is_rendered_again_when_the_image_appears(tmp_path: Path) -> None:
    place = folder(tmp_path, x=content())
    with Coco.open(place) as coco:
        gray = drawing.render_thumbnails(coco, [coco.get_image(1)])[0]
        (place / "x").mkdir()
        Image.new("RGB", (60, 40), "red").save(place / "x" / "a.png")
        assert drawing.render_thumbnails(coco, [coco.get_image(1)])[0] != gray


@pytest.mark.parametrize(("size", "shape"), [((60, 40), (60, 40)), ((40, 60), (40, 60)), ((0, 0), (40, 60))])
def test_exif_orientation_is_applied_unless_the_record_states_the_stored_size(
    tmp_path: Path, size: tuple, shape: tuple
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30, 0] = 255  # red on the left as it lies, above when it is turned
    (tmp_path / "x").mkdir()
    Image.fromarray(pixels).save(tmp_path / "x" / "a.png", exif=exif)
    with Coco.open(
        folder(
            tmp_path, x=content(images=[{"id": 1, "file_name": "a.png", "width": size[0], "height": size[1]}])
        )
    ) as coco:
        shown = drawing.load_photo(coco.get_image(1))
    assert shown.size == shape
    corner = shown.getpixel((shown.width - 1, 0))
    assert (corner[0] == 255) == (shape == (40, 60))
