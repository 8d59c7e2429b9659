"""Where to start on the browse page: questions to try, the title and the source of an image, links that lead nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.coco import scenes
from core.migration import GLOSSARY_TERMS
from tests.coco_data import write_annotations


def test_each_question_sets_filter_and_order_and_says_what_to_look_for(visit: Callable) -> None:
    page = visit("browse")
    [questions] = [g for g in page.at.get("button_group") if g.key == "coco-preset"]
    assert len(questions.proto.options) == 3
    page.set("coco-preset", "crowded")
    assert page.at.session_state["order"] == "instances" and page.at.session_state["where"] == ""
    assert page.says(
        "The images with the most objects come first. Open one: objects hide each other, and groups too dense to outline are one "
        "striped *crowd* region."
    )
    page.set("coco-preset", "pair")
    assert page.at.session_state["order"] == "id" and " and " in page.at.session_state["where"]
    assert page.says(
        (
            "{count} image contains both. Add a condition in the search field, e.g. `{example}`.",
            "{count} images contain both. Add a condition in the search field, e.g. `{example}`.",
        )
    )
    page.set("where", "crowd=yes")  # another filter answers none of them
    assert page.at.session_state["coco-preset"] is None
    page.set("coco-preset", "small")
    page.set("coco-preset", None)
    assert page.at.session_state["where"] == "" and page.at.session_state["order"] == "id"
    assert f"**{scenes.NUM_IMAGES}** images" in page.text and not page.errors


def test_a_link_to_a_question_lights_it_up(visit: Callable) -> None:
    page = visit("browse", "ja", order="instances")
    assert page.at.session_state["coco-preset"] == "crowded" and not page.errors


def test_annotations_without_a_pair_or_small_objects_leave_these_questions_out(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 40, 30], "area": 1200}
    write_annotations(tmp_path / "mine", annotations=[one])
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    page = visit("browse")
    [questions] = [g for g in page.at.get("button_group") if g.key == "coco-preset"]
    assert [option.content for option in questions.proto.options] == ["Crowded images"] and not page.errors


def test_an_image_has_a_title_its_source_and_its_license(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    image = {
        "id": 1,
        "file_name": "a.jpg",
        "width": 40,
        "height": 30,
        "license": 4,
        "flickr_url": "http://farm7.staticflickr.com/6116/6255196340_da26cf2c9e_z.jpg",
    }
    bad = {
        "id": 2,
        "file_name": "b.jpg",
        "width": 40,
        "height": 30,
        "license": [1],
        "flickr_url": "javascript:alert(1)",
    }
    licenses = [
        {"id": 4, "name": "Attribution", "url": "http://creativecommons.org/licenses/by/2.0/"},
        "x",
        {"id": 5},
    ]
    folder = write_annotations(tmp_path / "mine", images=[image, bad], licenses=licenses)
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    page = visit("browse", image="1")
    assert [h.value for h in page.at.header] == ["cat ×1"]
    assert "(https://www.flickr.com/photo.gne?id=6255196340)" in page.text
    assert "[CC BY 2.0](http://creativecommons.org/licenses/by/2.0/)" in page.text
    page = visit("browse", image="2")
    assert [h.value for h in page.at.header] == ["Image without annotations"]
    assert "flickr" not in page.text and "javascript" not in page.text and not page.errors
    captions = {"images": [image], "annotations": [{"id": 1, "image_id": 1, "caption": "A *cat* on a mat."}]}
    (folder / "annotations" / "captions_tiny.json").write_text(json.dumps(captions))
    page = visit("browse", image="1")
    assert [h.value.replace("\\", "") for h in page.at.header] == ["A *cat* on a mat."]


def test_links_that_lead_nowhere_say_so(visit: Callable) -> None:
    page = visit("browse", folder="elsewhere")
    assert page.says("Annotations “{name}” from the link were not found. These are others.", name="elsewhere")
    page = visit("browse", image="12", instance="987")
    assert page.says(
        "Annotation {id} is not in this image. Select one in the image or in the table.", id="987"
    )
    page = visit("browse", image="987")
    assert len(page.errors) == 1 and page.says("Back to grid")
    page = visit("glossary", term="nonsense")
    assert page.says(
        "Entry “{name}” from the link was not found. Search for it, or look in the index.", name="nonsense"
    )
    assert not visit("glossary", term=next(iter(GLOSSARY_TERMS))).warnings


def test_previous_and_next_image_stand_beside_the_place(visit: Callable) -> None:
    page = visit("browse", where="crowd=yes", image="12")
    previous, following = (
        next(b for b in page.at.button if b.key == f"coco-step-{step}") for step in (-1, 1)
    )
    assert previous.disabled and not following.disabled
    following.click()
    page.run()
    assert page.at.query_params["image"] in ("24", ["24"])
    assert "crowd=yes" in page.text
