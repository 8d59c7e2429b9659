"""The toy GAN plays the real game: who sits out does not change, the generated points come to the real ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import energy_distance

from core.lessons import toy_gan
from core.lessons.toy_gan import SHAPES, ToyGAN, sample_real_points


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


@pytest.mark.parametrize("shape", SHAPES)
def test_real_points_stay_in_the_image(shape: str) -> None:
    points = sample_real_points(shape, 2000, torch.Generator().manual_seed(0))
    assert points.shape == (2000, 2) and points.abs().max() < 1.2


@pytest.mark.parametrize(("generator", "discriminator"), [(True, False), (False, True), (False, False)])
def test_who_sits_out_does_not_learn(generator: bool, discriminator: bool) -> None:
    game = ToyGAN("ring")
    before = weights(game.generator), weights(game.discriminator)
    game.step(train_generator=generator, train_discriminator=discriminator)
    assert torch.equal(before[0], weights(game.generator)) is not generator
    assert torch.equal(before[1], weights(game.discriminator)) is not discriminator


def test_one_seed_gives_one_game_and_looking_changes_nothing() -> None:
    torch.manual_seed(5)
    one, other = ToyGAN("eight", seed=3), ToyGAN("eight", seed=3)
    for _ in range(5):
        one.step()
        one.snapshot()
        one.distance()
        other.step()
    assert torch.equal(weights(one.generator), weights(other.generator))
    assert one.history == other.history and one.history[-1].step == 5


@pytest.mark.parametrize("shape", ["ring", "eight", "moons"])
@pytest.mark.slow
def test_the_points_come_to_the_real_ones(shape: str) -> None:
    torch.set_num_threads(1)
    game = ToyGAN(shape)
    before = game.distance()
    for _ in range(1000):
        game.step()
    assert game.distance() < 0.15 * before


def test_a_discriminator_alone_learns_to_tell() -> None:
    torch.set_num_threads(1)
    game = ToyGAN("two")
    for _ in range(300):
        last = game.step(train_generator=False)
    assert last.real > 0.8 and last.generated < 0.2


def test_the_distance_is_the_energy_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against scipy's, which is of one dimension: points on a line."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, 400), rng.normal(1, 1, 400)
    on_a_line = [torch.from_numpy(np.stack([v, 0 * v], 1)).float() for v in (x, y)]
    monkeypatch.setattr(toy_gan, "sample_real_points", lambda *_: on_a_line[0])
    game = ToyGAN("blob")
    game.generator.forward = lambda _: on_a_line[1]
    assert game.distance() == pytest.approx(energy_distance(x, y) ** 2, abs=0.02)


def test_scores_are_read_from_below() -> None:
    game = ToyGAN("blob")
    _real, _fake, scores = game.snapshot(grid=5)
    with torch.no_grad():
        corner = game.discriminator(torch.tensor([[-1.2, 1.2]]))
    assert scores[-1, 0] == pytest.approx(float(corner), rel=1e-5)
