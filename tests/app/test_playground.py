"""The playground: it trains, keeps its settings in the URL, takes own points, and says what is wrong."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from core.lessons import fair_share
from core.lessons.playground import training
from core.lessons.playground.experiments import EXPERIMENTS
from tests.app.conftest import Page
from ui.playground import network_view, session

CSV = "a;b;kind\n" + "".join(
    f"{x},5;{y};{'yes' if x * y > 0 else 'no'}\n" for x in range(-3, 3) for y in (-2, 2)
)


def view(page: Page, number: int = 0) -> dict:
    return page.components("playground_view")[f"playground-{number}"]


def press(page: Page, key: str) -> Page:
    page.at.button(key=f"playground-{key}").click()
    return page.run()


def test_it_plays_pauses_steps_and_starts_again(visit: Callable[..., Page]) -> None:
    page = visit("playground")
    first = view(page)["output"]
    press(page, "play")
    step = view(page)["step"]
    assert step > 0 and view(page)["running"] and view(page)["output"] != first
    press(page, "play")
    assert not view(page)["running"]
    press(page, "reset")
    assert view(page)["step"] == 0 and view(page)["output"] == first
    press(page, "step")
    assert view(page)["step"] == 14  # 210 training points in batches of 16
    assert not page.errors


def test_settings_are_read_from_the_url_and_written_to_it(visit: Callable[..., Page]) -> None:
    page = visit("playground", "ja", data="xor", hidden="3", activation="relu")
    assert [layer["count"] for layer in view(page)["layers"]] == [3]
    page.set("playground-hidden", "5, 2")
    page.set("playground-l2", 0.01)
    assert dict(page.at.query_params) == {"data": "xor", "hidden": "5,2", "activation": "relu", "l2": "0.01"}
    page.go("draw").go("playground")
    assert [layer["count"] for layer in view(page)["layers"]] == [5, 2]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nonsense_is_a_sentence(visit: Callable[..., Page], language: str) -> None:
    page = visit("playground", language, learning_rate="fast", hidden="1000,3")
    assert len(page.warnings) == 2 and page.says(
        "The address says {name}={value}, which is not possible; {default} is used. Possible: {choices}."
    )
    page.set("playground-hidden", "six")
    assert page.says("Units per hidden layer are numbers with commas, such as 6, 4. Nothing was changed.")
    assert view(page)["output"] and not page.errors


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_link_that_names_what_is_not_there_is_answered_and_the_rest_is_kept(
    visit: Callable[..., Page], language: str
) -> None:
    page = visit(
        "playground",
        language,
        data="xor",
        vs="optimiser",
        experiment="11",
        learningrate="1",
        vs_value="![x](y)",
    )
    assert len(page.warnings) == 3 and page.says(
        "The address names {name}, which is no setting. Similar: {choices}."
    )
    assert any("vs=optimiser" in w for w in page.warnings) and view(page)["output"]
    assert dict(page.at.query_params) == {"data": "xor"}
    assert not page.run().warnings
    page.go("playground", vs="l2", vs_value="![x](y)")
    assert len(page.warnings) == 1 and r"\[x\]" in page.warnings[0]
    page.go("playground", view="luck", luck="relu,magic")
    assert len(page.warnings) == 1 and page.at.query_params["luck"] == "relu"
    page.go("playground", view="magic")
    assert len(page.warnings) == 1 and "luck is" in page.warnings[0].replace("luck を", "luck is")
    assert not page.errors


def test_two_settings_run_side_by_side(visit: Callable[..., Page]) -> None:
    page = visit("playground", vs="activation", vs_value="sigmoid")
    press(page, "play")
    assert view(page, 0)["step"] == view(page, 1)["step"] > 0
    assert (
        view(page, 0)["points"] == view(page, 1)["points"]
        and view(page, 0)["output"] != view(page, 1)["output"]
    )
    assert page.says("Same points, same initial weights, same batches: only this setting differs.")


def test_own_points_come_from_a_csv(visit: Callable[..., Page]) -> None:
    page = visit("playground", data="own")
    assert view(page)["drawing"] and not view(page)["output"]
    assert page.says("Draw at least {count} points, of both classes, or upload a CSV.", count=4)
    page.set("playground-csv", [("bad.csv", b"a,b\n1,x\n", "text/csv")])
    assert len(page.errors) == 1
    page.set("playground-csv", [("mine.csv", CSV.encode(), "text/csv")])
    assert len(view(page)["own"]) == 12 and view(page)["output"]
    press(page, "play")
    assert view(page)["step"] > 0 and not page.errors


def test_an_explosion_is_explained(visit: Callable[..., Page]) -> None:
    page = visit(
        "playground", data="bumps", activation="linear", init="normal", optimizer="sgd", learning_rate="10"
    )
    for _ in range(30):
        press(page, "step")
        if page.errors:
            break
    assert len(page.errors) == 1 and "learning rate 10" in page.errors[0]
    assert page.at.button(key="playground-play").disabled


def test_the_code_can_be_copied(visit: Callable[..., Page]) -> None:
    page = visit("playground", activation="gelu", **{"playground-code": "open"})
    page.at.session_state["playground-code"] = True
    page.run()
    assert "nn.GELU()" in page.text


def test_an_experiment_is_predicted_then_set_up(visit: Callable[..., Page]) -> None:
    page = visit("playground", experiment="l2")
    assert page.at.query_params["vs"] == "l2" and page.at.query_params["data"] == "moons"
    assert view(page, 0)["points"] == view(page, 1)["points"]
    assert not page.says("Your prediction is right.") and not page.says("Set up again")
    page.at.radio(key="playground-answer-l2").set_value(1)
    assert page.run().says("Your prediction is right.")
    page.set("playground-activation", "tanh")
    press(page, "set-l2")
    assert page.at.query_params["activation"] == "relu"
    press(page, "next")
    assert not page.components("playground_view")
    assert page.at.button(key="playground-descent").disabled  # predict first
    page.at.radio(key="playground-answer-double-descent").set_value(0)
    page.run()
    page.press("Measure now")
    assert page.says(EXPERIMENTS[-1].result) and not page.errors


def test_settings_return_after_the_experiments(visit: Callable[..., Page]) -> None:
    page = visit("playground", data="spirals", hidden="7")
    assert view(page)["points"]["classes"] == 2
    press(page, "next")
    assert page.at.query_params["experiment"] == "line" and page.at.query_params["data"] == "xor"
    assert view(page)["layers"] == []
    page.set("experiment", "none")
    assert dict(page.at.query_params) == {"data": "spirals", "hidden": "7"}
    assert [layer["count"] for layer in view(page)["layers"]] == [7]


def test_a_link_to_an_experiment_with_settings_keeps_the_settings(visit: Callable[..., Page]) -> None:
    page = visit("playground", experiment="line", data="moons", hidden="3")
    assert [layer["count"] for layer in view(page)["layers"]] == [3] and page.says("Set up again")


def test_the_buttons_of_the_network_change_its_layers(visit: Callable[..., Page]) -> None:
    page = visit("playground")
    session = page.at.session_state["_playground"]
    network_view._change_layers(session, [6, "x"])
    network_view._change_layers(session, [99])
    assert not session.has_new_layers
    assert view(page)["editable"] and [layer["count"] for layer in view(page)["layers"]] == [6, 4]


def test_an_idle_training_pauses_and_says_so(
    visit: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("playground")
    press(page, "play")
    monkeypatch.setattr(session, "IDLE_SECONDS", -1.0)
    page.run()
    assert not view(page)["running"] and page.says(
        (
            "Paused: no click for {count} minute. Press Play to go on.",
            "Paused: no click for {count} minutes. Press Play to go on.",
        )
    )
    monkeypatch.undo()
    assert view(press(page, "play"))["running"]


def test_a_converged_training_pauses_and_goes_on_when_asked(
    visit: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PLATEAU_EPOCHS", 20)
    # About one epoch in a slice, so that the next plateau is many slices away.
    monkeypatch.setattr(fair_share, "SLICE_SECONDS", 1e-4)
    monkeypatch.setattr(fair_share, "MIN_SLICE_SECONDS", 1e-4)
    page = visit("playground", data="xor", init="zeros", batch_size="0", points="50")
    press(page, "play")
    for _ in range(200):
        if not view(page)["running"]:
            break
        page.run()
    assert page.says(
        (
            "Paused: the training loss has not fallen for {count} epoch. Press Play to go on.",
            "Paused: the training loss has not fallen for {count} epochs. Press Play to go on.",
        )
    )
    assert view(press(page, "play"))["running"]


def test_three_classes_are_drawn(visit: Callable[..., Page]) -> None:
    page = visit("playground", "ja", data="three_spirals")
    assert view(page)["points"]["classes"] == 3 and not page.errors
    assert len(base64.b64decode(view(page)["output"])) == 3 * view(page)["outputSide"] ** 2
    page.go("playground", view="classical", data="three_gaussians")
    cards = page.components("plane_grid")["playground-neighbors"]["cards"]
    assert cards[0]["title"] == page.word("Softmax regression") and not page.errors


def test_a_network_that_failed_can_be_opened(visit: Callable[..., Page]) -> None:
    page = visit("playground", view="luck", luck="relu")
    press(page, "luck")
    for _ in range(400):
        if [b for b in page.at.button if b.key == "playground-open"]:
            break
        page.run()
    press(page, "open")
    assert view(page)["layers"][0]["count"] == 2
    assert page.at.query_params["data"] == "xor" and page.at.query_params["batch_size"] == "0"
    assert not page.errors


@pytest.mark.parametrize("language", ["en", "ja"])
def test_classical_algorithms_see_the_same_points(visit: Callable[..., Page], language: str) -> None:
    page = visit("playground", language, data="moons")
    points = view(page)["points"]
    page.go("playground", view="classical", data="moons")
    shown = page.components("plane_grid")
    assert (
        len(shown["playground-neighbors"]["cards"]) == 7
        and len(shown["playground-unsupervised"]["cards"]) == 2
    )
    assert all(cards["points"] == points for cards in shown.values())
    page.set("playground-maximum", True)
    assert page.says(
        "The maximum is {best}, at the mean {mean} and the standard deviation {deviation} of the values themselves: no search is needed."
    )
    assert not page.errors


def test_classical_algorithms_need_classes(visit: Callable[..., Page]) -> None:
    page = visit("playground", view="classical", data="plane")
    assert len(page.errors) == 1


def test_the_toy_gan(visit: Callable[..., Page]) -> None:
    page = visit("playground", view="toy")
    assert page.metrics["Steps"] == "0"
    before = page.metrics["Energy distance"]
    [button] = [b for b in page.at.button if b.key == "toy-step"]
    button.click()
    page.run()
    assert page.metrics["Steps"] == "60" and page.metrics["Energy distance"] != before
    page.press("Reset")
    assert page.metrics["Steps"] == "0" and page.metrics["Energy distance"] == before
    page.set("toy-shape", "two")
    assert page.metrics["Energy distance"] != before and not page.errors
    page.press("Play")
    assert int(page.metrics["Steps"]) > 0
    page.press("Pause")
    at = page.metrics["Steps"]
    assert page.run().metrics["Steps"] == at
