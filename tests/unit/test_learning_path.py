"""The learning path: its table, its routes, and the text that keeps the ticks."""

from __future__ import annotations

import re

import pytest

from core import glossary, paths, tasks
from core.i18n import get_translator
from core.learning_path.concept import Concept
from core.learning_path.routes import MAX_STARS, all_concepts, list_routes
from core.learning_path.ticks import decode_ticks, encode_ticks
from core.messages import UserError
from ui.kit import palette
from ui.kit.frame import PAGES
from ui.learning_path import images

ALL = tuple(all_concepts().values())
CONCEPTS = pytest.mark.parametrize("concept", ALL, ids=lambda c: c.id)
JAPANESE = get_translator("ja")


def test_ids_and_numbers_are_unique() -> None:
    road_map = list_routes()["map"].concepts
    assert len({c.id for c in road_map}) == len({c.number for c in road_map}) == len(road_map) == len(ALL)
    assert all(re.fullmatch(r"[a-z0-9-]+", c.id) and c.number > 0 for c in ALL)
    assert len({c.title for c in ALL}) == len({JAPANESE(c.title) for c in ALL}) == len(ALL)


@CONCEPTS
def test_a_concept_has_three_sentences_in_both_languages(concept: Concept) -> None:
    english = re.split(r"(?<=[.?])\s+(?=[A-Z0-9“])", concept.text)
    japanese = JAPANESE(concept.text)
    assert len(english) == 3 and concept.text.endswith(".")
    sentences = [re.sub(r" \(.*\)$", "", s) for s in japanese.split("。") if s]
    assert len(sentences) == 3 and japanese.endswith("。")
    assert all(s.endswith(("です", "ます", "ません", "ました", "ましょう")) for s in sentences), sentences


@CONCEPTS
def test_a_concept_has_an_image_and_says_what_it_shows(concept: Concept) -> None:
    path = images.image_path(concept)
    assert path.stat().st_size < (60_000 if path.suffix == ".webp" else 30_000)
    assert images.image_alt(concept)
    assert bool(concept.alt) != concept.image.startswith("glossary/")


def test_every_illustration_is_used_and_readable_on_both_themes() -> None:
    files = {p.stem for p in images.ART.glob("*.svg")}
    assert files == {c.image.removeprefix("own/") for c in ALL if c.image.startswith("own/")}
    for name in files:
        svg = (images.ART / f"{name}.svg").read_text(encoding="utf-8")
        colors = set(re.findall(r"#[0-9A-F]{6}", svg)) - {palette.WHITE}  # a digit on a gray disk
        for background in (palette.WHITE, "#0E1117"):
            assert all(palette.contrast_ratio(color, background) >= 3 for color in colors)


def test_every_concept_comes_after_those_it_builds_on() -> None:
    seen: set[str] = set()
    for concept in ALL:
        assert set(concept.after) <= seen, concept.id
        seen.add(concept.id)


@CONCEPTS
def test_pages_tasks_and_terms_exist(concept: Concept) -> None:
    for term in concept.terms:
        glossary.get_term(term)
    if not concept.is_here:
        assert not concept.parameters
        return
    assert (paths.PROJECT / PAGES[concept.page].path).is_file()
    for name in ("task", "net"):
        if name in concept.parameters:
            assert tasks.get_task(concept.parameters[name]).name == concept.parameters[name]


def test_the_notes_give_their_projects_stars() -> None:
    projects = list_routes()["projects"]
    assert [section.stars for section in projects.sections] == [1, 2, 4, 3, 5]
    assert max(section.stars for section in projects.sections) == MAX_STARS
    assert projects.stops() == projects.concepts, "each project can be tried here"


def test_the_next_stop_is_the_first_that_is_not_done_and_has_a_page() -> None:
    road_map = list_routes()["map"]
    first, second = road_map.stops()[:2]
    assert road_map.next_stop(()) == first
    assert road_map.next_stop({first.id}) == second
    assert road_map.next_stop({c.id for c in road_map.stops()}) is None
    before = {c.id for c in ALL[: list(all_concepts()).index("densenet")]}
    assert road_map.next_stop(before).id == "mobilenet", "DenseNet has no page yet"


@pytest.mark.parametrize(
    "done", [(), ("loss",), ("linear-regression", "svm", "cyclegan"), tuple(all_concepts())], ids=len
)
def test_ticks_survive_a_url(done: tuple[str, ...]) -> None:
    text = encode_ticks(done)
    assert re.fullmatch(r"[\w-]*", text) and len(text) <= 20
    assert decode_ticks(text) == done


@pytest.mark.parametrize("text", ["x", "hello", "!!", "あ", "A" * 300, "<script>", "AAAA AAA", "=", "-_-_"])
def test_nonsense_is_no_tick(text: str) -> None:
    with pytest.raises(UserError, match="damaged"):
        decode_ticks(text)


def test_a_tick_of_a_later_version_is_left_out() -> None:
    later = Concept("later", 150, "", "", "")
    all_concepts()["later"] = later
    try:
        text = encode_ticks(("loss", "later"))
    finally:
        del all_concepts()["later"]
    assert decode_ticks(text) == ("loss",)
