"""The home page: the stored prediction, a stroke, the first run, runs to continue, cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from core import checkpoints
from core.digits import samples
from tests import factories
from ui.components import digit_canvas, page_cards
from ui.home import cards, hero, runs_strip, stored
from ui.kit import frame, preload

if TYPE_CHECKING:
    from tests.app.conftest import Page


@pytest.fixture
def readouts(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The probabilities and options of the readouts of the page, by key."""
    shown: dict = {}
    monkeypatch.setattr(
        hero,
        "digit_readout",
        lambda key, probabilities, _classes, **more: shown.update({key: (probabilities, more)}),
    )
    return shown


def draw(monkeypatch: pytest.MonkeyPatch, strokes: list | None) -> None:
    """Let the canvas hold `strokes`, as it cannot be drawn on without a browser."""
    monkeypatch.setattr(
        digit_canvas,
        "_mount",
        lambda *, data, **_more: {"drawing": {"revision": data["revision"], "strokes": strokes}},
    )


def test_the_stored_predictions_are_those_of_the_shipped_model() -> None:
    assert (
        checkpoints.load_card(stored.CHECKPOINT).content["sha256"] == stored.load_predictions()["sha256"]
    ), "run: python -m tools.home_images samples"
    probabilities = stored.load_predictions()["probabilities"]
    assert len(probabilities) == samples.COUNT
    assert [row.index(max(row)) for row in probabilities] == list(range(samples.COUNT))


def test_home_opens_with_the_prediction_of_its_sample(visit: Callable, readouts: dict) -> None:
    page = visit("home")
    for key in ("home-prediction", "home-line"):
        probabilities, more = readouts[key]
        assert list(probabilities) in stored.load_predictions()["probabilities"]
        assert more["note"] == "" and not more["doubtful"]
    assert not page.says("Getting the model ready for your strokes…")


def test_until_torch_is_there_home_says_so_and_shows_the_sample_all_the_same(
    visit: Callable, readouts: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preload, "is_ready", lambda: False)
    assert visit("home").says("Getting the model ready for your strokes…")
    assert readouts["home-prediction"][0] is not None


def test_a_drawing_is_read_by_the_model(
    visit: Callable, readouts: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch, samples.sample_strokes(4))
    page = visit("home")
    probabilities, more = readouts["home-prediction"]
    assert probabilities.argmax() == 4 and not more["doubtful"]
    draw(monkeypatch, [])
    page.run()
    assert readouts["home-prediction"][0] is None


def test_without_the_model_home_says_so(
    visit: Callable, readouts: dict, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    draw(monkeypatch, samples.sample_strokes(4))
    [error] = visit("home").errors
    assert "mnist-modern" in error
    assert readouts["home-prediction"][0] is None


def test_the_first_run_starts_with_one_click(visit: Callable, launched: list) -> None:
    page = visit("home", "ja")
    page.press("Start · about 20 s")
    [run] = launched
    assert run.task_name == stored.CHECKPOINT
    assert run.recipe.limit_train == run.task.quick_recipe().limit_train
    assert run.id in page.at.query_params["run"]
    assert page.says("Train a model and watch its loss and accuracy live.")


def test_runs_to_continue_with_their_course_and_result(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(runs_strip.st, "image", lambda content, **_more: drawn.append(content))
    for _ in range(3):
        factories.finished("mnist-modern")
    running = factories.running()
    page = visit("home")
    links = [li.proto.query_string for li in page.at.main.get("page_link") if "run=" in li.proto.query_string]
    assert len(links) == 4 and all(running.id in link for link in links[:2])  # in the path, then the cards
    assert page.says("50% done")
    assert page.text.count(page.word("{metric}, test set", metric="Accuracy")) == 2
    assert len(drawn) >= 2 and all("<polyline" in line for line in drawn)
    assert sum(li.label == "Draw" for li in page.at.main.get("page_link")) == 2


def test_the_course_of_a_run_rises_with_its_metric() -> None:
    points = runs_strip.draw_sparkline([0.1, 0.5, 0.9]).split('points="')[1].split('"')[0].split()
    (x0, y0), (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in points)
    assert x0 < x1 < x2 and y0 > y1 > y2  # upwards on the screen
    assert len(set(runs_strip.draw_sparkline([0.5, 0.5]).split('points="')[1].split('"')[0].split())) == 2


def test_the_path_leads_from_a_drawing_to_the_own_model(visit: Callable) -> None:
    def state(page: Page) -> tuple[list[str], bool, bool]:
        marks = [
            m.value.split("]")[0]
            for m in page.at.main.markdown
            if "check_circle" in m.value or "/counter" in m.value
        ]
        keys = {b.key for b in page.at.button}
        return [mark.split("/")[1].strip(":") for mark in marks], "first-run" in keys, "draw-own" in keys

    assert state(visit("home")) == (["counter_1", "counter_2", "counter_3"], True, False)
    factories.running("mnist-modern")
    page = visit("home")
    assert state(page) == (["check_circle", "counter_2", "counter_3"], False, False)
    assert page.says("Watch it learn")
    own = factories.finished("mnist-modern")
    page = visit("home")
    assert state(page) == (["check_circle", "check_circle", "counter_3"], False, True)
    page.press("Draw with your model")
    assert own.id in page.at.query_params["network"]


def test_every_card_leads_to_its_page(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted: dict = {}

    def mount(*, data: dict, **_more: object) -> dict:
        mounted.update(data)
        return {"opened": mounted.get("clicked")}

    monkeypatch.setattr(page_cards, "_mount", mount)
    page = visit("home", "ja")
    pages = [entry.page for entry in cards._ENTRIES]
    assert [card["href"].split("?")[0] for card in mounted["cards"]] == [f"/{name}" for name in pages]
    assert "/draw?view=maps" in [card["href"] for card in mounted["cards"]]
    assert all(card["src"].startswith("data:image/webp") and card["alt"] for card in mounted["cards"])
    mounted["clicked"] = pages.index("architecture")
    page.run()
    assert page.says(frame.PAGES["architecture"].about)
