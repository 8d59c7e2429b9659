"""The preview of augmentation shows what a training would do, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core import data, tasks
from core.data import augment
from core.messages import UserError
from core.training import augmentation_preview, batches


def rows(name: str, **changes: object) -> dict[str, augmentation_preview.PreviewRow]:
    task = tasks.get_task(name)
    recipe = task.recipe.changed(**changes)
    found = augmentation_preview.preview_rows(
        data.load_dataset(task.dataset, **recipe.part("data")), recipe, task.fields()
    )
    return {row.title.msgid: row for row in found}


def test_the_first_line_is_the_images_themselves() -> None:
    found, dataset = rows("cifar10-best"), data.load_dataset("cifar10")
    index = np.linspace(0, len(dataset.train_y) - 1, 8).astype(int)
    np.testing.assert_array_equal(found["Original"].images, dataset.train_x[index].transpose(0, 2, 3, 1))


@pytest.mark.slow
@pytest.mark.parametrize("scaling", ["standardized", "unit", "symmetric", "bytes"])
def test_each_line_does_one_thing(scaling: str) -> None:
    found = rows("cifar10-best", input_scaling=scaling)
    plain = found["Original"].images
    mirrored = found["Horizontal flip"].images
    same = (mirrored == plain).all((1, 2, 3))
    turned = (mirrored == plain[:, :, ::-1]).all((1, 2, 3))
    assert (same | turned).all() and same.any() and turned.any()

    upside = found["Vertical flip"].images
    assert ((upside == plain) | (upside == plain[:, ::-1])).all((1, 2, 3)).all() and (upside != plain).any()

    mean = np.round(255 * np.asarray(data.load_dataset("cifar10").mean)).astype(int)
    cut = (found["Cutout"].images != plain).any(3)
    side = tasks.get_task("cifar10-best").recipe.cutout
    assert (cut.sum((1, 2)) <= side**2).all() and cut.any()
    assert abs(found["Cutout"].images[cut].astype(int) - mean).max() <= 1
    erased = (found["Random erasing"].images != plain).any(3)
    assert erased.any() and abs(found["Random erasing"].images[erased].astype(int) - mean).max() <= 1


def test_what_is_off_is_marked_and_shown_with_a_typical_amount() -> None:
    found = rows("cifar10-best")
    assert not found["Color jitter"].enabled and found["Color jitter"].amounts == {"color_jitter": 0.4}
    assert found["Random crop"].enabled and found["Random crop"].amounts == {"crop_padding": 4}
    assert "All enabled augmentations" in found
    assert "All enabled augmentations" not in rows("mnist-cnn"), "nothing to add up"


def test_a_crop_beyond_the_images_is_a_sentence() -> None:
    with pytest.raises(UserError, match="crop_padding is 40"):
        rows("cifar10-best", crop_padding=40)


def test_digits_have_no_colors_to_change() -> None:
    shown = rows("mnist-modern").keys()
    assert {"Original", "Shift, rotation, scale", "Extra strokes"} <= shown
    assert not shown & {"Color jitter", "Hue and grayscale"}
    assert "Extra strokes" not in rows("cifar10-best"), "photos have no pen strokes"


def test_it_is_the_trainings_own_augmentation(monkeypatch) -> None:
    monkeypatch.setattr(augment, "random_affine", lambda x, *_: torch.zeros_like(x))
    moved = rows("mnist-modern")["Shift, rotation, scale"].images
    assert len(np.unique(moved)) == 1


@pytest.mark.slow
def test_the_three_scalings_are_what_they_say() -> None:
    standardized = data.load_dataset("cifar10")
    for scaling, factor in (("bytes", 255), ("unit", 1)):
        mean, spread = factor * standardized.mean, factor * standardized.std
        dataset = data.load_dataset("cifar10", input_scaling=scaling)
        x = batches.Batches(dataset, dataset.train_x, dataset.train_y).inputs(slice(None))
        np.testing.assert_allclose(x.mean((0, 2, 3)), mean, rtol=1e-3)
        np.testing.assert_allclose(x.std((0, 2, 3), correction=0), spread, rtol=1e-3)
    x = batches.Batches(standardized, standardized.train_x, standardized.train_y).inputs(slice(None))
    np.testing.assert_allclose(x.mean((0, 2, 3)), 0, atol=1e-3)
