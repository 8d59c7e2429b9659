"""Outlines, statistics and annotation issues, against pycocotools, scikit-image and deliberate errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from skimage.draw import polygon2mask
from skimage.measure import points_in_poly

from core.coco import annotation_issues, drawing, outlines, statistics
from core.coco.dataset import Coco
from core.messages import UserError

SPLITS = ("train2017", "val2017")


@pytest.fixture
def coco(real_data: Path):  # noqa: ANN201
    with Coco.open(real_data / "coco") as opened:
        yield opened


@pytest.fixture(scope="module")
def official() -> list[COCO]:
    from tests.conftest import DATA

    if not (DATA / "coco").is_dir():
        pytest.skip("no real COCO here")
    return [COCO(str(DATA / "coco" / "annotations" / f"instances_{s}.json")) for s in SPLITS]


# ---- outlines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_traced_mask_is_the_mask(seed: int) -> None:
    rows, columns = np.indices((60, 80))
    rng = np.random.default_rng(seed)
    mask = np.zeros((60, 80), bool)
    for _ in range(4):
        y, x, r = rng.integers(0, 60), rng.integers(0, 80), rng.integers(6, 20)
        mask ^= (rows - y) ** 2 + (columns - x) ** 2 < r**2  # with holes, and touching the edges
    drawn = np.zeros_like(mask)
    for ring in outlines.trace_mask(mask):
        drawn ^= polygon2mask(mask.shape, ring[:, ::-1] - 0.5)
    assert (drawn & mask).sum() / (drawn | mask).sum() > 0.9


def test_points_inside_and_distance_of_those_outside() -> None:
    rng = np.random.default_rng(0)
    angle = np.sort(rng.random(40)) * 2 * np.pi
    star = np.stack(
        [50 + rng.uniform(10, 45, 40) * np.cos(angle), 50 + rng.uniform(10, 45, 40) * np.sin(angle)], 1
    )
    points = rng.uniform(0, 100, (500, 2))
    assert (outlines.polygons_contain([star], points) == points_in_poly(points, star)).all()
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    assert outlines.edge_distance([square], np.array([[13.0, 14.0], [5.0, 5.0], [-2.0, 3.0]])).tolist() == [
        5.0,
        5.0,
        2.0,
    ]


@pytest.mark.realdata
def test_every_instance_of_the_real_subset_has_an_outline(coco: Coco) -> None:
    for image_record in coco.image_records(coco.filter_images()):
        for one in coco.instances(image_record):
            rings = outlines.instance_rings(one, image_record)
            assert rings and outlines.svg_path(one, image_record).count("Z") == len(rings)
            low, high = np.concatenate(rings).min(0), np.concatenate(rings).max(0)
            x, y, w, h = one.box
            assert np.allclose([*low, *high], [x, y, x + w, y + h], atol=2), one.id


@pytest.mark.realdata
def test_visible_keypoints_lie_inside_the_mask(coco: Coco) -> None:
    seen = 0
    for image_record in coco.image_records(coco.filter_images("keypoints>=1")):
        for one in coco.instances(image_record):
            if one.keypoints is not None and isinstance(one.segmentation, list):
                visible = one.keypoints[one.keypoints[:, 2] == 2, :2]
                seen += len(visible)
                assert outlines.polygons_contain(outlines.instance_rings(one, image_record), visible).all()
    assert seen == 1258


# ---- statistics ------------------------------------------------------------------------------------------------------


@pytest.mark.realdata
def test_counts_are_those_of_a_loop(coco: Coco, official: list[COCO]) -> None:
    everything = [a for api in official for a in api.anns.values()]
    names = {c["id"]: c["name"] for c in official[0].cats.values()}
    each = statistics.category_counts(coco).set_index("name")
    for number, name in names.items():
        mine = [a for a in everything if a["category_id"] == number]
        if mine:
            row = each.loc[name]
            assert (row["n"], row["crowds"]) == (len(mine), sum(a["iscrowd"] for a in mine))
    plain = [a["area"] for a in everything if not a["iscrowd"]]
    assert statistics.area_class_counts(coco) == {
        "small": sum(v < 1024 for v in plain),
        "medium": sum(1024 <= v < 9216 for v in plain),
        "large": sum(v >= 9216 for v in plain),
    }
    assert statistics.size_histogram(coco)["n"].sum() == len(plain) == statistics.center_heatmap(coco).sum()
    assert (
        statistics.instances_per_image(coco)["n"] * statistics.instances_per_image(coco)["images"]
    ).sum() == len(everything)


@pytest.mark.realdata
def test_keypoint_counts_are_those_of_a_loop(coco: Coco, real_data: Path) -> None:
    points = []
    for split in SPLITS:
        content = json.loads(
            (real_data / "coco" / "annotations" / f"person_keypoints_{split}.json").read_text()
        )
        points += [np.reshape(a["keypoints"], (-1, 3)) for a in content["annotations"] if a["num_keypoints"]]
    seen = np.stack(points)[:, :, 2]
    found = statistics.keypoint_visibility(coco)
    assert (
        found["visible"].tolist() == (seen == 2).sum(0).tolist()
        and found["hidden"].tolist() == (seen == 1).sum(0).tolist()
    )
    assert (found["of"] == len(points)).all()


# ---- annotation issues -----------------------------------------------------------------------------------------------

BOX = [[10, 10, 30, 10, 30, 30, 10, 30]]


def find_ids(folder: Path, **annotation: object) -> dict[str, list[int]]:
    """Return the ids by issue type in a file of two images: a valid instance, and one with `annotation`."""
    plain = {
        "id": 1,
        "image_id": 1,
        "category_id": 1,
        "bbox": [10, 10, 20, 20],
        "area": 400,
        "iscrowd": 0,
        "segmentation": BOX,
    }
    content = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 100, "height": 80} for i in (1, 2)],
        "annotations": [plain, {**plain, "id": 2, "image_id": 2, **annotation}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / "annotations" / "instances_x.json").write_text(json.dumps(content))
    with Coco.open(folder) as coco:
        assert not annotation_issues.is_scanned(coco)
        first, again = annotation_issues.find_issues(coco), annotation_issues.find_issues(coco)
        assert annotation_issues.is_scanned(coco) and all(
            first[k].equals(again[k].astype(first[k].dtypes)) for k in first
        )
        return {name: frame["id"].tolist() for name, frame in first.items() if len(frame)}


KEYPOINTS = [20, 20, 2, 90, 20, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ({"area": 0}, "empty"),
        ({"bbox": [10, 10, 60, 3], "segmentation": [[10, 10, 70, 10, 70, 13, 10, 13]]}, "sliver"),
        ({"iscrowd": 1, "area": 4000, "segmentation": {"size": [80, 100], "counts": [0, 8000]}}, "crowd"),
        ({"bbox": [-5, 10, 35, 20], "segmentation": [[-5, 10, 30, 10, 30, 30]]}, "outside"),
        ({"image_id": 1}, "twice"),
        ({"bbox": [10, 10, 12, 20]}, "polygon"),
        ({"keypoints": KEYPOINTS, "num_keypoints": 2}, "joint"),
    ],
)
def test_each_issue_is_found_and_no_other(tmp_path: Path, annotation: dict, kind: str) -> None:
    assert find_ids(tmp_path, **annotation) == {kind: [1] if kind == "twice" else [2]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "annotation",
    [{}, {"segmentation": None}, {"keypoints": "x"}, {"keypoints": [1, 2]}, {"segmentation": [[1, 2, 3]]}],
)
def test_valid_and_unreadable_shapes_are_not_issues(tmp_path: Path, annotation: dict) -> None:
    assert find_ids(tmp_path, **annotation) == {}


def test_an_image_with_an_impossible_size_is_not_decoded(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.png", "width": 900_000, "height": 900_000}],
                "annotations": [],
                "categories": [],
            }
        )
    )
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with Coco.open(tmp_path / "a.json") as coco:
        assert drawing.load_photo(coco.get_image(1)) is None


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((10, 10, 20, 10), (22, 22)),
        ((0, 0, 60, 40), (40, 60)),
        ((-30, -30, 20, 20), None),
        ((50, 30, 30, 30), (33, 33)),
    ],
)
def test_a_crop_is_square_if_there_is_room(tmp_path: Path, box: tuple, shape: tuple | None) -> None:
    annotation = {"image_id": 1, "category_id": 1, "bbox": box}
    (tmp_path / "a.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}],
                "annotations": [annotation],
                "categories": [],
            }
        )
    )
    Image.new("RGB", (60, 40)).save(tmp_path / "a.png")
    with Coco.open(tmp_path / "a.json") as coco:
        image_record = coco.get_image(1)
        cut = drawing.crop_instance(image_record, coco.instances(image_record)[0])
        assert (cut if cut is None else cut.shape[:2]) == shape


def test_a_missing_index_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    (folder / "annotations").mkdir(parents=True)
    content = {
        "images": [{"id": 1, "width": 9, "height": 9}],
        "annotations": [{"image_id": 1, "category_id": 1, "segmentation": BOX}],
    }
    (folder / "annotations" / "instances_x.json").write_text(json.dumps(content))
    with Coco.open(folder) as coco:
        (coco.folder / "segments.bin").unlink()
        for looked in (
            lambda: annotation_issues.find_issues(coco),
            lambda: coco.instances(coco.get_image(1)),
        ):
            with pytest.raises(UserError, match="not found. Open the folder again"):
                looked()
