"""COCO's index, filters and masks against pycocotools, and against everything that a file can have wrong."""

from __future__ import annotations

import io
import json
import operator
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as pycoco_mask
from pycocotools.coco import COCO

from core.coco import annotation_issues, drawing, filter_query, index, masks, outlines, statistics
from core.coco.dataset import Coco
from core.messages import UserError

SPLITS = ("train2017", "val2017")


@pytest.fixture(scope="session")
def official(request: pytest.FixtureRequest) -> dict[str, COCO]:
    """pycocotools' own reading of the real subset."""
    from tests.conftest import DATA

    folder = DATA / "coco"
    if not folder.is_dir():
        pytest.skip("no real COCO here")
    return {s: COCO(str(folder / "annotations" / f"instances_{s}.json")) for s in SPLITS}


@pytest.fixture
def coco(real_data: Path):  # noqa: ANN201
    with Coco.open(real_data / "coco") as opened:
        yield opened


def counting(api: COCO, image: int, name: str, crowd: bool = True) -> int:
    """Instances of a category or supercategory in an image, by a loop."""
    wanted = set(api.getCatIds(catNms=[name])) or set(api.getCatIds(supNms=[name]))
    return sum(a["category_id"] in wanted and (crowd or not a["iscrowd"]) for a in api.imgToAnns[image])


def n(name: str, compare: Callable, number: int, crowd: bool = True) -> Callable[[COCO, int], bool]:
    return lambda api, image: compare(counting(api, image, name, crowd), number)


ge, eq, gt, lt, ne, le = operator.ge, operator.eq, operator.gt, operator.lt, operator.ne, operator.le
FILTERS: dict[str, Callable[[COCO, int], bool]] = {
    "dog>=1 and person==0": lambda c, i: n("dog", ge, 1)(c, i) and n("person", eq, 0)(c, i),
    "dog": n("dog", ge, 1),
    "person": n("person", ge, 1),
    "person > 5": n("person", gt, 5),
    "person < 1": n("person", lt, 1),
    "person != 2": n("person", ne, 2),
    "person <= 3 and person >= 2": lambda c, i: 2 <= counting(c, i, "person") <= 3,
    "'traffic light'": n("traffic light", ge, 1),
    "not person": n("person", eq, 0),
    "cat or dog": lambda c, i: n("cat", ge, 1)(c, i) or n("dog", ge, 1)(c, i),
    "not (cat or dog or person)": lambda c, i: not any(n(x, ge, 1)(c, i) for x in ("cat", "dog", "person")),
    "person and not chair": lambda c, i: n("person", ge, 1)(c, i) and n("chair", eq, 0)(c, i),
    "cat or dog and person": lambda c, i: (
        n("cat", ge, 1)(c, i) or (n("dog", ge, 1)(c, i) and n("person", ge, 1)(c, i))
    ),
    "vehicle>=2": n("vehicle", ge, 2),
    "animal and vehicle": lambda c, i: n("animal", ge, 1)(c, i) and n("vehicle", ge, 1)(c, i),
    "person>=3 and crowd=no": n("person", ge, 3, crowd=False),
    "crowd=yes": lambda c, i: any(a["iscrowd"] for a in c.imgToAnns[i]),
    "small>=5": lambda c, i: sum(a["area"] < 32**2 for a in c.imgToAnns[i]) >= 5,
    "large == 1 and medium > 0": lambda c, i: (
        sum(a["area"] >= 96**2 for a in c.imgToAnns[i]) == 1
        and any(32**2 <= a["area"] < 96**2 for a in c.imgToAnns[i])
    ),
    "instances >= 15": lambda c, i: len(c.imgToAnns[i]) >= 15,
    "width >= 640 and height < 480": lambda c, i: c.imgs[i]["width"] >= 640 and c.imgs[i]["height"] < 480,
    "id == 397133": lambda c, i: i == 397133,
    "split=val2017 and person": lambda c, i: 397133 in c.imgs and n("person", ge, 1)(c, i),
    "": lambda c, i: True,
}


@pytest.mark.realdata
@pytest.mark.parametrize("text", FILTERS, ids=[t or "nothing" for t in FILTERS])
def test_a_filter_takes_the_images_that_a_loop_over_pycocotools_takes(
    coco: Coco, official: dict[str, COCO], text: str
) -> None:
    expected = [
        i for split in SPLITS for i in sorted(official[split].imgs) if FILTERS[text](official[split], i)
    ]
    assert coco.filter_images(text)["id"].tolist() == expected


@pytest.mark.realdata
def test_words_in_captions_and_joints(coco: Coco, real_data: Path) -> None:
    told = {}
    for split in SPLITS:
        for one in json.loads((real_data / "coco" / "annotations" / f"captions_{split}.json").read_text())[
            "annotations"
        ]:
            told.setdefault(one["image_id"], []).append(one["caption"].lower())
    for words in ("dog", "a man", "100%", "plane lake"):
        expected = {
            i for i, captions in told.items() if any(all(w in c for w in words.split()) for c in captions)
        }
        assert set(coco.filter_images(f"caption='{words}'")["id"]) == expected
    joints = {}
    for split in SPLITS:
        for one in json.loads(
            (real_data / "coco" / "annotations" / f"person_keypoints_{split}.json").read_text()
        )["annotations"]:
            joints[one["image_id"]] = max(joints.get(one["image_id"], 0), one["num_keypoints"])
    assert set(coco.filter_images("keypoints>=15")["id"]) == {i for i, count in joints.items() if count >= 15}
    visible = {}
    for split in SPLITS:
        for one in json.loads(
            (real_data / "coco" / "annotations" / f"person_keypoints_{split}.json").read_text()
        )["annotations"]:
            visible[one["image_id"]] = max(visible.get(one["image_id"], 0), one["keypoints"][2::3].count(2))
    assert set(coco.filter_images("visible>=12")["id"]) == {i for i, count in visible.items() if count >= 12}


BROKEN = {
    "dgo>=1": (1, "dog"),
    "dog>=": (6, "a number"),
    "dog and": (8, "a name"),
    "(dog or cat": (12, "parenthesis"),
    "dog cat": (5, "`and`"),
    "crowd=maybe": (7, "yes or no"),
    "split=nowhere": (7, "val2017"),
    "dog >= two": (8, "a number"),
    "and dog": (1, "a name"),
    "crowd": (6, "`=`"),
    "dog)": (4, "`and`"),
    "'traffic lite'": (1, "traffic light"),
}


@pytest.mark.realdata
@pytest.mark.parametrize("text", BROKEN)
def test_a_wrong_filter_is_answered_with_its_place(coco: Coco, text: str) -> None:
    place, word = BROKEN[text]
    with pytest.raises(UserError, match=f"Invalid filter at character {place} ") as caught:
        coco.filter_images(text)
    assert word in str(caught.value)


NAMES = filter_query.FilterNames({"cat": [1], "dog": [2], "black or white": [3]}, {}, {})


@pytest.mark.parametrize(
    ("text", "operator", "expected"),
    [
        ("", "and", "dog>=1"),
        ("cat", "and", "cat and dog>=1"),
        ("cat or dog", "and", "(cat or dog) and dog>=1"),
        ("cat OR\tdog", "and", "(cat OR\tdog) and dog>=1"),
        ("cat or dog", "or", "cat or dog or dog>=1"),
        ("cat and dog", "and", "cat and dog and dog>=1"),
        ("cat and dog", "or", "(cat and dog) or dog>=1"),
        ("cat and dog or cat", "and", "(cat and dog or cat) and dog>=1"),
        ("(cat or dog)", "and", "(cat or dog) and dog>=1"),
        ("(cat or dog) or cat", "and", "((cat or dog) or cat) and dog>=1"),
        ("'black or white'", "and", "'black or white' and dog>=1"),
        ("not cat", "and", "not cat and dog>=1"),
        ("cat or", "and", "(cat or) and dog>=1"),
    ],
    ids=[
        "nothing",
        "one-condition",
        "or-and",
        "capitals",
        "or-or",
        "and-and",
        "and-or",
        "mixed",
        "parentheses",
        "parentheses-inside",
        "quoted-or",
        "negation",
        "invalid",
    ],
)
def test_a_condition_is_added_to_the_whole_filter(text: str, operator: str, expected: str) -> None:
    added = filter_query.append_condition(text, operator, "dog>=1")
    assert added == expected
    if text and text != "cat or":
        before, after = (filter_query.parse_filter(t, NAMES).condition for t in (text, added))
        word = f" {operator.upper()} "
        assert after.strip("()").startswith(before.strip("()")) and word in after[len(before) - 2 :]


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "not " * 100_000 + "cat", "cat and (" * 45], ids=["open", "not", "and"]
)
def test_nesting_is_limited(text: str) -> None:
    with pytest.raises(UserError, match="nesting exceeds the maximum depth of 40"):
        filter_query.parse_filter(text, NAMES)


def test_the_closest_names_are_named_once() -> None:
    names = filter_query.FilterNames({"person": [1]}, {"person": [1]}, {})
    with pytest.raises(UserError, match=r"closest matches: person\.$"):
        filter_query.parse_filter("persn", names)


def test_the_first_error_from_the_left_is_reported() -> None:
    for text in ("dgo>=1 and (", "dgo cat", "dgo>=", "(dgo"):
        with pytest.raises(UserError, match="unknown name dgo"):
            filter_query.parse_filter(text, NAMES)


@pytest.mark.realdata
@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE images; --", "dog; SELECT 1", "x' OR '1'='1", "caption='%'", 'caption="\' OR 1=1 --"'],
)
def test_a_filter_is_never_sql(coco: Coco, text: str) -> None:
    try:
        found = coco.filter_images(text)
    except UserError:
        found = None
    assert found is None or len(found) < 159
    assert len(coco.filter_images()) == 159


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
def test_a_wrong_segmentation_is_a_sentence(sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        masks.decode_mask(WRONG[sentence], 10, 8)


# ---- the index -------------------------------------------------------------------------------------------------------


def write(folder: Path, name: str = "instances_tiny.json", **changes: object) -> Path:
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


def ids(folder: Path, text: str = "") -> list[int]:
    with Coco.open(folder) as coco:
        return coco.filter_images(text)["id"].tolist()


def test_only_the_needed_keys(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        images=[{"id": 5}],
        annotations=[{"image_id": 5, "category_id": 1}],
        categories=[{"id": 1, "name": "thing"}],
    )
    assert ids(folder, "thing") == [5] and ids(folder, "small") == []


def test_a_json_beside_its_images(tmp_path: Path) -> None:
    write(tmp_path)
    file = tmp_path / "mine.json"
    (tmp_path / "annotations" / "instances_tiny.json").rename(file)
    assert ids(file, "animal") == [1]


def test_it_is_made_again_when_the_source_changed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path)
    first = index.build_index(folder)
    monkeypatch.setattr(index, "_write_index", lambda *_: pytest.fail("made again"))
    assert index.build_index(folder) == first
    monkeypatch.undo()
    write(folder, annotations=[])
    second = index.build_index(folder)
    assert second != first and not first.exists() and ids(folder, "cat") == []


def test_an_index_that_was_killed_while_being_written_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path)
    monkeypatch.setattr(index, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        index.build_index(folder)
    monkeypatch.undo()
    assert not (index.index_folder(folder) / "done.json").exists()
    assert ids(folder) == [1, 2]


def test_two_at_once_make_one_index(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    folder = write(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(index.build_index, [folder] * 4))) == 1
    assert ids(folder) == [1, 2]


REFUSED = {
    "is not valid JSON": b'{"images": [',
    "contain NaN": b'{"images": [], "annotations": [{"id": 7, "image_id": 1, "area": NaN}]}',
    "is not in COCO format": b"[1, 2]",
    r"\$.annotations\[0\].image_id": b'{"images": [], "annotations": [{"id": 7, "image_id": "x"}]}',
    "last id before the error: 7": b'{"images": [], "annotations": [{"id": 7, "image_id": 1, "area": nan}]}',
    "missing required field": b'{"images": []}',
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_file_that_cannot_be_read_is_named_with_its_record(tmp_path: Path, sentence: str) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_x.json").write_bytes(REFUSED[sentence])
    with pytest.raises(UserError, match=sentence) as caught:
        index.build_index(tmp_path)
    assert "instances_x.json" in str(caught.value)


def test_no_annotations_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No COCO annotations found"):
        index.build_index(tmp_path)


def test_records_that_are_wrong_are_told_and_the_rest_stays(tmp_path: Path) -> None:
    good = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12}
    folder = write(
        tmp_path,
        annotations=[
            {**good, "id": 1},
            {**good, "id": 1},
            {**good, "id": 3, "category_id": 99},
            {**good, "id": 4, "bbox": [1, 2, -3, 4]},
            {**good, "id": 5, "image_id": 77},
        ],
        categories=[{"id": 1, "name": "<script>alert(1)</script>"}],
    )
    with Coco.open(folder) as coco:
        said = " ".join(str(p) for p in coco.problems)
        assert len(coco.problems) == 4 and "instances_tiny.json" in said
        assert all(
            word in said
            for word in (
                "category that is not in the file",
                "negative",
                "duplicate id",
                "image that is not in the file",
            )
        )
        assert coco.filter_images("'<script>alert(1)</script>' >= 3")["id"].tolist() == [1]


# ---- one image, and a subset -----------------------------------------------------------------------------------------


@pytest.mark.realdata
def test_an_image_holds_what_pycocotools_says(coco: Coco, official: dict[str, COCO], real_data: Path) -> None:
    joints = {}
    for split in SPLITS:
        path = real_data / "coco" / "annotations" / f"person_keypoints_{split}.json"
        joints |= {one["id"]: one["keypoints"] for one in json.loads(path.read_text())["annotations"]}
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
            assert (one.keypoints is None) == (one.id not in joints)
            if one.keypoints is not None:
                assert one.keypoints.ravel().tolist() == joints[one.id]
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


def test_names_that_lead_out_of_the_folder_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    evil = ["../secret.jpg", "/etc/passwd", "..\\secret.jpg", "a/../../secret.jpg", "<img src=x>", ""]
    folder = write(
        tmp_path / "set",
        images=[{"id": i, "file_name": name, "width": 9, "height": 9} for i, name in enumerate(evil)],
    )
    with Coco.open(folder) as coco:
        assert [p.path for p in coco.image_records(coco.filter_images())] == [None] * len(evil)


def test_an_instance_without_anything(tmp_path: Path) -> None:
    folder = write(
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


# ---- images --------------------------------------------------------------------------------------------------------


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
def test_thumbnails_are_made_once(coco: Coco, monkeypatch: pytest.MonkeyPatch) -> None:
    image_record = coco.image_records(coco.filter_images("crowd=yes"))[0]
    first = drawing.render_thumbnails(coco, [image_record])[0]
    shown = np.asarray(Image.open(io.BytesIO(first)))
    assert max(shown.shape[:2]) == drawing.THUMBNAIL_SIDE and shown.std() > 10
    monkeypatch.setattr(drawing, "_render_thumbnail", lambda *_: pytest.fail("made again"))
    assert drawing.render_thumbnails(coco, [image_record])[0] == first


def test_a_image_that_is_missing_or_none_is_a_placeholder(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "tiny").mkdir()
    (folder / "tiny" / "a.jpg").write_bytes(b"no image at all")
    with Coco.open(folder) as coco:
        for image_record in coco.image_records(coco.filter_images()):
            assert drawing.load_photo(image_record) is None
            assert Image.open(io.BytesIO(drawing.render_thumbnails(coco, [image_record])[0])).size == (
                256,
                192,
            )
            for one in coco.instances(image_record):
                assert (
                    drawing.render_closeup(image_record, one).shape == (256, 256, 3)
                    and drawing.crop_instance(image_record, one) is None
                )


@pytest.mark.parametrize(
    "segmentation",
    [[[1, 2, 3]], [[1, 2, 3, 4]], "x", {"size": [1, 1], "counts": [1]}, [["a"] * 6], [[1e30] * 6]],
)
def test_a_wrong_segmentation_spoils_no_image(tmp_path: Path, segmentation: object) -> None:
    folder = write(
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
    folder = write(tmp_path)
    with Coco.open(folder) as coco:
        image_record = coco.get_image(1)
        assert drawing.box_iou(coco.instances(image_record)[0], image_record) == pytest.approx(1.0, abs=0.1)
