"""Out-of-distribution detector for the digit classifiers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from core import checkpoints, data, models
from core.checkpoints import Spec
from core.digits import canvas, letters, ood_detector
from core.digits.ood_detector import OODDetector
from core.inference.predictor import Predictor
from core.messages import UserError

# Digits as people draw them, as polylines in the unit square.
STROKES = {
    0: [
        [
            (0.5, 0.0),
            (0.2, 0.15),
            (0.1, 0.5),
            (0.2, 0.85),
            (0.5, 1.0),
            (0.8, 0.85),
            (0.9, 0.5),
            (0.8, 0.15),
            (0.5, 0.0),
        ]
    ],
    1: [[(0.55, 0.0), (0.5, 1.0)]],
    2: [[(0.1, 0.25), (0.3, 0.03), (0.65, 0.02), (0.85, 0.25), (0.7, 0.5), (0.1, 1.0), (0.95, 0.97)]],
    3: [
        [
            (0.1, 0.05),
            (0.6, 0.0),
            (0.85, 0.2),
            (0.7, 0.42),
            (0.4, 0.5),
            (0.75, 0.58),
            (0.9, 0.8),
            (0.6, 1.0),
            (0.1, 0.93),
        ]
    ],
    4: [[(0.2, 0.0), (0.1, 0.55), (0.9, 0.5)], [(0.75, 0.05), (0.7, 1.0)]],
    5: [[(0.85, 0.0), (0.25, 0.02), (0.2, 0.45), (0.6, 0.4), (0.85, 0.65), (0.7, 0.95), (0.15, 0.98)]],
    6: [
        [
            (0.7, 0.0),
            (0.35, 0.3),
            (0.15, 0.7),
            (0.35, 0.98),
            (0.75, 0.9),
            (0.8, 0.65),
            (0.5, 0.55),
            (0.2, 0.7),
        ]
    ],
    7: [[(0.1, 0.05), (0.9, 0.05), (0.4, 1.0)]],
    8: [
        [
            (0.8, 0.12),
            (0.5, 0.0),
            (0.22, 0.15),
            (0.35, 0.42),
            (0.75, 0.6),
            (0.8, 0.88),
            (0.45, 1.0),
            (0.15, 0.85),
            (0.3, 0.58),
            (0.7, 0.4),
            (0.8, 0.12),
        ]
    ],
    9: [[(0.8, 0.2), (0.5, 0.02), (0.2, 0.2), (0.3, 0.45), (0.6, 0.45), (0.8, 0.2), (0.75, 0.6), (0.6, 1.0)]],
}


def drawn(digit: int, size: int, brush: int) -> np.ndarray:
    image = Image.new("L", (280, 280))
    pen = ImageDraw.Draw(image)
    for stroke in STROKES[digit]:
        path = [(30 + x * size * 0.65, 20 + y * size) for x, y in stroke]
        pen.line(path, fill=255, width=brush, joint="curve")
        for x, y in path:
            pen.ellipse((x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2), fill=255)
    return canvas.prepare_digit(np.asarray(image)).pixels


@pytest.fixture
def own_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoints folder with an untrained modern CNN in it."""
    torch.manual_seed(0)
    network = models.create_model("modern_cnn", (1, 28, 28), 10).eval()
    spec = Spec(
        task=ood_detector.MODEL_NAME,
        model="modern_cnn",
        options={},
        in_shape=(1, 28, 28),
        kind="classification",
        classes=tuple("0123456789"),
        mean=(0.13,),
        std=(0.31,),
        output_mean=0.0,
        output_std=1.0,
        data="none",
    )
    path = tmp_path / f"{ood_detector.MODEL_NAME}.safetensors"
    checkpoints.save_weights(path, network, spec)
    path.with_suffix(".json").write_text(json.dumps({"sha256": checkpoints.sha256(path)}))
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def fitted(own_checkpoints: Path) -> OODDetector:
    digits = data.load_dataset("mnist", download=False)  # the stand-in
    return ood_detector.fit_detector(
        Predictor.load(checkpoints.load_card(ood_detector.MODEL_NAME).weights),
        digits.train_x[:, 0],
        digits.train_y,
        digits.test_x[:, 0],
    )


@pytest.mark.slow
def test_the_threshold_is_calibrated_on_the_validation_digits(fitted: OODDetector) -> None:
    digits = data.load_dataset("mnist", download=False)
    assert 0 <= 1 - fitted.accepts(digits.test_x[:, 0]).mean() <= 0.015
    caught = ood_detector.evaluate_detector(fitted, digits.test_x[:, 0])
    assert set(caught) == {"digits_rejected", "letters_caught", "scribbles_caught"}
    # Even the maps of an untrained network tell most of it.
    assert caught["letters_caught"] > 0.5


@pytest.mark.slow
def test_no_digit_has_so_little_or_so_much_ink(fitted: OODDetector) -> None:
    full, empty = np.full((1, 28, 28), 255, np.uint8), np.zeros((1, 28, 28), np.uint8)
    assert not fitted.accepts(full)[0] and not fitted.accepts(empty)[0]


def dot(brush: int, length: int = 0) -> np.ndarray:
    """A click on the canvas, or a dab of `length` pixels, after preprocessing."""
    image = Image.new("L", (280, 280))
    pen = ImageDraw.Draw(image)
    pen.line([(100, 140), (100 + length, 140)], fill=255, width=brush)
    for x in (100, 100 + length):
        pen.ellipse((x - brush / 2, 140 - brush / 2, x + brush / 2, 140 + brush / 2), fill=255)
    return canvas.prepare_digit(np.asarray(image)).pixels


@pytest.mark.parametrize("brush", [6, 20, 36])
def test_a_dot_is_not_a_digit(brush: int) -> None:
    assert canvas.is_dot(dot(brush))
    assert canvas.is_dot(dot(brush, length=brush // 4))
    assert not any(canvas.is_dot(drawn(digit, 160, 20)) for digit in STROKES)
    assert not canvas.is_dot(np.zeros((28, 28), np.uint8))


def test_no_real_digit_is_taken_for_a_dot(real_data: Path) -> None:
    mnist = data.load_dataset("mnist", real_data)
    assert len(mnist.test_x) == 10_000
    assert not any(canvas.is_dot(image) for image in mnist.test_x[:, 0])


def test_the_pretrained_detector_rejects_a_dot(shipped: OODDetector) -> None:
    assert not shipped.accepts(np.stack([dot(brush) for brush in (6, 12, 20, 36)])).any()


@pytest.mark.slow
def test_a_saved_detector_decides_alike(fitted: OODDetector, own_checkpoints: Path) -> None:
    path = own_checkpoints / "digit-guard.safetensors"
    fitted.save(path, {"network_sha256": checkpoints.load_card(ood_detector.MODEL_NAME).content["sha256"]})
    again = OODDetector.load()
    x = letters.render_letters(letters.FONTS[:4])[0]
    assert np.allclose(again.distance(x), fitted.distance(x), rtol=0.02, atol=5)
    assert (again.accepts(x) == fitted.accepts(x)).mean() > 0.98
    assert path.stat().st_size < 1_000_000


@pytest.mark.slow
def test_what_does_not_belong_together_is_refused(fitted: OODDetector, own_checkpoints: Path) -> None:
    path = own_checkpoints / "digit-guard.safetensors"
    with pytest.raises(UserError, match="guard build"):
        OODDetector.load()
    fitted.save(path, {"network_sha256": "of another network"})
    with pytest.raises(UserError, match="different weights of mnist-modern"):
        OODDetector.load()
    fitted.save(path, {"network_sha256": checkpoints.load_card(ood_detector.MODEL_NAME).content["sha256"]})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="does not match its model card"):
        OODDetector.load()
    card = json.loads(path.with_suffix(".json").read_text()) | {"sha256": checkpoints.sha256(path)}
    path.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(UserError, match="cannot be read as a safetensors"):
        OODDetector.load()


def test_without_mnist_it_cannot_be_built(own_checkpoints: Path) -> None:
    with pytest.raises(UserError, match="data get mnist"):
        ood_detector.build_detector()


def test_letters_and_scribbles_are_the_same_every_time() -> None:
    x, names = letters.render_letters(letters.FONTS[:2])
    assert x.shape == (2 * len(letters.LETTERS), 28, 28) and names[: len(letters.LETTERS)] == list(
        letters.LETTERS
    )
    assert (x.max(axis=(1, 2)) > 200).all() and len({p.tobytes() for p in x}) == len(x)
    assert (letters.draw_scribbles(30) == letters.draw_scribbles(30)).all() and (
        letters.draw_scribbles(30).max(axis=(1, 2)) > 200
    ).all()
    assert not letters.DIGIT_LIKE_LETTERS & set(letters.LETTERS)


@pytest.fixture
def shipped() -> OODDetector:
    try:
        return OODDetector.load()
    except UserError as error:
        pytest.skip(str(error))


def test_the_shipped_guard_on_the_test_digits(shipped: OODDetector, real_data: Path) -> None:
    rates = ood_detector.evaluate_detector(shipped, data.load_dataset("mnist", real_data).test_x[:, 0])
    print(rates)
    assert rates["digits_rejected"] <= 0.01
    assert rates["letters_caught"] > 0.89 and rates["scribbles_caught"] > 0.85


def test_the_shipped_guard_accepts_digits_with_flags_bars_and_tails(
    shipped: OODDetector, real_data: Path
) -> None:
    test = data.load_dataset("mnist", real_data)
    x, y = ood_detector.add_other_hands(test.test_x[:, 0], test.test_y)
    for label in (11, 17, 19):
        assert shipped.accepts(x[y == label]).mean() > 0.95


def test_the_shipped_guard_accepts_drawn_digits(shipped: OODDetector) -> None:
    x = np.stack(
        [
            drawn(d, size, brush)
            for d in STROKES
            for size in (80, 160, 230)
            for brush in (3, 12, 20)
            if brush < size / 6
        ]
    )
    answers = shipped.accepts(x)
    assert answers.mean() > 0.9
