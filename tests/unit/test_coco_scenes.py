"""The drawn scenes are exact COCO: pycocotools reads them, masks cover what is drawn, all three visibilities are there."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from core.coco import annotation_issues, drawing, scenes
from core.coco.dataset import Coco


@functools.cache
def made() -> Path:
    return scenes.make_dataset(Path(tempfile.mkdtemp()))


@pytest.fixture
def coco():  # noqa: ANN201
    with Coco.open(made()) as opened:
        yield opened


@pytest.mark.slow
def test_pycocotools_reads_the_scenes_alike(coco: Coco) -> None:
    api = COCO(str(made() / "annotations" / f"instances_{scenes.NAME}.json"))
    people = COCO(str(made() / "annotations" / f"person_keypoints_{scenes.NAME}.json"))
    assert len(api.imgs) == scenes.NUM_IMAGES and not coco.problems
    for image_record in coco.image_records(coco.filter_images()):
        assert image_record.path is not None and drawing.load_photo(image_record).size == (
            scenes.WIDTH,
            scenes.HEIGHT,
        )
        for one in coco.instances(image_record):
            theirs = api.anns[one.id]
            assert (one.mask(image_record) == api.annToMask(theirs).astype(bool)).all()
            x, y, w, h = one.box
            assert x >= 0 and y >= 0 and x + w <= scenes.WIDTH and y + h <= scenes.HEIGHT and w > 0 and h > 0
            if one.keypoints is not None:
                assert people.anns[one.id]["num_keypoints"] == (one.keypoints[:, 2] > 0).sum()


def test_the_scenes_contain_what_the_page_explains(coco: Coco) -> None:
    assert len(coco.filter_images("crowd=yes")) == scenes.NUM_IMAGES // 12
    seen = np.concatenate(
        [
            one.keypoints[:, 2]
            for p in coco.image_records(coco.filter_images("person"))
            for one in coco.instances(p)
            if one.keypoints is not None
        ]
    )
    assert set(seen) == {0, 1, 2} and (seen == 2).mean() > 0.7
    assert coco.categories["name"].tolist() == ["person", "ball", "box", "tree"]
    assert len(coco.filter_images("caption='crowd far'")) == scenes.NUM_IMAGES // 12


def test_the_three_deliberate_errors_are_found(coco: Coco) -> None:
    assert {name: len(rows) for name, rows in annotation_issues.find_issues(coco).items() if len(rows)} == {
        "empty": 1,
        "twice": 1,
        "polygon": 1,
    }


def test_the_ids_of_the_deliberate_errors_are_those_that_the_page_asks_for(coco: Coco) -> None:
    found = {name: set(rows["id"]) for name, rows in annotation_issues.find_issues(coco).items() if len(rows)}
    twice, box, speck = (set(ids) for ids in scenes.ANNOTATION_ERRORS.values())
    assert found["twice"] <= twice and (found["polygon"], found["empty"]) == (box, speck)
    by_id = {
        one.id: (image.id, one)
        for image in coco.image_records(coco.filter_images())
        for one in coco.instances(image)
    }
    (first, one), (second, other) = (by_id[number] for number in sorted(twice))
    assert first == second and list(one.box) == list(other.box)
    assert len({by_id[ids[0]][0] for ids in scenes.ANNOTATION_ERRORS.values()}) == 3


@pytest.mark.slow
def test_the_scenes_are_generated_once_and_reproducible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = scenes.make_dataset(tmp_path)
    for path in sorted(made().rglob("*.json")):
        assert (again / path.relative_to(made())).read_bytes() == path.read_bytes()
    monkeypatch.setattr(scenes, "_make_scene", lambda *_args, **_more: pytest.fail("made again"))
    assert scenes.make_dataset(tmp_path) == again
