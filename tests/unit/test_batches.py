"""The data path: normalized batches, augmentation by known amounts, the order of an epoch."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from core import data, tasks
from core.data import ArrayDataset
from core.data.augment import color_jitter, cutout, random_affine
from core.training.batches import Batches, epoch_order


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 64, size: int = 28) -> torch.Tensor:
    """Noise within a wide border of zeros, so that nothing is lost by a shift."""
    x = torch.zeros(count, 1, size, size)
    x[:, :, 9:-9, 9:-9] = torch.rand(count, 1, size - 18, size - 18, generator=generator(1)) + 0.1
    return x


def color_set() -> ArrayDataset:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (6, 3, 4, 4)).astype(np.uint8)
    y = np.arange(6)
    mean, std = np.array([0.1, 0.2, 0.3], np.float32), np.array([0.4, 0.5, 0.6], np.float32)
    return ArrayDataset("c", "c", "classification", "", x, y, x, y, mean, std, classes=tuple("abcdef"))


def test_batches_are_normalized_by_channel_and_channels_last() -> None:
    found = color_set()
    batches = Batches(found, found.train_x, found.train_y)
    index = torch.tensor([4, 0])
    x = batches.inputs(index)
    expected = (found.train_x[[4, 0]] / 255.0 - found.mean[:, None, None]) / found.std[:, None, None]
    np.testing.assert_allclose(x.numpy(), expected, rtol=1e-5, atol=1e-5)
    assert x.is_contiguous(memory_format=torch.channels_last) and x.dtype == torch.float32
    assert batches.targets(index).tolist() == [4, 0] and len(batches) == 6


@pytest.mark.parametrize(
    ("device", "network", "count"),
    [
        ("cpu", nn.Identity(), 100),
        ("cpu", SimpleNamespace(image_size=224), 83),
        ("meta", nn.Identity(), 1000),
        ("meta", SimpleNamespace(image_size=64), 1000),
        ("meta", SimpleNamespace(image_size=224), 83),
    ],
)
def test_fewer_large_images_go_through_the_model_together(device: str, network: object, count: int) -> None:
    """And fewer on a CPU than on any other device; "meta" stands for a GPU."""
    found = color_set()
    batches = Batches(found, np.zeros((2500, 3, 32, 32), np.uint8), np.zeros(2500), device)
    parts = [range(2500)[part] for part in batches.parts(network)]
    assert {len(part) for part in parts[:-1]} == {count} and [i for part in parts for i in part] == list(
        range(2500)
    )


RECIPE = tasks.get_task("cifar10-cnn").recipe
CHANGES = {
    "color_jitter": {"color_jitter": 0.4},
    "cutout": {"cutout": 2},
    "all": {"color_jitter": 0.4, "cutout": 2, "crop_padding": 1, "rotate": 10.0, "hue": 0.5},
}


def augmented(found: ArrayDataset, changes: dict) -> torch.Tensor:
    """All examples augmented, moved to where the mean of the training set is 0 and its standard deviation 1."""
    part = Batches(found, found.train_x, found.train_y)
    x = part.augment(
        torch.arange(6),
        RECIPE.changed(**{"crop_padding": 0, **changes}),
        0,
        torch.zeros(6, dtype=torch.bool),
        generator(5),
    )
    pixels = (x - part.offset) / part.gain
    own = color_set()
    return Batches(own, own.train_x, own.train_y).normalize(pixels)


@pytest.mark.parametrize("scaling", ["unit", "symmetric", "bytes"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_augmentation_is_the_same_whatever_the_scaling(scaling: str, changes: dict) -> None:
    expected = augmented(color_set(), changes)
    assert not torch.equal(expected, augmented(color_set(), {}))
    torch.testing.assert_close(
        augmented(color_set().with_scaling(scaling), changes), expected, rtol=1e-4, atol=1e-4
    )


def test_standardized_pixels_are_augmented_as_ever_and_unchanged_ones_scaled_once() -> None:
    found = color_set()
    part = Batches(found, found.train_x, found.train_y)
    x = part.augment(
        torch.arange(6),
        RECIPE.changed(crop_padding=0, flip="none", color_jitter=0.4, cutout=2),
        0,
        torch.zeros(6),
        generator(5),
    )
    g = generator(5)
    assert torch.equal(x, cutout(color_jitter(part.inputs(slice(0, 6)), 0.4, g), 2, g))
    raw = found.with_scaling("bytes")
    part = Batches(raw, raw.train_x, raw.train_y)
    x = part.augment(
        torch.arange(6), RECIPE.changed(crop_padding=0, flip="none"), 0, torch.zeros(6), generator(5)
    )
    assert torch.equal(x, part.inputs(slice(0, 6)))


def test_tables_are_normalized_by_feature() -> None:
    found = data.load_dataset("boston")
    x = Batches(found, found.train_x, found.train_y).inputs(slice(0, len(found.train_x)))
    np.testing.assert_allclose(x.mean(0).numpy(), 0, atol=1e-4)
    np.testing.assert_allclose(x.std(0, correction=0).numpy(), 1, atol=1e-4)


def test_the_training_part_of_the_digits_has_mean_0_and_std_1() -> None:
    found = data.load_dataset("mnist")
    x = Batches(found, found.train_x, found.train_y).inputs(slice(None))
    assert abs(float(x.mean())) < 1e-4 and abs(float(x.std()) - 1) < 1e-3


def test_no_augmentation_is_no_work() -> None:
    x = images()
    assert random_affine(x, 0, 0, 0, generator()) is x


def test_a_transform_by_almost_nothing_is_the_identity() -> None:
    x = images()
    torch.testing.assert_close(random_affine(x, 1e-9, 0, 0, generator()), x, atol=1e-4, rtol=0)
    torch.testing.assert_close(random_affine(x, 0, 1e-7, 0, generator()), x, atol=1e-4, rtol=0)
    torch.testing.assert_close(random_affine(x, 0, 0, 1e-8, generator()), x, atol=1e-4, rtol=0)


def centers(x: torch.Tensor) -> np.ndarray:
    """Center of mass (N, 2) as row, column."""
    weight = x[:, 0].double() / x[:, 0].double().sum((1, 2), keepdim=True)
    grid = torch.arange(x.shape[-1], dtype=torch.float64)
    return torch.stack([(weight.sum(2) * grid).sum(1), (weight.sum(1) * grid).sum(1)], 1).numpy()


@pytest.mark.parametrize("shift", [1, 3, 5])
def test_images_move_by_up_to_so_many_pixels_and_differently(shift: float) -> None:
    x = images(256)
    moved = centers(random_affine(x, shift, 0, 0, generator())) - centers(x)
    assert np.abs(moved).max() <= shift + 1e-3
    assert np.abs(moved).max() > 0.95 * shift and moved.min() < -0.9 * shift, (
        "in both directions, nearly to the bound"
    )
    assert abs(moved.mean()) < 0.15 * shift and len(np.unique(moved.round(4), axis=0)) > 250


def test_the_shift_is_the_one_that_was_drawn() -> None:
    x = images(32)
    drawn = torch.rand(4, 32, generator=generator(3)) * 2 - 1
    moved = centers(random_affine(x, 4, 0, 0, generator(3))) - centers(x)
    np.testing.assert_allclose(moved, -4 * torch.stack([drawn[3], drawn[2]], 1).numpy(), atol=1e-2)


def test_rotation_turns_by_up_to_so_many_degrees() -> None:
    x = torch.zeros(200, 1, 41, 41)
    x[:, :, 19:22, 30:33] = 1  # a dot 11 pixels to the right of the center
    turned = centers(random_affine(x, 0, 30, 0, generator())) - 20
    angle = np.degrees(np.arctan2(turned[:, 0], turned[:, 1]))
    assert 28 < angle.max() <= 30.5 and -30.5 <= angle.min() < -28
    np.testing.assert_allclose(np.hypot(*turned.T), 11, atol=0.2)


def test_rotation_keeps_its_shape_on_images_that_are_not_square() -> None:
    x = torch.rand(2, 1, 20, 40, generator=generator())
    assert random_affine(x, 1, 10, 0.1, generator()).shape == x.shape


def test_scale_enlarges_and_shrinks() -> None:
    x = torch.zeros(300, 1, 41, 41)
    x[:, :, 10:31, 10:31] = 1  # 441 pixels
    sizes = random_affine(x, 0, 0, 0.2, generator()).sum((1, 2, 3)).sqrt() / 21
    assert 1.15 < float(sizes.max()) <= 1.22 and 0.78 <= float(sizes.min()) < 0.85


def test_what_comes_in_repeats_the_border() -> None:
    x = torch.ones(4, 1, 9, 9)
    torch.testing.assert_close(random_affine(x, 4, 45, 0.5, generator()), x)


def test_same_generator_same_result() -> None:
    x = images()
    one, two, other = (random_affine(x, 2, 10, 0.1, generator(s)) for s in (7, 7, 8))
    assert torch.equal(one, two) and not torch.equal(one, other)


def test_the_augmentation_leaves_the_global_random_state_alone() -> None:
    state = torch.get_rng_state()
    random_affine(images(), 2, 10, 0.1, generator())
    epoch_order(100, 1, 2)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_order_of_an_epoch_is_a_function_of_seed_and_epoch() -> None:
    assert torch.equal(epoch_order(50, 3, 4), epoch_order(50, 3, 4))
    orders = {tuple(epoch_order(50, seed, epoch).tolist()) for seed in range(4) for epoch in range(4)}
    assert len(orders) == 16
    assert sorted(epoch_order(50, 3, 4).tolist()) == list(range(50))
    epoch_order(5, 2**31 - 1, 1000)  # the largest of both
