"""A GAN whose pictures are points of the plane: the game of CycleGAN's generators and discriminators, small enough to be watched whole.

Goodfellow et al., Generative adversarial nets (arXiv 1406.2661), with the least-squares loss of Mao et al. (arXiv 1611.04076), as CycleGAN
has it. The idea of showing it on points is GAN Lab's (Kahng et al., arXiv 1809.01587).

Shapes: B points of a batch, (B, 2) in [-1, 1] about.
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
    """`count` points (count, 2) of a distribution, around which the game is played."""
    noise = torch.randn(count, 2, generator=generator)
    u = torch.rand(count, generator=generator)
    match shape:
        case "blob":
            return torch.tensor([0.5, 0.3]) + 0.12 * noise
        case "two":
            centre = torch.where(u[:, None] < 0.5, torch.tensor([-0.5, -0.4]), torch.tensor([0.5, 0.4]))
            return centre + 0.1 * noise
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
    raise ValueError(f"no shape is called {shape}")


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
    """What a step came to: the losses of both sides, and the mean scores of real and generated points."""

    step: int
    generator: float
    discriminator: float
    real: float
    generated: float


class ToyGAN:
    """Both networks, their optimizers and where they stand. One seed fixes all."""

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
        """One batch: the discriminator learns to tell, then the generator learns to be taken for real; either may sit out."""
        real = sample_real_points(self.shape, BATCH, self.rng)
        fake = self.generator(self.noise(BATCH))  # (B, 2)

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
        found = StepResult(
            self.step_count,
            float(g_loss.detach()),
            float(d_loss.detach()),
            float(on_real.detach().mean()),
            float(on_fake.detach().mean()),
        )
        self.history.append(found)
        return found

    def noise(self, count: int) -> Tensor:
        """What the generator starts from: points (count, 2) of a normal distribution."""
        return torch.randn(count, 2, generator=self.rng)

    @torch.no_grad()
    def look(
        self, count: int = 400, grid: int = 41, seed: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Real points (count, 2), generated points (count, 2), and the discriminator's scores (grid, grid) over [-1.2, 1.2]², rows from
        below. Draws nothing from the game's own random numbers."""
        own = torch.Generator().manual_seed(seed)
        real = sample_real_points(self.shape, count, own)
        fake = self.generator(torch.randn(count, 2, generator=own))
        axis = torch.linspace(-1.2, 1.2, grid)
        rows, columns = torch.meshgrid(axis, axis, indexing="ij")
        scores = self.discriminator(torch.stack([columns, rows], -1).reshape(-1, 2)).view(grid, grid)
        return real.numpy(), fake.numpy(), scores.numpy()

    @torch.no_grad()
    def distance(self, count: int = 400, seed: int = 2) -> float:
        """How far generated points are from real ones: the energy distance, 0 for the same distribution (Székely and Rizzo, 2013)."""
        own = torch.Generator().manual_seed(seed)
        real, fake = (
            sample_real_points(self.shape, count, own),
            self.generator(torch.randn(count, 2, generator=own)),
        )

        def within(x: Tensor) -> Tensor:
            return torch.cdist(x, x).sum() / (len(x) * (len(x) - 1))

        return float(2 * torch.cdist(real, fake).mean() - within(real) - within(fake))
