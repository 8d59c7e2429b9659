"""Luck meter: many seeds of the same network at once, vectorized with `torch.func`.

Shapes: S seeds, N points.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.func import functional_call, stack_module_state, vmap

from core.lessons.playground.data_sets import make_features, make_points
from core.lessons.playground.network import build_network, data_loss, make_optimizer, penalty
from core.lessons.playground.settings import Settings

NUM_SEEDS = 50
EPOCHS = 500
SOLVED_ACCURACY = 0.95
"""Training accuracy from which a network has solved its points. Label noise would make it unreachable."""


@dataclass(frozen=True)
class LuckResult:
    """Training accuracies (S,) of all seeds after `epochs` of full-batch steps, and whether training is over."""

    accuracies: tuple[float, ...]
    epochs: int
    is_done: bool

    @property
    def solved(self) -> float:
        """Share of seeds that reach `SOLVED_ACCURACY`."""
        return float(np.mean([a >= SOLVED_ACCURACY for a in self.accuracies]))

    @property
    def failed_seed(self) -> int | None:
        """The first seed that did not, None if all did."""
        return next((s for s, a in enumerate(self.accuracies) if a < SOLVED_ACCURACY), None)


def luck_settings(activation: str, width: int, hidden_layers: int = 1) -> Settings:
    """Return the settings that the luck meter trains: XOR, 200 points, all of them in each step."""
    return Settings(
        data="xor",
        points=200,
        noise=0,
        train_share=90,
        hidden=(width,) * hidden_layers,
        activation=activation,
        optimizer="adam",
        learning_rate=0.03,
        batch_size=0,
    )


def train_seeds(
    settings: Settings, seeds: int = NUM_SEEDS, epochs: int = EPOCHS, steps: int = 50
) -> Iterator[LuckResult]:
    """Train `seeds` networks at once, full batch; yield their accuracies every `steps` epochs.

    Points and initial weights of network s are those of `Trainer` with seed s. Batch normalization and dropout are not supported.
    """
    made = [make_points(dataclasses.replace(settings, seed=seed)) for seed in range(seeds)]
    inputs = [make_features(m.points, settings.features).astype(np.float32)[m.train] for m in made]
    x, target = (
        torch.from_numpy(np.stack(inputs)),
        torch.from_numpy(np.stack([m.targets[m.train] for m in made])),
    )
    models = [build_network(settings, seed) for seed in range(seeds)]
    params, buffers = stack_module_state(models)
    skeleton = models[0]
    optimizer = make_optimizer(list(params.values()), settings)
    weights = [value for name, value in params.items() if name.endswith("weight")]

    def forward(p: dict, b: dict, inputs: torch.Tensor) -> torch.Tensor:
        return functional_call(skeleton, (p, b), (inputs,))[:, 0]

    batched = vmap(forward)
    for epoch in range(1, epochs + 1):
        output = batched(params, buffers, x)  # (S, N)
        # The sum over seeds gives each of them the gradient of its own mean loss.
        loss = seeds * data_loss(output, target, made[0].is_regression)
        loss = loss + penalty(weights, settings.l1, settings.l2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % steps == 0 or epoch == epochs:
            with torch.no_grad():
                output = batched(params, buffers, x)
            right = ((output > 0) == (target > 0.5)).float().mean(1)
            yield LuckResult(tuple(right.tolist()), epoch, epoch == epochs)


def opened_settings(settings: Settings, seed: int) -> Settings:
    """Return the settings in which the playground trains the network of `seed` on points of that seed."""
    return dataclasses.replace(settings, seed=seed)
