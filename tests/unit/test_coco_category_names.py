"""Japanese names of COCO's categories: complete, and each shown name stands for one category."""

from __future__ import annotations

import re

import pytest

from core.coco import category_names, scenes
from core.coco.filter_names import FilterNames
from tests.coco_data import read_official


def shown_names_are_japanese_and_unique(names: list[str], supercategories: list[str]) -> bool:
    known = FilterNames({n: [i] for i, n in enumerate(names)}, {n: [0] for n in supercategories}, {})
    shown = {n: category_names.display_name(n, "ja") for n in (*names, *supercategories)}
    assert all(re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", name) for name in shown.values()), shown
    assert all(category_names.display_name(n, "en") == n for n in shown)
    assert all(known.find_categories(shown[n]) == [n] for n in names)
    return all(known.find_supercategories(shown[n]) == [n] for n in supercategories)


@pytest.mark.realdata
def test_all_names_of_coco() -> None:
    categories = read_official()["val2017"].dataset["categories"]
    assert len(categories) == 80
    assert shown_names_are_japanese_and_unique(
        [c["name"] for c in categories], sorted({c["supercategory"] for c in categories})
    )


def test_all_names_of_the_synthetic_scenes() -> None:
    assert shown_names_are_japanese_and_unique(
        [c["name"] for c in scenes.CATEGORIES], sorted({c["supercategory"] for c in scenes.CATEGORIES})
    )


def test_other_names_stay_as_they_are() -> None:
    assert category_names.display_name("wolverine", "ja") == "wolverine"
