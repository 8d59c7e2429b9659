"""The page on gradient descent: settings in the URL, the verdict on the learning rate, own gradients and points."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from core.lessons import gradient_descent as gd
from ui.gradient_descent import state

if TYPE_CHECKING:
    from tests.app.conftest import Page


def lab(page: Page) -> dict[str, Any]:
    return page.components("descent")["gd-lab"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_shared_link_opens_with_its_settings_and_says_what_the_rate_does(
    visit: Callable, language: str
) -> None:
    page = visit("gradient_descent", language, optimizer="momentum", lr="0.5", w="3", b="-2", section="steps")
    shown = lab(page)
    assert (shown["rate"], shown["start"], shown["verdict"]["name"]) == (0.5, [3, -2], "large")
    assert shown["racers"][0]["optimizer"] == "momentum"
    assert page.at.dataframe[0].value["w"][0] == 3 and not page.errors


def test_nonsense_in_the_address_is_said_and_the_page_works(visit: Callable) -> None:
    page = visit("gradient_descent", lr="fast", w="1e99", points="nowhere", optimizer="magic")
    shown = lab(page)
    assert (shown["rate"], shown["start"]) == (0.02, list(gd.START)) and len(shown["points"]) == 5
    said = " ".join(page.warnings)
    assert all(f"“{value}” in the address" in said for value in ("fast", "1e99", "nowhere", "magic"))


def test_a_race_keeps_its_learning_rate_while_another_page_is_open(visit: Callable) -> None:
    page = visit("gradient_descent", **{"lr-adam": "0.25", "lr-sgd": "-1"})
    rates = lambda: {r["optimizer"]: r["rate"] for r in page.components("descent")["gd-race"]["racers"]}  # noqa: E731
    assert (rates()["adam"], rates()["sgd"]) == (0.25, gd.DEFAULT_RATES["sgd"]) and len(page.warnings) == 1
    page.go("glossary").go("gradient_descent")
    assert rates()["adam"] == 0.25


def test_a_wrong_own_gradient_is_explained_and_a_hostile_one_refused(visit: Callable) -> None:
    page = visit("gradient_descent", section="own", **{"grad-b": "__import__('os')"})
    assert "0.5 times the gradient" in page.at.warning[0].value
    assert "cannot be used here" in page.at.error[0].value


def test_only_valid_edits_of_the_browser_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    work = state.Work([[0.0, 1.0], [1.0, 3.0]])
    session: dict[str, Any] = {"_gd": work}
    monkeypatch.setattr(state, "st", SimpleNamespace(session_state=session))
    hostile = {"revision": 0, "points": [[0, "x"]], "start": [None, 1], "rate": float("nan")}
    monkeypatch.setattr(state, "edit_of", lambda key: hostile)
    state.take_edit()
    assert (work.points, work.start, work.rate) == ([[0.0, 1.0], [1.0, 3.0]], gd.START, 0.02)
    edit = {"revision": 0, "points": [[0, 1], [2, 5]], "start": [0, 4], "rate": 0.05}
    monkeypatch.setattr(state, "edit_of", lambda key: edit)
    state.take_edit()
    assert (work.points, work.start, work.rate) == ([[0, 1], [2, 5]], (0, 4), 0.05)
    assert session["points"] == "own"
