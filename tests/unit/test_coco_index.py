"""The index of COCO annotations: when it is built, and what it says about invalid files."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.coco import index
from core.coco.dataset import Coco
from core.messages import UserError
from tests.coco_data import write_annotations


def ids(folder: Path, text: str = "") -> list[int]:
    with Coco.open(folder) as coco:
        return coco.filter_images(text)["id"].tolist()


def test_only_the_needed_keys(tmp_path: Path) -> None:
    folder = write_annotations(
        tmp_path,
        images=[{"id": 5}],
        annotations=[{"image_id": 5, "category_id": 1}],
        categories=[{"id": 1, "name": "thing"}],
    )
    assert ids(folder, "thing") == [5] and ids(folder, "small") == []


def test_a_json_beside_its_images(tmp_path: Path) -> None:
    write_annotations(tmp_path)
    file = tmp_path / "mine.json"
    (tmp_path / "annotations" / "instances_tiny.json").rename(file)
    assert ids(file, "animal") == [1]


def test_the_index_is_rebuilt_only_when_the_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_annotations(tmp_path)
    first = index.build_index(folder)
    monkeypatch.setattr(index, "_write_index", lambda *_: pytest.fail("rebuilt"))
    assert index.build_index(folder) == first
    monkeypatch.undo()
    write_annotations(folder, annotations=[])
    second = index.build_index(folder)
    assert second != first and not first.exists() and ids(folder, "cat") == []


def test_an_index_that_was_killed_while_being_written_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_annotations(tmp_path)
    monkeypatch.setattr(index, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        index.build_index(folder)
    monkeypatch.undo()
    assert not (index.index_folder(folder) / "done.json").exists()
    assert ids(folder) == [1, 2]


def test_concurrent_calls_build_one_index(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    folder = write_annotations(tmp_path)
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


def test_invalid_records_are_reported_and_the_others_kept(tmp_path: Path) -> None:
    good = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12}
    folder = write_annotations(
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
