"""A network for a table, trained by several optimizers in lock-step: same initial weights, same batches.

It runs in the server, a slice of time at a time. Shapes: B batch, F features.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from core import models
from core.checkpoints import Spec
from core.data import ArrayDataset
from core.inference.predictor import Predictor
from core.lessons.house_settings import TASK, NetworkSettings
from core.messages import N_
from core.tasks import get_task

OPTIMIZERS = {"sgd": N_("SGD"), "momentum": N_("SGD with momentum"), "adam": N_("Adam")}
MOMENTUM = 0.9
_MAX_STRETCH = 4


@dataclass(frozen=True)
class Scores:
    """Errors of predictions in the unit of the target: mean squared error, its root, and R²."""

    mse: float
    r2: float

    @property
    def rmse(self) -> float:
        """Root mean squared error."""
        return math.sqrt(self.mse)


@dataclass(frozen=True)
class EpochScores:
    """Scores on both sets after an epoch."""

    epoch: int
    train: Scores
    validation: Scores


@dataclass
class Learner:
    """One of the networks with its optimizer. `diverged_at` is the step at which its loss became infinite, or None."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    history: list[EpochScores] = field(default_factory=list)
    diverged_at: int | None = None


class OptimizerComparison:
    """Networks that differ in their optimizer alone. The settings' seed fixes everything."""

    def __init__(self, dataset: ArrayDataset, settings: NetworkSettings, names: tuple[str, ...]) -> None:
        self.dataset, self.settings = dataset, settings
        self.step_count, self.seconds = 0, 0.0
        self.rng = torch.Generator().manual_seed(settings.seed)
        self.order = torch.empty(0, dtype=torch.long)
        self.y_mean, self.y_std = float(dataset.train_y.mean()), float(dataset.train_y.std()) or 1.0
        self.train_x, self.validation_x = (
            torch.from_numpy(((x - dataset.mean) / dataset.std).astype(np.float32))
            for x in (dataset.train_x, dataset.test_x)
        )
        self.train_y, self.validation_y = (
            torch.from_numpy((y - self.y_mean) / self.y_std) for y in (dataset.train_y, dataset.test_y)
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            start = models.create_model("mlp", dataset.in_shape, 1, **settings.options())
        self.learners = {name: self._make_learner(copy.deepcopy(start), name) for name in names}
        self._score()

    def _make_learner(self, network: nn.Module, name: str) -> Learner:
        optimizer = make_optimizer(network, name, self.settings)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.total_steps)
        return Learner(network, optimizer, schedule)

    @property
    def steps_per_epoch(self) -> int:
        """Batches per epoch."""
        return -(-len(self.train_y) // self.settings.batch_size)

    @property
    def total_steps(self) -> int:
        """Batches of all epochs."""
        return self.steps_per_epoch * self.settings.epochs

    @property
    def is_done(self) -> bool:
        """Whether all epochs are trained, or every network has diverged."""
        return self.step_count >= self.total_steps or all(
            learner.diverged_at is not None for learner in self.learners.values()
        )

    def run(self, seconds: float = math.inf) -> None:
        """Train for about `seconds` of this thread's CPU time, at least one step, or to the end.

        On a busy machine that takes up to `_MAX_STRETCH` times as long: shorter slices would leave more to what is done in between.
        """
        begun, used = time.perf_counter(), time.thread_time()
        while not self.is_done:
            self.step()
            if time.thread_time() - used >= seconds or time.perf_counter() - begun >= _MAX_STRETCH * seconds:
                break
        self.seconds += time.perf_counter() - begun

    def step(self) -> None:
        """Train every network on the same batch; those that have diverged stay as they are."""
        place = self.step_count % self.steps_per_epoch
        if place == 0:
            self.order = torch.randperm(len(self.train_y), generator=self.rng)
        batch = self.order[place * self.settings.batch_size : (place + 1) * self.settings.batch_size]
        x, y = self.train_x[batch], self.train_y[batch]
        self.step_count += 1
        for learner in self.learners.values():
            if learner.diverged_at is None:
                self._train(learner, x, y)
        if self.step_count % self.steps_per_epoch == 0:
            self._score()

    def _train(self, learner: Learner, x: Tensor, y: Tensor) -> None:
        loss = mse_loss(learner.network(x)[:, 0], y)
        if not math.isfinite(loss.item()):
            learner.diverged_at = self.step_count
            return
        learner.optimizer.zero_grad()
        loss.backward()
        learner.optimizer.step()
        learner.schedule.step()

    def _score(self) -> None:
        epoch = self.step_count // self.steps_per_epoch
        for learner in self.learners.values():
            if learner.diverged_at is None:
                learner.history.append(
                    EpochScores(
                        epoch,
                        self._scores(learner.network, self.train_x, self.train_y),
                        self._scores(learner.network, self.validation_x, self.validation_y),
                    )
                )

    @torch.no_grad()
    def _scores(self, network: nn.Module, x: Tensor, y: Tensor) -> Scores:
        error = float((network(x)[:, 0] - y).double().square().mean())
        variance = float(y.double().var(correction=0)) or 1.0
        return Scores(error * self.y_std**2, 1 - error / variance)

    def predictor(self, name: str) -> Predictor:
        """The network trained by optimizer `name`, as a predictor in the unit of the target."""
        return Predictor(copy.deepcopy(self.learners[name].network).eval(), self.spec)

    @property
    def spec(self) -> Spec:
        """What a weights file needs to say about these networks."""
        found, task = self.dataset, get_task(TASK)
        return Spec(
            task=task.name,
            model=task.model,
            options=self.settings.options(),
            in_shape=found.in_shape,
            kind=task.kind,
            classes=(),
            mean=tuple(map(float, found.mean)),
            std=tuple(map(float, found.std)),
            output_mean=self.y_mean,
            output_std=self.y_std,
            data=found.title,
            stand_in_for=found.stand_in_for,
            features=found.features,
            target=found.target,
            epoch=self.step_count // self.steps_per_epoch,
            data_options={"use_b_column": True} if "b" in found.features else {},
        )


def make_optimizer(network: nn.Module, name: str, settings: NetworkSettings) -> torch.optim.Optimizer:
    """Create optimizer `name` of `OPTIMIZERS`. Weight decay does not apply to biases."""
    groups = [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    rate = settings.rate(name)
    match name:
        case "sgd":
            return torch.optim.SGD(groups, lr=rate)
        case "momentum":
            return torch.optim.SGD(groups, lr=rate, momentum=MOMENTUM)
        case "adam":
            return torch.optim.Adam(groups, lr=rate, fused=True)
    raise ValueError(f"unknown optimizer: {name}")


def train_network(dataset: ArrayDataset, settings: NetworkSettings) -> Predictor:
    """Train the recommended network by Adam to the end."""
    comparison = OptimizerComparison(dataset, settings, ("adam",))
    comparison.run()
    return comparison.predictor("adam")
