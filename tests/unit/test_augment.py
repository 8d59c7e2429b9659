"""Augmentation of whole batches: held against the plain operations that it stands for."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from core.data import augment


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 64, size: int = 8) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, size, size), generator=generator(9)).to(torch.uint8)


def test_a_crop_is_a_window_of_the_reflect_padded_image():
    x, reach = images(), 3
    found = augment.random_crop_flip(x, reach, None, generator())
    padded = F.pad(x.float(), (reach,) * 4, mode="reflect").to(torch.uint8)
    windows = {
        (dy, dx): padded[:, :, dy : dy + 8, dx : dx + 8]
        for dy in range(2 * reach + 1)
        for dx in range(2 * reach + 1)
    }
    places = [next(k for k, w in windows.items() if torch.equal(w[i], found[i])) for i in range(len(x))]
    assert len(set(places)) > 20 and found.dtype == torch.uint8


def test_those_that_are_flipped_are_mirrored_and_no_others():
    x = images()
    flipped = torch.arange(len(x)) % 2 == 0
    found = augment.random_crop_flip(x, 0, flipped, generator())
    assert torch.equal(found[flipped], x[flipped].flip(-1)) and torch.equal(found[~flipped], x[~flipped])
    assert augment.random_crop_flip(x, 0, None, generator()) is x


def test_alternating_shows_every_image_both_ways_in_two_epochs():
    first, index = torch.rand(100, generator=generator()) < 0.5, torch.randperm(100, generator=generator(1))
    even, odd = (augment.flip_mask("alternating", index, epoch, first, generator()) for epoch in (4, 5))
    assert torch.equal(even, first[index]) and torch.equal(odd, ~even)


def test_random_mirrors_about_half_and_none_mirrors_nothing():
    index, first = torch.arange(10_000), torch.zeros(10_000, dtype=torch.bool)
    assert 4_800 < int(augment.flip_mask("random", index, 0, first, generator()).sum()) < 5_200
    assert augment.flip_mask("none", index, 0, first, generator()) is None
    with pytest.raises(ValueError, match="sideways"):
        augment.flip_mask("sideways", index, 0, first, generator())


@pytest.mark.parametrize("size", [2, 3, 4])
def test_cutout_grays_out_one_square_of_all_channels(size):
    x = torch.ones(200, 3, 8, 8)
    holes = augment.cutout(x, size, generator()) == 0
    assert torch.equal(holes[:, 0], holes[:, 1]) and torch.equal(holes[:, 0], holes[:, 2])
    areas = holes[:, 0].sum((1, 2))
    assert int(areas.max()) == size * size and int(areas.min()) > 0  # cut off only at a border
    inside = holes[:, 0][areas == size * size]
    assert all(int(h.any(0).sum()) == int(h.any(1).sum()) == size for h in inside)
    assert augment.cutout(x, 0, generator()) is x


def test_jitter_changes_every_image_in_its_own_way_and_keeps_bounds():
    x = torch.randn(100, 3, 8, 8, generator=generator(3))
    found = augment.color_jitter(x, 0.3, generator())
    assert augment.color_jitter(x, 0.0, generator()) is x
    assert len({round(float(d), 4) for d in (found - x).abs().mean((1, 2, 3))}) > 90
    assert float((found.mean((1, 2, 3)) - x.mean((1, 2, 3))).abs().max()) <= 0.3 + 1e-5
    gray = x.mean(1, keepdim=True).expand(-1, 3, -1, -1).clone()
    same = augment.color_jitter(gray, 0.3, generator())
    torch.testing.assert_close(same[:, 0], same[:, 2])  # what has no color gets none


def test_the_same_generator_draws_the_same():
    x = images()

    def drawn() -> torch.Tensor:
        g = generator()
        return augment.random_crop_flip(
            x, 2, augment.flip_mask("random", torch.arange(64), 0, torch.zeros(64), g), g
        )

    one, two = drawn(), drawn()
    assert torch.equal(one, two)


def test_recoloring_keeps_brightness_and_turns_hue() -> None:
    x = 0.3 + 0.4 * torch.rand(64, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    turned = augment.random_hue_grayscale(x, 0.15, 0.0, torch.Generator().manual_seed(1))
    torch.testing.assert_close((turned * weights).sum(1), (x * weights).sum(1), atol=2e-3, rtol=0)
    assert (turned - x).abs().mean() > 0.01
    gray = augment.random_hue_grayscale(x, 0.0, 1.0, torch.Generator().manual_seed(1))
    torch.testing.assert_close(gray, (x * weights).sum(1, keepdim=True).expand_as(x), atol=2e-3, rtol=0)
    some = augment.random_hue_grayscale(x, 0.0, 0.5, torch.Generator().manual_seed(1))
    colorless = (some - gray).abs().amax((1, 2, 3)) < 2e-3
    assert 16 < colorless.sum() < 48
    torch.testing.assert_close(some[~colorless], x[~colorless], atol=2e-3, rtol=0)
    assert augment.random_hue_grayscale(x, 0.0, 0.0, torch.Generator()) is x


def test_a_half_turn_of_hue_gives_the_complement() -> None:
    """skimage's YIQ: I and Q change their signs."""
    from skimage.color import rgb2yiq, yiq2rgb

    x = 0.4 + 0.2 * torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    yiq = rgb2yiq(x[0].permute(1, 2, 0).numpy())
    yiq[..., 1:] *= -1
    expected = yiq2rgb(yiq)

    generator = torch.Generator()
    for seed in range(2000):  # a draw that is (almost) half a turn
        generator.manual_seed(seed)
        if abs(abs(float(torch.rand(1, generator=generator)) * 2 - 1) - 1) < 1e-3:
            break
    generator.manual_seed(seed)
    found = augment.random_hue_grayscale(x, 1.0, 0.0, generator)[0].permute(1, 2, 0).numpy()
    assert abs(found - expected).max() < 0.01


def test_a_vertical_flip_turns_about_half_upside_down() -> None:
    x = images(400)
    found = augment.random_vertical_flip(x, generator())
    turned = (found == x.flip(2)).all((1, 2, 3))
    assert 160 < int(turned.sum()) < 240 and torch.equal(found[~turned], x[~turned])


def test_a_resized_crop_is_a_part_of_the_image_at_full_size() -> None:
    ramp = torch.linspace(0, 1, 32).view(1, 1, 1, 32).expand(200, 1, 32, 32).contiguous()
    found = augment.random_resized_crop(ramp, 0.25, generator())
    assert found.shape == ramp.shape and augment.random_resized_crop(ramp, 1.0, generator()) is ramp
    shares = []
    for x in (ramp, ramp.transpose(2, 3)):
        y = augment.random_resized_crop(x, 0.25, generator())
        assert float(y.min()) >= 0 and float(y.max()) <= 1
        shares.append(y.amax((1, 2, 3)) - y.amin((1, 2, 3)))  # of the width, then of the height
    area, ratio = shares[0] * shares[1], shares[0] / shares[1]
    assert 0.2 < float(area.min()) < 0.35 and float(area.max()) > 0.85
    assert 0.7 < float(ratio.min()) < 0.85 and 1.2 < float(ratio.max()) < 1.4


def test_erasing_masks_one_rectangle_in_some_images() -> None:
    x = torch.ones(400, 3, 24, 24)
    holes = augment.random_erasing(x, 0.5, generator()) == 0
    assert torch.equal(holes[:, 0], holes[:, 2])
    areas = holes[:, 0].sum((1, 2))
    assert 160 < int((areas > 0).sum()) < 240 and 0.3 < int(areas.max()) / 24**2 < 0.4
    rows, columns = holes[:, 0].any(2).sum(1), holes[:, 0].any(1).sum(1)
    assert torch.equal(rows * columns, areas)
    assert augment.random_erasing(x, 0.0, generator()) is x


def test_augmentations_that_are_off_draw_no_random_number() -> None:
    """Runs of earlier versions resume to the same numbers."""
    from core import data, tasks
    from core.training.batches import Batches

    dataset, used = data.load_dataset("cifar10", download=False), generator()
    batches = Batches(dataset, dataset.train_x[:32], dataset.train_y[:32])
    recipe = tasks.get_task("cifar10-best").recipe.changed(flip="none", crop_padding=0, cutout=0)
    assert not recipe.vertical_flip and recipe.resized_crop == 1 and not recipe.random_erasing
    batches.augment(torch.arange(32), recipe, 0, torch.zeros(32, dtype=torch.bool), used)
    assert torch.equal(used.get_state(), generator().get_state())
    on = recipe.changed(vertical_flip=True, resized_crop=0.5, random_erasing=0.5)
    batches.augment(torch.arange(32), on, 0, torch.zeros(32, dtype=torch.bool), used)
    assert not torch.equal(used.get_state(), generator().get_state())
