"""Stories on the draw page, with a photo or a test digit in place of the canvas, which needs a browser."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont

from core import data, paths, tasks
from core.digits import canvas, neighbor_index, samples
from core.inference import explain
from core.messages import Message, UserError
from tests import factories
from ui.components import digit_canvas
from ui.draw import analysis, explanations


@pytest.fixture
def charts_shown(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The figures of all live charts of the page, by key."""
    shown = {}
    monkeypatch.setattr(analysis, "live_chart", lambda figure, key, **_more: shown.update({key: figure}))
    return shown


def photo(text: str = "7", fmt: str = "PNG") -> bytes:
    """An image of `text`, dark on light."""
    image = Image.new("L", (200, 240), 235)
    ImageDraw.Draw(image).text((100, 120), text, fill=20, font=ImageFont.load_default(200), anchor="mm")
    out = io.BytesIO()
    image.save(out, fmt)
    return out.getvalue()


@pytest.fixture
def with_photo(visit: Callable) -> Callable:
    """`with_photo(content, name, **parameters)`: the page after that upload."""

    def open_page(
        content: bytes | None = None, name: str = "digit.png", language: str = "en", **parameters: str
    ):
        page = visit("draw", language, source="photo", **parameters)
        return page.set("photo", (name, photo() if content is None else content, "image/png"))

    return open_page


@pytest.fixture
def own_checkpoints(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """A copy of the shipped checkpoints that a test may spoil."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(paths.checkpoints(), folder)
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(folder))
    return folder


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable:
    """`drawn(strokes)`: what the canvas of the next pages reports; None for nothing."""

    def report(strokes: object) -> None:
        def mount(*, data: dict, **_more: object) -> dict:
            state = {"revision": data["revision"], "strokes": strokes}
            return {"drawing": None if strokes is None else state}

        real = digit_canvas._mount
        monkeypatch.setattr(digit_canvas, "_mount", lambda **more: real(**more) and mount(**more))

    return report


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_photo_is_answered_right(with_photo: Callable, language: str) -> None:
    page = with_photo(language=language)
    assert page.digits == ["7"]
    assert not any(data["doubtful"] for data in page.components("digit_readout").values())
    assert page.word("28×28 (model input)") in str([e.proto for e in page.at.get("image")])
    assert not page.errors


def test_it_opens_with_an_explained_sample(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "sample_of_day", lambda _day: 4)
    page = visit("draw")
    assert page.digits == ["4"] and page.components("digit_readout")["prediction-line"]["digit"] == "4"
    [canvas_data] = page.components("digit_canvas").values()
    assert canvas_data["strokes"] is None and canvas_data["sample"] == samples.sample_strokes(4)
    assert page.word("28×28 (model input)") in str([e.proto for e in page.at.get("image")])
    assert "predicts **4** with" in page.text
    first, second, *_more, last = page.components("layer_strip")["layer-strip"]["columns"]
    assert first["title"] == "Input" and len(set(second["maps"])) == 4
    assert max(last["bars"], key=lambda bar: bar["share"])["name"] == "4"
    [attribution] = page.components("figure_row")["attribution"]["figures"]
    assert [tick.split(" ", 1)[-1] for tick in attribution["bar"]["ticks"]] == ["against 4", "0", "for 4"]
    page.press("Another sample")
    assert page.digits != ["4"] and not page.errors


def test_what_was_drawn_replaces_the_sample_and_lasts(visit: Callable, drawn: Callable) -> None:
    drawn(samples.sample_strokes(3))
    page = visit("draw")
    assert page.digits == ["3"]
    drawn(None)  # the canvas of another visit has reported nothing yet
    page.go("glossary").go("draw")
    assert page.digits == ["3"] and page.components("digit_canvas")["digit-canvas"]["strokes"]


@pytest.mark.parametrize(
    "strokes",
    [[], "no list", [{"width": "x"}], [{"width": 20, "points": [[1, 1], [2]]}]],
    ids=["cleared", "text", "no points", "half a point"],
)
def test_an_empty_canvas_has_no_prediction(visit: Callable, drawn: Callable, strokes: object) -> None:
    drawn(strokes)
    page = visit("draw")
    expected = {"digit": "–", "confidence": ""} if isinstance(strokes, list) else {"doubtful": False}
    assert all(data.items() >= expected.items() for data in page.components("digit_readout").values())
    assert page.says("Draw a digit first.") is isinstance(strokes, list)
    assert not page.errors


def test_two_networks_side_by_side(with_photo: Callable) -> None:
    page = with_photo(network="mnist-modern", beside="mnist-lenet5")
    assert page.digits == ["7", "7"]
    assert page.says("MNIST\\: LeNet-5")


def test_with_two_models_the_explanation_names_one(
    with_photo: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained = []
    attribution = explain.compute_attribution
    monkeypatch.setattr(
        explain,
        "compute_attribution",
        lambda predictor, *a: explained.append(predictor.spec.task) or attribution(predictor, *a),
    )
    page = with_photo(network="mnist-modern", beside="mnist-lenet5")
    [choice] = [b for b in page.at.button_group if b.key == "explained"]
    assert choice.label == "Model to explain" and explained == ["mnist-modern"]
    page.set("explained", "mnist-lenet5")
    assert explained[-1] == "mnist-lenet5"
    assert not [b for b in with_photo().at.button_group if b.key == "explained"]


@pytest.mark.parametrize("network", ["mnist-modern", "mnist-softmax"])
def test_the_forward_pass_ends_in_the_prediction(with_photo: Callable, network: str) -> None:
    page = with_photo(network=network)
    assert not page.components("forward_pass")
    page.press("Play the forward pass")
    shown = page.components("forward_pass")["forward-pass"]
    first, *_between, last = shown["stages"]
    assert shown["plays"] == 1 and first["title"] == "Input" and first["image"].startswith("data:image/png;")
    assert last["names"][last["winner"]] == page.digits[0] == "7"
    assert page.at.query_params["forward"] == "1"
    page.press("Hide the forward pass")
    assert not page.components("forward_pass") and "forward" not in page.at.query_params


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_link_shows_the_forward_pass(visit: Callable, language: str) -> None:
    page = visit("draw", language, forward="1", network="mnist-lenet5")
    shown = page.components("forward_pass")["forward-pass"]
    assert [s["shape"].split(" ")[0] for s in shown["stages"]][:3] == ["1×28×28", "6×28×28", "6×14×14"]
    assert shown["stages"][-1]["title"] == page.word("Probabilities")


@pytest.mark.parametrize("view", ["slide", "epochs"])
def test_confidence_has_a_fixed_axis(with_photo: Callable, charts_shown: dict, view: str) -> None:
    run = factories.finished("mnist-softmax")
    page = with_photo(network=run.id if view == "epochs" else "mnist-modern", view=view)
    assert not page.errors
    low, high = charts_shown["sliding" if view == "slide" else "replay"].layout.yaxis.range
    assert low == 0 and 1 <= high < 1.1


def test_a_dot_is_not_answered_with_confidence(with_photo: Callable) -> None:
    image = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(image).ellipse((130, 130, 160, 160), fill=0)
    out = io.BytesIO()
    image.save(out, "PNG")
    page = with_photo(out.getvalue())
    shown = page.components("digit_readout")
    assert shown["prediction-mnist-modern"]["note"] == "This does not look like a digit."
    assert all(data["doubtful"] for data in shown.values())
    assert page.says(
        "Measured: this check rejects {letters} of printed letters, and wrongly rejects {digits} of MNIST test digits."
    )


def test_a_test_digit_is_answered_right(visit: Callable, real_data) -> None:
    page = visit("draw", source="test")
    truth = int(data.load_dataset("mnist", download=False).test_y[0])
    assert page.digits == [str(truth)]
    assert page.says("Test images are already 28×28.")
    page.press("Pick another digit")
    assert page.digits != ["–"]


def test_without_mnist_sample_digits_stand_for_test_digits(visit: Callable) -> None:
    page = visit("draw", source="test")
    assert page.digits == ["0"]
    page.press("Pick another digit")
    assert page.digits != ["0"] and not page.errors
    [button] = [b for b in page.at.button if b.key == "download-mnist"]
    assert button.disabled and page.says("Downloads are disabled on this server (MANABI_OFFLINE).")


def test_mnist_is_downloaded_on_a_press(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MANABI_OFFLINE")
    failed = UserError("{title} could not be downloaded.", title="MNIST")

    def download(name: str, progress: Callable) -> None:
        progress(Message("Downloading {title}", {"title": name}), 0.5)
        raise failed

    monkeypatch.setattr(data, "download_dataset", download)
    page = visit("draw", source="test").press("Download MNIST (12 MB)")
    assert page.errors == ["MNIST could not be downloaded."] and page.digits == ["0"]
    arrived = []
    monkeypatch.setattr(data, "download_dataset", lambda name, _progress: arrived.append(name))
    page.press("Download MNIST (12 MB)")
    assert arrived == ["mnist"] and not page.errors


def test_without_any_network(visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    page = visit("draw")
    assert page.warnings == [
        "No digit classifier found: the checkpoints folder is empty and there are no MNIST runs yet."
    ]
    page = visit("draw", source="photo").set("photo", ("7.png", photo(), "image/png"))
    assert not page.errors
    assert not page.digits


@pytest.mark.parametrize("spoil", ["weights", "card", "no card", "truncated"])
def test_a_network_that_does_not_match_its_card(with_photo: Callable, own_checkpoints, spoil: str) -> None:
    weights, card = own_checkpoints / "mnist-modern.safetensors", own_checkpoints / "mnist-modern.json"
    if spoil == "weights":
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x55")
    elif spoil == "truncated":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif spoil == "card":
        card.write_text("{")
    else:
        card.unlink()
    page = with_photo()
    [error] = page.errors
    assert str(weights) in error
    assert not page.digits
    # Another network still answers.
    assert page.set("network", "mnist-cnn").digits == ["7"]
    assert not page.errors


def test_a_network_of_ones_own(with_photo: Callable, visit: Callable) -> None:
    run = factories.finished("mnist-softmax", name="mine")
    page = with_photo(network=run.id)
    assert "mine" in page.text
    assert page.digits[0] in "0123456789"  # its weights are untrained
    page = with_photo(network=run.id, view="epochs")
    assert page.says("Predictions by epoch: {answers}")


def test_weights_of_a_run_that_are_damaged(with_photo: Callable) -> None:
    run = factories.finished("mnist-softmax")
    run.best_weights_path.write_bytes(b"no weights")
    page = with_photo(network=run.id)
    assert [str(run.best_weights_path) in e for e in page.errors] == [True]


@pytest.mark.parametrize("network", ["nothing", "../../x", "<b>"])
def test_an_unknown_network_in_the_link_gives_the_default(
    visit: Callable, with_photo: Callable, network: str
) -> None:
    assert visit("draw", network=network).says(
        "Model “{name}” from the link was not found. Select another one."
    )
    assert with_photo(network=network).digits == ["7"]


@pytest.mark.parametrize("view", ["why", "maps", "nearest", "slide", "epochs", "set"])
@pytest.mark.parametrize("network", ["mnist-modern", "mnist-softmax"])
def test_every_view(with_photo: Callable, view: str, network: str) -> None:
    page = with_photo(network=network, view=view)
    assert page.digits == ["7"]
    assert not page.errors
    [scroll] = page.components("scroll").values()  # a link to a view leads to it
    assert scroll["target"] == explanations.SECTION


def test_only_saliency_is_said_to_show_missing_strokes(with_photo: Callable) -> None:
    page = with_photo(network="mnist-softmax")
    hints = analysis._ATTRIBUTION_HINTS
    for method in explain.METHODS:
        page.set("method", method)
        assert [name for name, hint in hints.items() if page.says(hint, digit="7")] == [method]
        assert ("missing strokes" in page.text) == (method == "saliency")
    assert not page.components("scroll") and set(hints) == set(explain.METHODS)


def test_the_nearest_training_digits(with_photo: Callable, real_data) -> None:
    assert with_photo(network="mnist-softmax", view="nearest").says(
        "Nearest neighbors among the 60,000 training images in pixel space, with label and cosine similarity."
    )


def test_the_training_digits_are_loaded_once(
    with_photo: Callable, real_data, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    load = neighbor_index.load_index
    monkeypatch.setattr(
        neighbor_index, "load_index", lambda *a, **more: calls.append(set(more)) or load(*a, **more)
    )
    page = with_photo(network="mnist-softmax", view="nearest")
    page.set("step-crop", False)
    assert calls == [{"progress"}]


def test_every_step_can_be_switched_off(with_photo: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    prepare = canvas.prepare_digit
    monkeypatch.setattr(canvas, "prepare_digit", lambda ink, s: steps.append(s) or prepare(ink, s))
    page = with_photo()
    for step in ("crop", "fit", "center"):
        page.set(f"step-{step}", False)
        assert not page.errors
    assert steps[0] == canvas.PreprocessingSteps() and steps[-1] == canvas.PreprocessingSteps(
        False, False, False
    )


def test_ones_own_handwriting(with_photo: Callable) -> None:
    page = with_photo(set="Hana", view="set")
    assert page.says(
        "Your set is empty. Draw digits, save them with their labels, and see which model recognizes your handwriting best."
    )
    page.set("keep-label", "7")
    assert page.says("Saved with label {label}.", label=7)
    page.press("Evaluate all models")
    [scores] = [d.value for d in page.at.dataframe]
    assert len(scores) == sum(task.dataset == "mnist" for task in tasks.TASKS)
    page.press("Remove last digit")
    assert page.says(
        "Your set is empty. Draw digits, save them with their labels, and see which model recognizes your handwriting best."
    )


@pytest.mark.parametrize("owner", ["../../etc", "<b>", "a" * 40, " "])
def test_odd_names_of_a_set(with_photo: Callable, own_world, owner: str) -> None:
    page = with_photo(set=owner, view="set")
    page.set("keep-label", "7")
    assert page.digits == ["7"]
    assert all(p.is_relative_to(own_world / "handwriting") for p in own_world.rglob("*.png"))
    assert not list(own_world.parent.glob("etc*"))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.png"),
        (b"hello", "no.png"),
        (photo()[:200], "cut.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.png"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "../../<b>bold</b>.png"),
    ],
    ids=["empty", "text", "truncated", "svg", "signature"],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_upload_that_is_no_image_is_one_sentence(
    with_photo: Callable, content: bytes, name: str, language: str
) -> None:
    page = with_photo(content, name, language)
    [error] = page.errors
    assert "<b>" not in error
    assert ".." not in error
    assert page.digits == ["–"]


@pytest.mark.parametrize("content", ["white", "black"])
def test_a_photo_of_nothing(with_photo: Callable, content: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 300), content).save(out, "PNG")
    page = with_photo(out.getvalue())
    assert page.digits == ["–"]
    assert page.errors
