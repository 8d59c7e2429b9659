"""Deformations of digits: which images change, where the ink goes."""

from __future__ import annotations

import pytest
import torch

from core.data import augment_digits


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vertical_lines(count: int) -> torch.Tensor:
    """Images (count, 1, 28, 28) of a vertical stroke, two pixels wide and 20 high."""
    x = torch.zeros(count, 1, 28, 28)
    x[:, :, 4:24, 13:15] = 1
    return x


NONE = {"pen_strokes": 0.0, "stroke_width": 0.0, "shear": 0.0, "elastic": 0.0}


def test_without_an_amount_nothing_changes_and_no_random_number_is_drawn():
    x, rng = vertical_lines(4), generator()
    assert augment_digits.deform_digits(x, torch.arange(4), **NONE, generator=rng) is x
    assert torch.equal(rng.get_state(), generator().get_state())


def test_half_of_the_images_stay_as_they_are():
    x = vertical_lines(1000)
    amounts = {**NONE, "elastic": 2.0, "generator": generator()}
    changed = augment_digits.deform_digits(x, torch.zeros(1000, dtype=torch.long), **amounts)
    share = (changed != x).flatten(1).any(1).float().mean()
    assert 0.45 < share < 0.55


@pytest.mark.parametrize("label", range(10))
def test_strokes_are_added_to_one_seven_and_nine_only(label):
    x = vertical_lines(32)
    drawn = augment_digits.add_pen_strokes(x, torch.full((32,), label), 1.0, generator())
    added = (drawn - x).flatten(1).sum(1)
    if label in (1, 7, 9):
        assert (drawn >= x).all() and (added > 3).all() and drawn.max() <= 1
    else:
        assert torch.equal(drawn, x)


def test_a_one_gets_a_flag_to_the_left_of_its_top_and_a_base_on_both_sides():
    x = vertical_lines(64)
    added = augment_digits.add_pen_strokes(x, torch.ones(64, dtype=torch.long), 1.0, generator()) - x
    upper, lower = added[:, 0, :20].sum((0, 1)), added[:, 0, 22:].sum((0, 1))  # ink per column
    assert upper[:12].sum() > 20 * upper[16:].sum()
    assert lower[:12].sum() > 64 and lower[16:].sum() > 64


def test_the_probability_is_that_of_each_stroke():
    x = vertical_lines(2000)
    drawn = augment_digits.add_pen_strokes(x, torch.full((2000,), 7), 0.3, generator())
    share = (drawn != x).flatten(1).any(1).float().mean()
    assert 0.26 < share < 0.34


def test_strokes_become_thicker_and_thinner_and_stay_as_bright():
    x = vertical_lines(400)
    x[:, :, 4:24, 12:16] = 1  # wider than what an erosion removes
    changed = augment_digits.random_stroke_width(x, 0.6, generator())
    ink = changed.flatten(1).sum(1) / x[0].sum()
    assert ink.min() < 0.75 and ink.max() > 1.25
    assert torch.allclose(changed.amax((1, 2, 3)), torch.ones(400))


def test_a_slant_moves_top_and_bottom_apart_by_its_angle():
    x = vertical_lines(300)
    slanted = augment_digits.random_shear_elastic(x, 20.0, 0.0, generator())
    columns = torch.arange(28.0)
    top, bottom = ((slanted[:, 0, row] * columns).sum(1) / slanted[:, 0, row].sum(1) for row in (5, 22))
    slope = (top - bottom) / 17
    limit = torch.tan(torch.deg2rad(torch.tensor(20.0)))
    assert slope.abs().max() < limit + 0.05 and slope.max() > 0.8 * limit and slope.min() < -0.8 * limit


def test_an_elastic_deformation_bends_but_keeps_the_ink():
    x = vertical_lines(200)
    bent = augment_digits.random_shear_elastic(x, 0.0, 1.2, generator())
    ink = bent.flatten(1).sum(1) / x[0].sum()
    assert 0.9 < ink.mean() < 1.1
    columns = (bent[:, 0] * torch.arange(28.0)).sum(2) / bent[:, 0].sum(2).clamp(min=1e-6)
    assert (columns[:, 5:22].amax(1) - columns[:, 5:22].amin(1)).median() > 0.5  # no longer straight


def test_a_blank_image_stays_finite():
    x = torch.zeros(3, 1, 28, 28)
    changed = augment_digits.deform_digits(
        x,
        torch.tensor([1, 7, 9]),
        pen_strokes=1.0,
        stroke_width=1.0,
        shear=10.0,
        elastic=1.0,
        generator=generator(),
    )
    assert changed.isfinite().all()
