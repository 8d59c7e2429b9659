"""Learning path: its links, its next stop, and the ticks in the URL and in the browser."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import streamlit as st

from core import tasks
from core.learning_path.routes import all_concepts, list_routes
from core.learning_path.ticks import encode_ticks
from core.lessons.playground import settings as playground
from ui.house_prices import study
from ui.learning_path import state
from ui.learning_path.road import ROAD

STOPS = {c.id: c for c in all_concepts().values() if c.is_here}
LINKS = {
    c.id: c for c in {(c.page, tuple(c.parameters.items())): c for c in reversed(STOPS.values())}.values()
}
"""One concept for each page with its preset."""


def road(page: object) -> dict:
    return page.components("learning_road")[ROAD]


def next_title(page: object) -> str:
    return page.at.header[0].value


@pytest.mark.slow
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_link_opens_its_page_with_its_preset(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    monkeypatch.setattr(study, "follow", lambda table: study.Study(share=0.25))
    concept = LINKS[name]
    page = visit(concept.page, language, **concept.parameters)
    assert not page.errors
    assert not [w for w in page.warnings if "?" in w or "address" in w]
    for key, value in concept.parameters.items():
        assert shown_value(page, concept.page, key) == value, key


def shown_value(page: object, page_name: str, key: str) -> str:
    """The value that the page uses for a parameter, as written in a URL."""
    session = page.at.session_state
    if page_name == "playground" and key in playground.NAMES:
        settings = session["_playground_settings"]
        written = settings.to_query()
        default = getattr(playground.Settings(), key)
        return written.get(key) or playground.Settings(**{key: default}).to_query().get(key) or plain(default)
    if page_name == "gradient_descent" and key == "lr":
        return f"{session['_gd'].rate:g}"
    return str(session[f"_kept.{key}"] if f"_kept.{key}" in session else session[key])


def plain(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "0"
    return (
        str(int(value))
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_stop_is_on_the_road_with_its_link(visit: Callable, language: str) -> None:
    page = visit("learning_path", language)
    shown = [stop for section in road(page)["sections"] for stop in section["stops"]]
    assert [stop["id"] for stop in shown] == list(all_concepts())
    for stop in shown:
        concept = all_concepts()[stop["id"]]
        assert stop["title"] == page.word(concept.title) and stop["text"] == page.word(concept.text)
        assert stop["href"].startswith(f"/{concept.page}") if concept.is_here else stop["href"] == ""
    assert set(page.components("path_images")["path-images"]["images"]) == set(all_concepts())


def test_done_goes_to_the_next_stop_and_into_the_address(visit: Callable) -> None:
    page = visit("learning_path")
    assert next_title(page) == "Linear regression"
    page.press("Done, next")
    assert next_title(page) == "Loss function"
    assert page.at.query_params["done"] in (
        encode_ticks(["linear-regression"]),
        [encode_ticks(["linear-regression"])],
    )
    assert road(page)["done"] == ["linear-regression"]
    assert road(page)["remembered"] == encode_ticks(["linear-regression"])
    page.go("glossary").go("learning_path")
    assert next_title(page) == "Loss function"


def test_try_it_opens_the_page_of_the_next_stop(visit: Callable) -> None:
    page = visit("learning_path", done=encode_ticks(["linear-regression", "loss", "gradient-descent"]))
    page.press("Try it")
    assert "gd-lab" in page.components("descent")
    assert page.at.session_state["_gd"].rate == 0.08


def test_a_tick_of_the_road_counts_unless_it_is_older_than_the_last_change(visit: Callable) -> None:
    page = visit("learning_path")
    work = page.at.session_state["_path"]
    state._keep(work, ["loss", "densenet", "nothing"])
    assert page.run().at.session_state["_path"].done == ("loss",)
    assert page.says("**{done} of {count}** done", done=1, count=len(STOPS))


def test_reset_asks_and_removes_all_ticks(visit: Callable) -> None:
    page = visit("learning_path", done=encode_ticks(["linear-regression", "loss"]))
    assert page.says(("{count} tick will be removed.", "{count} ticks will be removed."), count=2)
    page.press("Remove ticks")
    assert "done" not in page.at.query_params
    assert road(page)["done"] == [] and next_title(page) == "Linear regression"


def test_routes_have_their_own_next_stop(visit: Callable) -> None:
    page = visit("learning_path", "ja", route="projects")
    assert [section["stars"] for section in road(page)["sections"]] == [
        "★☆☆☆☆",
        "★★☆☆☆",
        "★★★★☆",
        "★★★☆☆",
        "★★★★★",
    ]
    finished = encode_ticks([c.id for c in list_routes()["tour"].concepts])
    page = visit("learning_path", route="tour", done=finished)
    assert page.says("You have reached the end of this route")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("text", ["nonsense", "<b>", "%%%", "A" * 500], ids=["word", "html", "signs", "long"])
def test_nonsense_in_the_address_gets_one_sentence(visit: Callable, text: str, language: str) -> None:
    page = visit("learning_path", language, done=text)
    [warning] = page.warnings
    assert page.says(
        "The ticks in the address are damaged: “{value}”. Those of this browser are shown instead."
    )
    assert len(warning) < 200 and "done" not in page.at.query_params
    assert visit("learning_path", language, route="nowhere").at.header[0].value


def test_ticks_of_a_link_do_not_replace_those_of_the_browser(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = encode_ticks(["linear-regression"])
    monkeypatch.setattr(type(st.context), "cookies", property(lambda self: {state.COOKIE: own}))
    assert road(visit("learning_path"))["done"] == ["linear-regression"]
    linked = {"done": encode_ticks(["svm"])}
    page = visit("learning_path", **linked)
    assert road(page)["done"] == ["svm"] and road(page)["remembered"] is None
    page.press("Done, next")
    assert road(page)["remembered"] is None
    page.press("Show mine")
    assert road(page)["done"] == ["linear-regression"] and road(page)["remembered"] == own
    page = visit("learning_path", **linked).press("Keep these")
    assert road(page)["remembered"] == linked["done"]


def test_a_damaged_cookie_is_said(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(st.context), "cookies", property(lambda self: {state.COOKIE: "zz!"}))
    page = visit("learning_path")
    assert page.warnings and road(page)["done"] == []


def test_presets_of_the_playground_are_its_experiments() -> None:
    """What a concept sets up is what the experiment below it describes."""
    from core.lessons.playground.experiments import EXPERIMENTS

    experiments = {e.id: e.settings for e in EXPERIMENTS if e.settings}
    for concept in STOPS.values():
        if concept.page == "playground" and concept.parameters.get("experiment") in experiments:
            made, complaints = playground.from_query(concept.parameters)
            wanted = experiments[concept.parameters["experiment"]]
            assert not complaints
            assert dataclasses.replace(made, early_stopping=wanted.early_stopping) == wanted, concept.id


def test_tasks_of_the_path_are_in_the_table() -> None:
    known = {t.name for t in tasks.TASKS}
    assert {c.parameters["task"] for c in STOPS.values() if "task" in c.parameters} <= known
