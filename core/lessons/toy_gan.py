"""A GAN that generates points in the plane, small enough to watch completely: what CycleGAN's generators and
discriminators do.

Goodfellow et al., Generative adversarial nets (arXiv 1406.2661), with the least-squares loss of Mao et al.
(arXiv 1611.04076), as in CycleGAN. The visualization on points follows GAN Lab (Kahng et al., arXiv
1809.01587).

Shapes: B batch size, points (B, 2), roughly in [-1, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from core.messages import N_

BATCH = 128
WIDTH = 32
SHAPES = {
    "blob": N_("one Gaussian"),
    "two": N_("two Gaussians"),
    "ring": N_("ring"),
    "eight": N_("eight Gaussians"),
    "moons": N_("two moons"),
}
Shape = Literal["blob", "two", "ring", "eight", "moons"]


def sample_real_points(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """Sample `count` points (count, 2) of the real distribution `shape`."""
    noise = torch.randn(count, 2, generator=generator)
    u = torch.rand(count, generator=generator)
    match shape:
        case "blob":
            return torch.tensor([0.5, 0.3]) + 0.12 * noise
        case "two":
            center = torch.where(u[:, None] < 0.5, torch.tensor([-0.5, -0.4]), torch.tensor([0.5, 0.4]))
            return center + 0.1 * noise
        case "ring":
            return (
                0.65 * torch.stack([torch.cos(2 * math.pi * u), torch.sin(2 * math.pi * u)], 1) + 0.03 * noise
            )
        case "eight":
            angle = 2 * math.pi * torch.floor(8 * u) / 8
            return 0.7 * torch.stack([torch.cos(angle), torch.sin(angle)], 1) + 0.04 * noise
        case "moons":
            upper, t = u < 0.5, math.pi * (2 * u % 1)
            x = torch.where(upper, torch.cos(t) - 0.5, 0.5 - torch.cos(t))
            y = torch.where(upper, torch.sin(t) - 0.25, 0.25 - torch.sin(t))
            return 0.6 * torch.stack([x, y], 1) + 0.04 * noise
    raise ValueError(f"unknown shape: {shape}")


def _make_network(outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2, WIDTH),
        nn.LeakyReLU(0.2),
        nn.Linear(WIDTH, WIDTH),
        nn.LeakyReLU(0.2),
        nn.Linear(WIDTH, outputs),
    )


@dataclass(frozen=True)
class StepResult:
    """Result of a training step.

    Attributes:
        step: number of the step, from 1.
        generator: loss of the generator.
        discriminator: loss of the discriminator.
        real: mean score of real points.
        generated: mean score of generated points.
    """

    step: int
    generator: float
    discriminator: float
    real: float
    generated: float


class ToyGAN:
    """Generator, discriminator, their optimizers and the history. `seed` fixes everything."""

    def __init__(
        self, shape: Shape, seed: int = 0, generator_rate: float = 0.001, discriminator_rate: float = 0.003
    ) -> None:
        self.shape, self.rng, self.step_count = shape, torch.Generator().manual_seed(seed), 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator, self.discriminator = _make_network(2), _make_network(1)
        adam = {"betas": (0.5, 0.9)}
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), lr=generator_rate, **adam)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=discriminator_rate, **adam)
        self.history: list[StepResult] = []

    def step(self, train_generator: bool = True, train_discriminator: bool = True) -> StepResult:
        """Train the discriminator, then the generator, on one batch; either can be left out."""
        real = sample_real_points(self.shape, BATCH, self.rng)
        fake = self.generator(self.sample_noise(BATCH))  # (B, 2)

        # L(D) = ½ E[(D(x) - 1)²] + ½ E[D(G(z))²]
        on_real, on_fake = self.discriminator(real), self.discriminator(fake.detach())
        d_loss = ((on_real - 1).square().mean() + on_fake.square().mean()) / 2
        if train_discriminator:
            self.d_optimizer.zero_grad()
            d_loss.backward()
            self.d_optimizer.step()

        # L(G) = E[(D(G(z)) - 1)²]
        g_loss = (self.discriminator(fake) - 1).square().mean()
        if train_generator:
            self.g_optimizer.zero_grad()
            g_loss.backward()
            self.g_optimizer.step()

        self.step_count += 1
        result = StepResult(
            self.step_count,
            float(g_loss.detach()),
            float(d_loss.detach()),
            float(on_real.detach().mean()),
            float(on_fake.detach().mean()),
        )
        self.history.append(result)
        return result

    def sample_noise(self, count: int) -> Tensor:
        """Inputs of the generator: points (count, 2) of a standard normal distribution."""
        return torch.randn(count, 2, generator=self.rng)

    @torch.no_grad()
    def snapshot(
        self, count: int = 400, grid: int = 41, seed: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The current state, for plotting. Uses random numbers of its rng, so that training is not affected.

        Returns:
            Real points (count, 2), generated points (count, 2), and the discriminator's scores (grid, grid)
                over [-1.2, 1.2]², bottom row
            first.
        """
        rng = torch.Generator().manual_seed(seed)
        real = sample_real_points(self.shape, count, rng)
        fake = self.generator(torch.randn(count, 2, generator=rng))
        axis = torch.linspace(-1.2, 1.2, grid)
        rows, columns = torch.meshgrid(axis, axis, indexing="ij")
        scores = self.discriminator(torch.stack([columns, rows], -1).reshape(-1, 2)).view(grid, grid)
        return real.numpy(), fake.numpy(), scores.numpy()

    @torch.no_grad()
    def distance(self, count: int = 400, seed: int = 2) -> float:
        """Energy distance between generated and real points; 0 for equal distributions (Székely and Rizzo,
        2013).
        """
        rng = torch.Generator().manual_seed(seed)
        real, fake = (
            sample_real_points(self.shape, count, rng),
            self.generator(torch.randn(count, 2, generator=rng)),
        )

        def within(x: Tensor) -> Tensor:
            return torch.cdist(x, x).sum() / (len(x) * (len(x) - 1))

        return float(2 * torch.cdist(real, fake).mean() - within(real) - within(fake))
