"""The filter language of the COCO browser against loops over pycocotools."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from pathlib import Path

import pytest
from pycocotools.coco import COCO

from core.coco import filter_query
from core.coco.dataset import Coco
from core.messages import UserError
from tests.coco_data import SPLITS, read_official


@pytest.fixture
def official(real_data: Path) -> dict[str, COCO]:
    """pycocotools' own reading of the real subset."""
    return read_official()


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
def test_words_in_captions_and_keypoints(coco: Coco, real_data: Path) -> None:
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
    keypoints = {}
    for split in SPLITS:
        for one in json.loads(
            (real_data / "coco" / "annotations" / f"person_keypoints_{split}.json").read_text()
        )["annotations"]:
            keypoints[one["image_id"]] = max(keypoints.get(one["image_id"], 0), one["num_keypoints"])
    assert set(coco.filter_images("keypoints>=15")["id"]) == {
        i for i, count in keypoints.items() if count >= 15
    }
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
def test_an_invalid_filter_reports_its_position(coco: Coco, text: str) -> None:
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


JAPANESE_NAMES = filter_query.FilterNames(
    {"dog": [18], "traffic light": [10], "handbag": [31], "suitcase": [33], "person": [1]},
    {"animal": [18], "person": [1]},
    {},
)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("犬>=1 and 人==0", "dog>=1 and person==0"),
        ("犬＞＝１　and　（人物＝＝０）", "dog>=1 and (person==0)"),
        ("イヌ≧2", "dog>=2"),
        ("「信号機」 or 動物", "'traffic light' or animal"),
        ("supercategory:動物>1", "supercategory:animal>1"),
        ("Dog", "dog"),
    ],
    ids=["names", "full-width", "katakana", "brackets", "prefix", "capitals"],
)
def test_japanese_names_and_keyboards_mean_the_same(text: str, english: str) -> None:
    expected = filter_query.parse_filter(english, JAPANESE_NAMES)
    assert filter_query.parse_filter(text, JAPANESE_NAMES) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("かばん>=1", "かばん can mean ハンドバッグ, スーツケース; use one of these names"),
        ("信号灯>=1", "unknown name 信号灯; closest matches: 信号機"),
        ("狼", "unknown name 狼; known names include 犬, 信号機"),
        ("wolverine>=1", "unknown name wolverine; closest matches:"),
    ],
    ids=["ambiguous", "typo", "unlike", "english"],
)
def test_an_unclear_name_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=f"character 1 .*{sentence}"):
        filter_query.parse_filter(text, JAPANESE_NAMES)


def test_a_category_of_the_file_comes_before_a_japanese_name() -> None:
    names = filter_query.FilterNames({"dog": [1], "犬": [2]}, {}, {})
    assert "IN (2)" in filter_query.parse_filter("犬", names).counts[0][1]
    assert filter_query.required_categories("犬>=1", names) == ["犬"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("dog", ["dog"]),
        ("犬>=1 and person > 0 and dog", ["dog", "person"]),
        ("dog>=2", None),
        ("dog or person", None),
        ("dog and crowd=no", None),
        ("not dog", None),
        ("animal>=1", None),
        ("small>=1", None),
        ("かばん", None),
        ("dog and (", None),
    ],
    ids=[
        "nothing",
        "name",
        "several",
        "count",
        "or",
        "attribute",
        "negation",
        "supercategory",
        "area",
        "ambiguous",
        "invalid",
    ],
)
def test_the_categories_that_a_filter_requires(text: str, expected: list[str] | None) -> None:
    assert filter_query.required_categories(text, JAPANESE_NAMES) == expected
