"""Images, instances, masks, exports and drawings of COCO against pycocotools."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as pycoco_mask
from pycocotools.coco import COCO

from core.coco import annotation_issues, colors, drawing, masks, outlines, statistics
from core.coco.dataset import Coco
from core.messages import UserError
from tests.coco_data import SPLITS, read_official, write_annotations


@pytest.fixture
def official(real_data: Path) -> dict[str, COCO]:
    """pycocotools' own reading of the real subset."""
    return read_official()


@pytest.fixture
def coco(real_data: Path):  # noqa: ANN201
    with Coco.open(real_data / "coco") as opened:
        yield opened


@pytest.mark.realdata
def test_masks_and_areas_are_pycocotools_own(official: dict[str, COCO]) -> None:
    checked = 0
    for api in official.values():
        for one in api.anns.values():
            image = api.imgs[one["image_id"]]
            height, width = image["height"], image["width"]
            expected = api.annToMask(one)
            assert (masks.decode_mask(one["segmentation"], height, width) == expected.astype(bool)).all()
            assert masks.mask_extent(one["segmentation"], height, width)[0] == int(
                pycoco_mask.area(api.annToRLE(one))
            )
            squeezed = pycoco_mask.encode(np.asfortranarray(expected))
            text = {"size": squeezed["size"], "counts": squeezed["counts"].decode()}
            assert (masks.decode_mask(text, height, width) == expected.astype(bool)).all()
            assert (
                masks._decode_counts(text["counts"])[: 10**6]
                and sum(masks._decode_counts(text["counts"])) == height * width
            )
            checked += 1
    assert checked == 1363


WRONG = {
    "an odd number": [[1, 2, 3, 4, 5, 6, 7]],
    "at least three": [[1, 2, 3, 4]],
    "is empty": [],
    "not a list of numbers": [["a"] * 6],
    "far outside": [[0, 0, 1e12, 5, 5, 5]],
    "neither polygons": 5,
    "the RLE size is": {"size": [3, 3], "counts": [9]},
    "do not add up": {"size": [10, 8], "counts": [1, 2]},
    "runs": {"size": [10, 8], "counts": "zzzzzzzz"},
    "add up to the": {"size": [10, 8], "counts": [-1, 81]},
    "to the image size": {"size": [10, 8], "counts": "\\u00ff"},
    "of numbers": [[True, 2, 3, 4, 5, 6]],
}


@pytest.mark.parametrize("sentence", WRONG)
def test_an_invalid_segmentation_is_reported(sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        masks.decode_mask(WRONG[sentence], 10, 8)


@pytest.mark.realdata
def test_an_image_holds_what_pycocotools_says(coco: Coco, official: dict[str, COCO], real_data: Path) -> None:
    keypoints = {}
    for split in SPLITS:
        path = real_data / "coco" / "annotations" / f"person_keypoints_{split}.json"
        keypoints |= {one["id"]: one["keypoints"] for one in json.loads(path.read_text())["annotations"]}
    checked = 0
    for row in coco.image_records(coco.filter_images()):
        api = official[row.split]
        theirs = {a["id"]: a for a in api.imgToAnns[row.id]}
        mine = coco.instances(row)
        assert {one.id for one in mine} == theirs.keys() and row.path is not None
        for one in mine:
            a = theirs[one.id]
            assert (one.name, one.crowd, one.area) == (
                api.cats[a["category_id"]]["name"],
                bool(a["iscrowd"]),
                a["area"],
            )
            assert list(one.box) == a["bbox"] and one.segmentation == a["segmentation"]
            assert (one.keypoints is None) == (one.id not in keypoints)
            if one.keypoints is not None:
                assert one.keypoints.ravel().tolist() == keypoints[one.id]
            checked += 1
        assert 5 <= len(coco.captions(row)) <= 7
    assert checked == 1363


@pytest.mark.realdata
def test_a_subset_loads_in_pycocotools_and_is_evaluated_by_cocoeval(coco: Coco, tmp_path: Path) -> None:
    from pycocotools.cocoeval import COCOeval

    rows = coco.filter_images("person>=2 and split=val2017")
    path = tmp_path / "subset.json"
    path.write_text(json.dumps(coco.export_subset(rows)))
    truth = COCO(str(path))
    assert sorted(truth.imgs) == sorted(rows["id"])
    answers = [
        {
            "image_id": a["image_id"],
            "category_id": a["category_id"],
            "bbox": a["bbox"],
            "score": 0.9,
            "segmentation": truth.annToRLE(a),
        }
        for a in truth.anns.values()
        if not a["iscrowd"]
    ]
    for kind in ("bbox", "segm"):
        evaluator = COCOeval(truth, truth.loadRes([dict(a) for a in answers]), kind)
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
        assert evaluator.stats[0] == pytest.approx(1.0, abs=0.001)


@pytest.mark.realdata
def test_pairs_of_categories(coco: Coco, official: dict[str, COCO]) -> None:
    held = [{a["category_id"] for a in api.imgToAnns[i]} for api in official.values() for i in api.imgs]
    table = statistics.cooccurrence(coco)
    for one, other in ((1, 1), (1, 62), (18, 1), (3, 10), (3, 90)):
        assert table.loc[one, other] == sum(one in h and other in h for h in held)


def test_names_outside_the_folder_are_not_files(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    evil = ["../secret.jpg", "/etc/passwd", "..\\secret.jpg", "a/../../secret.jpg", "<img src=x>", ""]
    folder = write_annotations(
        tmp_path / "set",
        images=[{"id": i, "file_name": name, "width": 9, "height": 9} for i, name in enumerate(evil)],
    )
    with Coco.open(folder) as coco:
        assert [p.path for p in coco.image_records(coco.filter_images())] == [None] * len(evil)


def test_an_instance_without_anything(tmp_path: Path) -> None:
    folder = write_annotations(
        tmp_path,
        annotations=[
            {"image_id": 1},
            {"image_id": 1, "category_id": 1, "segmentation": None, "keypoints": [1, 2]},
        ],
    )
    with Coco.open(folder) as coco:
        bare, odd = coco.instances(coco.get_image(1))
        assert (bare.name, bare.box, bare.segmentation, bare.keypoints) == (
            "?",
            None,
            None,
            None,
        ) and odd.keypoints is None
        with pytest.raises(UserError, match="annotation 1: the segmentation is neither"):
            bare.mask(coco.get_image(1))
        with pytest.raises(UserError, match="Image 7 not found"):
            coco.get_image(7)


@pytest.mark.realdata
def test_rle_of_our_own_is_pycocotools_own(coco: Coco) -> None:
    for image_record in coco.image_records(coco.filter_images().head(20)):
        for one in coco.instances(image_record):
            made = masks.encode_rle(one.mask(image_record))
            assert sum(made["counts"]) == image_record.height * image_record.width
            assert (
                masks.decode_mask(made, image_record.height, image_record.width) == one.mask(image_record)
            ).all()
            again = pycoco_mask.decode(pycoco_mask.frPyObjects(made, image_record.height, image_record.width))
            assert (again.astype(bool) == one.mask(image_record)).all()


@pytest.mark.realdata
def test_thumbnails_are_rendered_once(coco: Coco, monkeypatch: pytest.MonkeyPatch) -> None:
    image_record = coco.image_records(coco.filter_images("crowd=yes"))[0]
    first = drawing.render_thumbnails(coco, [image_record])[0]
    shown = np.asarray(Image.open(io.BytesIO(first)))
    assert max(shown.shape[:2]) == drawing.THUMBNAIL_SIDE and shown.std() > 10
    monkeypatch.setattr(drawing, "_render_thumbnail", lambda *_: pytest.fail("rendered again"))
    assert drawing.render_thumbnails(coco, [image_record])[0] == first


def test_categories_shown_together_have_colors_of_their_own() -> None:
    count = len(colors.PALETTE)
    alike = [1, 1 + count, 1 + 2 * count, 10, 18]
    few = colors.distinct_colors(alike)
    assert few[1] == colors.css_color(1) and len(set(few.values())) == len(alike)
    assert len(set(colors.distinct_colors(range(1, count + 1)).values())) == count
    images = [{number, number + 1, 80} for number in range(1, 80)]
    many = colors.distinct_colors([80, *range(1, 80)], images)
    assert set(many) == set(range(1, 81))
    assert all(len({many[category] for category in image}) == len(image) for image in images)
    assert colors.distinct_colors([-1]) == {-1: colors.css_color(-1)}  # an annotation without a category


def test_outlines_of_thumbnails_are_small_and_those_of_broken_masks_are_boxes(tmp_path: Path) -> None:
    with Coco.open(write_annotations(tmp_path)) as coco:
        [record] = coco.image_records(coco.rows([0]))
        for instance in coco.instances(record):
            path = outlines.small_svg_path(instance, record, 2.0)
            assert path == "" or re.fullmatch(r"(M-?\d+ -?\d+(L-?\d+ -?\d+)*Z)+", path)
            broken = dataclasses.replace(instance, segmentation=[[1]], box=(1.0, 2.0, 10.0, 20.0))
            assert outlines.small_svg_path(broken, record, 2.0) == "M2 4L22 4L22 44L2 44Z"
            assert (
                outlines.small_svg_path(dataclasses.replace(broken, segmentation=None, box=None), record, 1.0)
                == ""
            )


def test_a_missing_or_invalid_image_is_a_placeholder(tmp_path: Path) -> None:
    folder = write_annotations(tmp_path)
    (folder / "tiny").mkdir()
    (folder / "tiny" / "a.jpg").write_bytes(b"no image at all")
    with Coco.open(folder) as coco:
        for image_record in coco.image_records(coco.filter_images()):
            assert drawing.load_photo(image_record) is None
            assert Image.open(io.BytesIO(drawing.render_thumbnails(coco, [image_record])[0])).size == (
                320,
                240,
            )
            for one in coco.instances(image_record):
                assert (
                    drawing.render_closeup(image_record, one).shape == (320, 320, 3)
                    and drawing.crop_instance(image_record, one) is None
                )


@pytest.mark.parametrize(
    "segmentation",
    [[[1, 2, 3]], [[1, 2, 3, 4]], "x", {"size": [1, 1], "counts": [1]}, [["a"] * 6], [[1e30] * 6]],
)
def test_an_invalid_segmentation_does_not_break_drawing(tmp_path: Path, segmentation: object) -> None:
    folder = write_annotations(
        tmp_path,
        annotations=[
            {"id": 9, "image_id": 1, "category_id": 1, "segmentation": segmentation, "bbox": [1, 1, 5, 5]}
        ],
    )
    with Coco.open(folder) as coco:
        image_record = coco.get_image(1)
        one = coco.instances(image_record)[0]
        drawing.render_thumbnails(coco, [image_record])[0]
        drawing.render_closeup(image_record, one)
        with pytest.raises(UserError, match="tiny, annotation 9"):
            outlines.svg_path(one, image_record)
        assert all(
            frame.empty or name == "polygon" for name, frame in annotation_issues.find_issues(coco).items()
        )


def test_box_and_mask(tmp_path: Path) -> None:
    folder = write_annotations(tmp_path)
    with Coco.open(folder) as coco:
        image_record = coco.get_image(1)
        assert drawing.box_iou(coco.instances(image_record)[0], image_record) == pytest.approx(1.0, abs=0.1)
