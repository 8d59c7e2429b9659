"""Stories on the browse page, with synthetic scenes and uploaded annotations."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

from core import paths
from core.coco import ordering, scenes, sources, val2017
from core.coco.dataset import Coco
from core.messages import UserError
from ui.browse import grid, image_view
from ui.components.annotated_grid import PhotoTile


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_coco_there_are_drawn_scenes_and_it_says_so(visit: Callable, language: str) -> None:
    page = visit("browse", language)
    assert page.says("COCO is not installed.")
    assert page.says("Download {size}", size="1.1 GB") and val2017.URL in page.text
    assert str(paths.download_root() / "coco") in page.text
    assert str(scenes.NUM_IMAGES) in page.text and not page.errors
    assert f"**{scenes.NUM_IMAGES}**" in page.text


def test_annotations_are_chosen_only_if_there_are_several(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(scenes.make_dataset(tmp_path / "made"), tmp_path / "data" / "mine")
    monkeypatch.setenv("MANABI_DATA", str(tmp_path / "data"))
    page = visit("browse")
    assert "folder" not in [s.key for s in page.at.selectbox] and not page.errors
    page.press("Show synthetic scenes")
    assert page.at.session_state["folder"] == sources.SYNTHETIC_TITLE and not page.errors
    assert not page.says("COCO is not installed.")
    page.at.query_params["image"] = "6"  # the image view keeps the choice without showing it
    page.run()
    assert "folder" not in [s.key for s in page.at.selectbox] and page.says(
        "{place} of {count}", place="6", count="48"
    )
    page.press("Back to grid")
    assert page.at.session_state["folder"] == sources.SYNTHETIC_TITLE
    page.set("folder", "mine")
    assert "folder" in [s.key for s in page.at.selectbox]


def test_a_filter_and_a_wrong_one(visit: Callable) -> None:
    page = visit("browse", where="crowd=yes")
    assert f"**{scenes.NUM_IMAGES // 12}** of {scenes.NUM_IMAGES} images" in page.text
    page.set("where", "presn>=2")
    assert len(page.errors) == 1 and "unknown name presn; closest matches: person" in page.errors[0]
    page.set("where", "person>=2")
    assert not page.errors


def test_an_image_by_its_link(visit: Callable) -> None:
    page = visit("browse", image="12", split=scenes.NAME)
    assert page.says("Back to grid") and page.says(
        "**{count} instances.** Select a row or click the image to see details."
    )
    assert "a crowd far away" in page.text and not page.errors
    page.press("Back to grid")
    assert {"Export COCO JSON", "Export image list"} <= {b.label for b in page.at.button}
    for wrong in ("99999", "x", "-1", "9" * 40):
        assert "not found" in visit("browse", image=wrong).errors[0]


def test_the_planted_errors_are_a_task(visit: Callable) -> None:
    page = visit("browse")
    task = "Found: **{found} of {count}**"
    assert page.says(task, found="0", count="3")
    twice, box, speck = (ids[0] for ids in scenes.ANNOTATION_ERRORS.values())

    def select(image: str, instance: int) -> None:
        page.at.query_params["image"], page.at.query_params["instance"] = image, str(instance)
        page.run()

    select("6", twice + 1)
    assert page.says("This annotation is correct. Keep looking.")
    select("6", twice)
    assert page.says("**Found: a duplicate.** This ball is annotated twice.")
    select("15", box)
    page.press("Back to grid")
    assert page.says(task, found="2", count="3")
    select("21", speck)
    assert page.says("You have found all three.") and not page.errors
    page.press("Back to grid")
    page.press("Show the errors")
    assert page.at.session_state["view"] == "oddities" and not page.errors


def test_layers_can_be_switched(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict] = []
    monkeypatch.setattr(image_view, "annotated_image", lambda scene, *_: drawn.append(scene))
    page = visit("browse", image="12")

    def visible(layers: list[str]) -> set[str]:
        page.at.session_state["show"] = layers
        page.run()
        assert not page.errors
        scene, keys = (
            drawn[-1],
            {"masks": "path", "labels": "label", "keypoints": "keypoints", "crowds": "crowd"},
        )
        found = {layer for layer, key in keys.items() if any(i[key] for i in scene["instances"])}
        return found | ({"boxes"} if scene["boxes"] else set())

    assert visible([]) == set()
    assert visible(["labels"]) == {"labels"}
    everything = {"masks", "boxes", "labels", "keypoints", "crowds"}
    assert visible(sorted(everything)) == everything


def test_the_arrows_over_the_image_lead_to_its_neighbors(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple] = []
    monkeypatch.setattr(image_view, "annotated_image", lambda *a: drawn.append(a))
    page = visit("browse", "ja", where="crowd=yes", image="12")
    scene, _key, _select, _step = drawn[-1]
    assert scene["steps"] == ["", page.word("Next image")]  # the first of the filter
    counts = {
        entry["text"].rsplit(" ×", 1)[0]: int(entry["text"].rsplit(" ×", 1)[1]) for entry in scene["legend"]
    }
    assert "人" in counts and sum(counts.values()) == len(scene["instances"])
    assert {instance["label"] for instance in scene["instances"]} <= set(counts)


def test_statistics(visit: Callable) -> None:
    page = visit("browse", view="statistics")
    assert (
        page.says("**Co-occurrence**: images that contain both categories. Click a cell to select them.")
        and not page.errors
    )
    page.set("coco-of", "person")
    assert not page.errors


def test_invalid_annotations_are_reported(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "evil" / "annotations"
    folder.mkdir(parents=True)
    content = {
        "images": [
            {"id": 1, "file_name": "../../x.jpg", "width": 20, "height": 10},
            {"id": 2, "file_name": "<b>.jpg"},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[1, 2, 3]], "bbox": [1, 1, -5, 5]},
            {"id": 2, "image_id": 2, "category_id": 7},
        ],
        "categories": [{"id": 1, "name": "<script>alert(1)</script>"}],
    }
    (folder / "instances_mine.json").write_text(json.dumps(content))
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    page = visit("browse")
    assert page.says("{count} types of invalid records found; valid records are shown") and not page.errors
    page = visit("browse", image="1")
    assert page.says("Image file not found; showing annotations only.") and not page.errors
    assert any("an odd number" in w for w in page.warnings)
    page = visit("browse", image="2")
    assert (
        page.says("The image size is missing from the annotation file, so annotations cannot be drawn.")
        and not page.errors
    )


def test_a_file_that_is_cut_off_is_one_sentence(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "cut" / "annotations"
    folder.mkdir(parents=True)
    (folder / "instances_x.json").write_text('{"images": [')
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    page = visit("browse")
    assert len(page.errors) == 1 and "instances_x.json" in page.errors[0] and "truncated" in page.errors[0]


def test_a_folder_that_vanishes_while_it_is_browsed(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(scenes.make_dataset(tmp_path / "made"), tmp_path / "data" / "mine")
    monkeypatch.setenv("MANABI_DATA", str(tmp_path / "data"))
    page = visit("browse", image="3")
    assert page.says("Back to grid") and not page.errors
    shutil.rmtree(tmp_path / "data" / "mine")
    page.run()
    assert (
        len(page.errors) == 1 and "No COCO annotations found" in page.errors[0] and "mine" in page.errors[0]
    )


def test_from_image_to_image_within_the_filter(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple] = []
    monkeypatch.setattr(image_view, "annotated_image", lambda *a: drawn.append(a))
    count = scenes.NUM_IMAGES // 12
    page = visit("browse", where="crowd=yes", image="12")
    assert page.says("{place} of {count}", place="1", count=str(count))
    scene, _key, _select, _step = drawn[-1]
    assert scene["steps"] == ["", "Next image"]
    page.go("browse", where="crowd=yes", image="24")
    assert page.says("{place} of {count}", place="2", count=str(count)) and all(drawn[-1][0]["steps"])
    page.press("Back to grid")
    assert page.at.session_state["where"] == "crowd=yes"


def test_the_order_of_the_grid_is_that_of_the_image_view(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple] = []
    monkeypatch.setattr(image_view, "annotated_image", lambda *a: drawn.append(a))
    shown: list[PhotoTile] = []
    monkeypatch.setattr(grid, "annotated_grid", lambda tiles, *_a, **_k: shown.extend(tiles))
    page = visit("browse")
    in_order = [tile.title for tile in shown]
    shown.clear()
    page.set("order", "instances")
    numbers = [sum(int(part.rsplit("×", 1)[1]) for part in t.title.split(", ")[1:]) for t in shown]
    assert numbers == sorted(numbers, reverse=True) and [t.title for t in shown] != in_order
    assert page.at.query_params["order"] in ("instances", ["instances"])
    first = shown[0].title.split(", ")[0].removeprefix("Image ")
    page.at.query_params["image"] = first
    page.run()
    assert page.says("{place} of {count}", place="1", count=str(scenes.NUM_IMAGES))
    assert set(ordering.ORDERS) >= {"id", "random"} and not page.errors


def test_a_part_of_coco_says_how_large_the_whole_is(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = scenes.make_dataset(tmp_path / "made")
    target = tmp_path / "data" / "coco"
    shutil.copytree(made, target)
    for file in (target / "annotations").iterdir():
        file.rename(file.with_name(file.name.replace(scenes.NAME, "val2017")))
    (target / scenes.NAME).rename(target / "val2017")
    monkeypatch.setenv("MANABI_DATA", str(tmp_path / "data"))
    page = visit("browse")
    assert "A sample of COCO 2017 (val2017: 48 of 5,000)" in page.text and not page.errors
    assert page.says("Download {size}", size="1.1 GB") and str(target) in page.text


def test_the_builder_writes_the_filter(visit: Callable) -> None:
    page = visit("browse")
    page.set("coco-build-name", "ball")
    page.press("Apply")
    assert page.at.session_state["where"] == "ball>=1"
    page.set("coco-build-name", "tree")
    page.press("Add with OR")
    assert page.at.session_state["where"] == "ball>=1 or tree>=1"
    page.press("Add with AND")
    assert page.at.session_state["where"] == "(ball>=1 or tree>=1) and tree>=1" and not page.errors


def test_the_builder_keeps_the_meaning_of_a_filter_in_capitals(visit: Callable) -> None:
    page = visit("browse", where="ball>=1 OR tree>=1")
    page.set("coco-build-name", "box")
    page.press("Add with AND")
    assert page.at.session_state["where"] == "(ball>=1 OR tree>=1) and box>=1" and not page.errors


def test_the_page_of_the_grid_lasts_while_an_image_is_open(visit: Callable) -> None:
    page = visit("browse")
    pagers = ("coco-page-top", "coco-page-bottom")
    assert len(page.at.get("pagination")) == len(pagers)
    page.at.session_state["coco-page-bottom"] = 2
    page.run()
    assert page.at.query_params["page"] in ("2", ["2"])
    assert [page.at.session_state[key] for key in pagers] == [2, 2]
    page.at.query_params["image"] = "30"  # what a click on a tile sets
    page.run()
    page.press("Back to grid")
    assert [page.at.session_state[key] for key in pagers] == [2, 2]
    page.set("where", "ball>=0")
    assert [page.at.session_state[key] for key in pagers] == [1, 1] and "page" not in page.at.query_params


def test_chips_and_the_typed_filter_stay_in_step(visit: Callable) -> None:
    page = visit("browse")
    [chips] = [g for g in page.at.get("button_group") if g.key == "coco-chips"]
    counts = dict(option.content.rsplit(" ", 1) for option in chips.proto.options)
    assert set(counts) == {"person", "ball", "box", "tree"}
    page.set("coco-chips", ["ball"])
    assert page.at.session_state["where"] == "ball>=1"
    assert f"**{counts['ball']}** of {scenes.NUM_IMAGES} images" in page.text
    page.set("coco-chips", ["ball", "tree"])
    assert page.at.session_state["where"] == "ball>=1 and tree>=1"
    page.set("where", "tree and 人>=1")
    assert page.at.session_state["coco-chips"] == ["tree", "person"]
    page.set("where", "tree or box")
    assert page.at.session_state["coco-chips"] == []
    page.set("coco-chips", ["ball"])  # a filter that chips cannot express is kept
    assert page.at.session_state["where"] == "(tree or box) and ball>=1"
    page.press("Clear filter")
    assert page.at.session_state["where"] == "" and not page.errors


def test_categories_are_japanese_on_japanese_pages(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[list[PhotoTile], list]] = []
    monkeypatch.setattr(
        grid, "annotated_grid", lambda tiles, *_a, legend, **_k: shown.append((list(tiles), legend))
    )
    page = visit("browse", "ja", where="木>=2")
    assert not page.errors
    tiles, legend = shown[-1]
    assert all("木 ×" in tile.title and len(tile.caption) <= 2 for tile in tiles)
    page.set("where", "木")
    tiles, legend = shown[-1]
    assert legend[0][2] == "木"  # what is looked for comes first
    assert all(tile.caption[0][1].startswith("木 ×") for tile in tiles)
    page.set("where", "木>=2")
    page.set("coco-chips", ["ball"])
    assert page.at.session_state["where"] == "木>=2 and ボール>=1"
    page.set("where", "傘>=1")
    assert len(page.errors) == 1 and "使える名前の例: ボール" in page.errors[0]


def test_every_category_of_the_grid_is_in_its_legend_in_a_color_of_its_own(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[list[PhotoTile], list]] = []
    monkeypatch.setattr(
        grid, "annotated_grid", lambda tiles, *_a, legend, **_k: shown.append((list(tiles), legend))
    )
    visit("browse", where="crowd=yes")
    tiles, legend = shown[-1]
    drawn = {outline.category for tile in tiles for outline in tile.outlines}
    assert drawn and drawn == {entry.category for entry in legend}
    assert len({entry.color for entry in legend}) == len(legend)
    assert sum(int(entry.count.removeprefix("×")) for entry in legend) == sum(len(t.outlines) for t in tiles)
    for tile in tiles:
        assert tile.more + len(tile.caption) == len({outline.category for outline in tile.outlines})
        assert all(outline.path.startswith("M") and outline.path.endswith("Z") for outline in tile.outlines)
        assert any(outline.crowd for outline in tile.outlines)


def test_a_file_without_images_says_so(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "empty" / "annotations"
    folder.mkdir(parents=True)
    (folder / "instances_x.json").write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    page = visit("browse")
    assert page.says("The annotation file contains no images.") and not page.errors
    assert not page.says("No images match this filter. Try removing a condition.")
    page.set("where", "id>3")
    assert page.says("The annotation file contains no images.")


def test_a_failed_export_is_reported_once(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit("browse")

    def fail(*_args: object) -> None:
        raise UserError("No space left.")

    with monkeypatch.context() as patch:
        patch.setattr(Coco, "export_subset", fail)
        page.press("Export COCO JSON")
        assert page.errors == ["No space left."]
        page.run()
        assert not page.errors


@pytest.mark.parametrize("view", ["images", "oddities"])
def test_one_query_reads_the_annotations_of_all_tiles(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    visit("browse", view=view)  # builds the index
    shutil.rmtree(paths.cache() / "coco-thumbnails", ignore_errors=True)
    st.cache_data.clear()
    queries = []
    ask = Coco.query_table
    monkeypatch.setattr(Coco, "query_table", lambda *a: queries.append(a[1]) or ask(*a))
    page = visit("browse", view=view)
    assert not page.errors and sum("segmentation_at" in sql or "a.*" in sql for sql in queries) == 1


def test_oddities(visit: Callable) -> None:
    page = visit("browse", view="oddities", odd="twice")
    assert not page.errors and page.says(
        "Two instances of one category in the same image, with all box sides within two pixels. A detector that finds the object "
        "once is still charged with one miss."
    )
    assert any(
        "Duplicate annotations · 1" in str(o) for group in page.at.get("button_group") for o in group.options
    )
    page = visit("browse", view="oddities", odd="joint")
    assert page.says("No issues of this type found.") and not page.errors
