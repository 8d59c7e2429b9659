"""Drawings and photos become what MNIST would have made of them."""

from __future__ import annotations

import datetime
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core import checkpoints, data, paths
from core.digits import canvas, samples
from core.digits.canvas import PreprocessingSteps, ink_amount, is_blank, prepare_digit
from core.digits.photo_ink import ink_from_photo
from core.messages import UserError

# A seven and a two as polylines in the unit square.
SEVEN = [(0.1, 0.05), (0.9, 0.05), (0.45, 0.95)]
TWO = [(0.1, 0.3), (0.25, 0.08), (0.6, 0.04), (0.85, 0.2), (0.8, 0.45), (0.1, 0.95), (0.95, 0.95)]


def drawn(points: list, size: int, left: int, top: int, brush: int, canvas_size: int = 280) -> np.ndarray:
    image = Image.new("L", (canvas_size, canvas_size))
    path = [(left + x * size * 0.7, top + y * size) for x, y in points]
    pen = ImageDraw.Draw(image)
    pen.line(path, fill=255, width=brush, joint="curve")
    for x, y in path:
        pen.ellipse((x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2), fill=255)
    return np.asarray(image)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Difference of two images as a share of their ink, best of a shift by up to a pixel: the center of mass is rounded."""
    shifts = [np.roll(a.astype(int), (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return float(min(np.abs(s - b).sum() for s in shifts) / max(1, a.sum(), b.sum()))


@pytest.mark.parametrize("points", [SEVEN, TWO])
def test_place_and_size_do_not_matter(points: list) -> None:
    middle = prepare_digit(drawn(points, 160, 80, 60, 18)).pixels
    assert difference(middle, prepare_digit(drawn(points, 160, 10, 10, 18)).pixels) < 0.03
    assert difference(middle, prepare_digit(drawn(points, 160, 165, 112, 18)).pixels) < 0.03
    assert difference(middle, prepare_digit(drawn(points, 80, 180, 190, 9)).pixels) < 0.15
    assert difference(middle, prepare_digit(drawn(points, 240, 60, 20, 27)).pixels) < 0.15


@pytest.mark.parametrize("brush", [1, 2, 5, 10, 20])
def test_thin_lines_survive_the_shrink(brush: int) -> None:
    pixels = prepare_digit(drawn(TWO, 240, 50, 20, brush)).pixels
    # Of MNIST's training digits 99 in a hundred have more than 38 such pixels, most of them 101; all reach 254.
    assert (pixels > 127).sum() > 30 and pixels.max() > 250


def test_the_result_is_laid_out_as_mnist() -> None:
    prepared = prepare_digit(drawn(SEVEN, 200, 20, 60, 16))
    rows, columns = np.nonzero(prepared.pixels > 32)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
    mass = prepared.pixels.astype(float)
    assert abs((mass.sum(1) * np.arange(28)).sum() / mass.sum() - 14) <= 0.5
    assert abs((mass.sum(0) * np.arange(28)).sum() / mass.sum() - 14) <= 0.5
    assert prepared.pixels.shape == (28, 28) and prepared.pixels.dtype == np.uint8
    assert max(prepared.resized.shape) == 20 and prepared.cropped.shape == (
        prepared.box[2] - prepared.box[0],
        prepared.box[3] - prepared.box[1],
    )


def test_each_step_can_be_left_out() -> None:
    ink = drawn(SEVEN, 80, 10, 10, 10)
    whole = prepare_digit(ink)
    no_crop = prepare_digit(ink, PreprocessingSteps(crop=False))
    assert no_crop.cropped.shape == (280, 280) and (no_crop.pixels > 32).sum() < (whole.pixels > 32).sum() / 2
    stretched = prepare_digit(ink, PreprocessingSteps(fit=False))
    assert stretched.resized.shape == (28, 28)
    no_center = prepare_digit(ink, PreprocessingSteps(center=False))
    assert no_center.position == tuple((28 - n) // 2 for n in no_center.resized.shape)
    naive = prepare_digit(ink, PreprocessingSteps(False, False, False))
    # Nothing but a shrink: the digit stays small, in its corner.
    assert naive.pixels[14:].max() == 0 and naive.pixels[:, 14:].max() == 0 and naive.pixels.max() > 200


@pytest.mark.parametrize("shape", [(1, 1), (280, 3), (3, 280), (28, 28), (600, 400)])
def test_odd_shapes_and_empty_drawings(shape: tuple[int, int]) -> None:
    for value in (0, 255):
        for steps in (
            PreprocessingSteps(),
            PreprocessingSteps(False, False, False),
            PreprocessingSteps(False, True, True),
            PreprocessingSteps(True, False, True),
        ):
            prepared = prepare_digit(np.full(shape, value, np.uint8), steps)
            assert prepared.pixels.shape == (28, 28)
            assert (prepared.pixels.max() > 0) == (value > 0)


def test_floats_and_bytes_agree() -> None:
    ink = drawn(SEVEN, 160, 80, 60, 18)
    assert (prepare_digit(ink / 255.0).pixels == prepare_digit(ink).pixels).all()
    assert (prepare_digit(np.full((9, 9), np.nan)).pixels == 0).all()


def test_blank_drawings() -> None:
    blank = np.zeros((280, 280), np.uint8)
    assert is_blank(blank) and is_blank(blank + 9) and is_blank(np.zeros((0, 0), np.uint8))
    speck = blank.copy()
    speck[3:5, 3:5] = 255
    assert is_blank(speck) and not is_blank(drawn(SEVEN, 40, 5, 5, 3))
    assert ink_amount(np.full((5, 5), 255, np.uint8)) == 1.0


def photographed(ink: np.ndarray, dark: bool, uneven: bool, noise: float = 3.0) -> Image.Image:
    x, y = np.meshgrid(np.linspace(0, 1, ink.shape[1]), np.linspace(0, 1, ink.shape[0]))
    light = 1 - 0.5 * x * y if uneven else np.ones_like(x)
    reflects = 0.9 - 0.7 * ink / 255 if dark else 0.1 + 0.7 * ink / 255
    gray = reflects * light * 255 + np.random.default_rng(0).normal(0, noise, ink.shape)
    return Image.fromarray(np.clip(gray, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("points", [SEVEN, TWO])
def test_photos_dark_on_light_and_light_on_dark_agree_with_the_drawing(points: list, uneven: bool) -> None:
    ink = drawn(points, 300, 140, 60, 26, 440)
    wanted = prepare_digit(ink).pixels
    for dark in (True, False):
        found = prepare_digit(ink_from_photo(photographed(ink, dark, uneven))).pixels
        assert difference(found, wanted) < 0.2


def test_photos_with_alpha_tight_crops_and_specks() -> None:
    ink = drawn(TWO, 200, 60, 40, 22)
    wanted = prepare_digit(ink).pixels
    for color in (0, 255, 130):
        rgba = np.full((*ink.shape, 4), color, np.uint8)
        rgba[..., 3] = ink
        assert difference(prepare_digit(ink_from_photo(Image.fromarray(rgba))).pixels, wanted) < 0.1
    rows, columns = np.nonzero(ink)
    tight = 255 - ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert difference(prepare_digit(ink_from_photo(Image.fromarray(tight))).pixels, wanted) < 0.1
    dirty = ink.copy()
    dirty[10:13, 250:253] = dirty[260:264, 8:12] = 255
    dirty[:, -4:] = 255  # the edge of the table
    assert difference(prepare_digit(ink_from_photo(Image.fromarray(255 - dirty))).pixels, wanted) < 0.1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (300, 300)])
def test_photos_of_nothing_are_answered_with_a_sentence(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    ramp = np.tile(np.linspace(90, 240, size[1]), (size[0], 1))
    for gray in (np.full(size, 128.0), rng.normal(190, 6, size), ramp + rng.normal(0, 3, size)):
        with pytest.raises(UserError, match="No digit found"):
            ink_from_photo(Image.fromarray(np.clip(gray, 0, 255).astype(np.uint8)))


@pytest.mark.realdata
def test_mnist_digits_blown_up_anywhere_on_a_canvas_are_read_as_before(real_data, shipped_predictor) -> None:  # noqa: ANN001
    mnist = data.load_dataset("mnist", real_data)
    rng = np.random.default_rng(0)
    x, y = mnist.test_x[:1000, 0], mnist.test_y[:1000]
    prepared = []
    for digit in x:
        side = int(28 * rng.uniform(3, 12))
        large = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))
        top, left, bottom, right = canvas._bounding_box(large)
        large = large[top:bottom, left:right]
        ink = np.zeros((280, 280), np.uint8)
        top, left = rng.integers(0, 281 - np.array(large.shape))
        ink[top : top + large.shape[0], left : left + large.shape[1]] = large
        prepared.append(prepare_digit(ink).pixels)
    before = (shipped_predictor.predict(x[:, None]).argmax(1) == y).mean()
    after = (shipped_predictor.predict(np.stack(prepared)[:, None]).argmax(1) == y).mean()
    assert after > before - 0.005


@pytest.fixture(scope="module")
def shipped_predictor():  # noqa: ANN201
    """The best shipped network."""
    from core.inference.predictor import Predictor

    try:
        return Predictor.load(checkpoints.load_card("mnist-modern").weights)
    except UserError as error:
        pytest.skip(str(error))


def test_strokes_become_the_ink_that_the_canvas_shows() -> None:
    good = {"width": 20, "points": [[80, 60], [200, 60], [120, 230]]}
    ink = canvas.ink_from_strokes([good])
    assert ink.shape == (280, 280)
    assert ink[60, 100] == ink[55, 100] == 255  # within the brush
    assert ink[45, 100] == 0
    assert not is_blank(canvas.ink_from_strokes([{"width": 20, "points": [[140, 140]]}]))
    nonsense = [
        None,
        {},
        {"points": 3, "width": 2},
        {"points": [], "width": 2},
        {"points": [["x", 1]], "width": 2},
        {"points": [[1, float("nan")]], "width": 1},
        {"points": [[1, 2], [3]], "width": 1},
        {"points": [[1, 2]], "width": 10**400},
    ]
    assert np.array_equal(canvas.ink_from_strokes([good, *nonsense]), ink)
    for strokes in (None, {}, "text", []):
        assert is_blank(canvas.ink_from_strokes(strokes))
    assert canvas.ink_from_strokes([{"points": [[1e300, 1]], "width": 1e9}]).shape == (280, 280)


def test_every_sample_digit_is_recognized(shipped_predictor) -> None:  # noqa: ANN001
    pixels = np.stack([samples.sample_pixels(digit) for digit in range(samples.COUNT)])
    assert shipped_predictor.predict(pixels[:, None]).argmax(1).tolist() == list(range(samples.COUNT))


def test_the_samples_take_turns() -> None:
    first = datetime.date(2026, 1, 1)
    days = [samples.sample_of_day(first + datetime.timedelta(days=n)) for n in range(samples.COUNT)]
    assert sorted(days) == list(range(samples.COUNT))
    assert [samples.sample_after(digit) for digit in days[:-1]] == days[1:]


@pytest.mark.slow
def test_the_draw_page_is_imported_without_torch() -> None:
    """So that the canvas is there while torch is still loading."""
    code = "import sys, ui.draw.explanations, ui.draw.forward_pass, ui.draw.input_picker; sys.exit('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, capture_output=True).returncode == 0
    )
