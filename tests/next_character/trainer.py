"""Model and trainer of the next-character plugin."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from core import models
from core.kinds import get_kind
from core.training import random_state
from core.training.batches import epoch_order
from core.training.events import Done, EpochEnd, Event, Step
from core.training.progress import TrainingProgress


class CharacterMLP(nn.Module):
    """Logits (B, K) of the next character from codes (B, context)."""

    def __init__(self, context: int, num_outputs: int, width: int) -> None:
        super().__init__()
        self.num_outputs = num_outputs
        self.body = nn.Sequential(
            nn.Linear(context * num_outputs, width), nn.Tanh(), nn.Linear(width, num_outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, K)."""
        return self.body(F.one_hot(x.long(), self.num_outputs).float().flatten(1))


class NextCharacterTrainer(TrainingProgress):
    """The smallest trainer that can be stopped and resumed."""

    def __init__(self, model: str, data: Any, recipe: Any, fabric: Any) -> None:
        self.recipe, self.data, self.fabric = recipe, data, fabric
        self.selection_metric = get_kind(data.kind).selection_metric
        self.x, self.y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
        torch.manual_seed(recipe.seed)
        self.rng = torch.Generator().manual_seed(recipe.seed)
        network = models.create_model(model, data.in_shape, data.num_outputs, **recipe.part("model"))
        self._plan(len(self.x), recipe.batch_size, recipe.epochs, recipe.max_steps)
        self._average_weights(network, 0.0, fabric.device)
        self.network, self.optimizer = fabric.setup(
            network, torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
        )

    in_shape = property(lambda self: tuple(self.data.in_shape))
    trained_module = property(lambda self: self.network.module)
    metric_names = ("train/loss", "val/loss", "val/perplexity")

    @property
    def images_seen(self) -> int:
        """Windows seen."""
        epochs, batches = divmod(self.step, self.steps_per_epoch)
        return epochs * len(self.x) + batches * self.recipe.batch_size

    def run(self) -> Iterator[Event]:
        """Train from the current state to the end."""
        while self.epoch < self.total_epochs:
            order = epoch_order(len(self.x), self.recipe.seed, self.epoch)
            for batch in self._epoch_batches():
                index = order[batch * self.recipe.batch_size : (batch + 1) * self.recipe.batch_size]
                loss = F.cross_entropy(self.network(self.x[index]), self.y[index])
                self.optimizer.zero_grad()
                self.fabric.backward(loss)
                self.optimizer.step()
                self.step += 1
                share = self.step / self.steps_per_epoch
                yield Step(self.step, share, self.images_seen, {"train/loss": float(loss.detach())})
            self.epoch += 1
            with torch.no_grad():
                loss = float(F.cross_entropy(self.network(self.x), self.y))
            metrics = {"val/loss": loss, "val/perplexity": math.exp(loss)}
            is_best = self._update_best(metrics)
            yield EpochEnd(self.step, self.epoch, self.images_seen, metrics, is_best, None)
        yield Done(self.step, self.best["epoch"], self._end_reason())

    def state(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return {
            "model": self.network.module.state_dict(),
            "optimizer": self.optimizer.optimizer.state_dict(),
            **random_state.get_rng_state(self.rng),
            **self._progress_state(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Return to where `state()` was taken."""
        self.network.module.load_state_dict(state["model"])
        self.optimizer.optimizer.load_state_dict(state["optimizer"])
        random_state.set_rng_state(state, self.rng)
        self._load_progress(state)

    def output_scale(self) -> dict[str, float]:
        """Logits are not rescaled."""
        return {"mean": 0.0, "std": 1.0}

    def probe_examples(self) -> None:
        """No probes."""
        return
