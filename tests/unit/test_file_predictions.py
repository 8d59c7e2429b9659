"""Image files through networks, as `python -m core predict` does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import checkpoints, images, tasks
from core.analysis import file_predictions
from core.data import image_folder
from core.inference.predictor import Predictor
from core.inference.square_crop import crop_square
from tests import factories


@pytest.fixture
def predictor() -> Predictor:
    """An untrained network for color images of 32×32."""
    return file_predictions.load_predictor(factories.finished("cifar10-mlp").id)


def wide(path: Path) -> Path:
    """A photo of 400×240: its middle square is red with a black disc, what lies beside it is blue."""
    rows, columns = np.mgrid[0:240, 0:400]
    pixels = np.zeros((240, 400, 3), np.uint8)
    pixels[..., 2] = 255
    pixels[:, 80:320] = (255, 0, 0)
    pixels[np.hypot(rows - 119.5, columns - 199.5) < 60] = 0
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.slow
def test_a_photo_that_is_not_square_is_cut_to_its_middle_and_not_stretched(
    predictor: Predictor, tmp_path: Path
) -> None:
    path = wide(tmp_path / "wide.png")
    pixels = file_predictions.load_pixels(predictor, path)
    assert pixels.shape == (1, 3, 32, 32) and pixels.dtype == np.uint8 and not pixels[:, 2].any()
    disc = pixels[0, 0] < 128
    assert disc.any(0).sum() == disc.any(1).sum() == 16  # as wide as high
    with Image.open(path) as photo:
        np.testing.assert_array_equal(pixels[0], crop_square(photo, 32).pixels)  # what the page looks at


def test_a_image_of_the_networks_own_size_stays_as_it_is(predictor: Predictor, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    np.testing.assert_array_equal(
        file_predictions.load_pixels(predictor, tmp_path / "small.png")[0], pixels.transpose(2, 0, 1)
    )


@pytest.mark.slow
def test_every_shipped_classifier_of_color_images_takes_a_wide_one(tmp_path: Path) -> None:
    path = wide(tmp_path / "wide.png")
    names = {t.name for t in tasks.TASKS if t.kind == "classification" and t.dataset in ("cifar10", "fruit")}
    for name in names & set(checkpoints.pretrained_names()):
        predictor = file_predictions.load_predictor(name)
        probabilities = file_predictions.classify_file(predictor, path)
        [(_, first), (_, second)] = file_predictions.top_classes(predictor, probabilities, 2)
        assert 0 <= second <= first <= 1


def test_a_photo_comes_to_a_network_as_the_images_of_its_training_did(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for place, label in enumerate(("apple", "orange")):
            (tmp_path / "fruit" / split / label).mkdir(parents=True)
            wide(tmp_path / "fruit" / split / label / f"{place}.png")
    found = image_folder.load_image_folder(tmp_path / "fruit", {"train": {}, "test": {}}, 48, "fruit")
    photo = images.decode_image((tmp_path / "fruit/train/apple/0.png").read_bytes())
    np.testing.assert_array_equal(found.splits["train"].x[0], crop_square(photo, 48).pixels)
