"""Training of the playground, a few milliseconds at a time.

Shapes: N points, F features, G grid points per side, U units of a layer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.lessons.playground.data_sets import RANGE, PointSet, make_features
from core.lessons.playground.network import ACTIVATIONS, build_network, data_loss, make_optimizer, penalty
from core.lessons.playground.settings import Settings
from core.messages import Message, N_

GRID = 50
MAX_EPOCHS = 10_000
PLATEAU_EPOCHS = 500
"""Epochs without a lower training loss after which a training has converged; some networks stay on a plateau for hundreds."""
_MAX_HISTORY = 240
_ACTIVATION_TYPES = tuple(ACTIVATIONS.values())
_DEAD = 1e-6  # a unit whose output varies less than this over all training points


@dataclass(frozen=True)
class Frame:
    """State of a training, for drawing.

    Attributes:
        epoch: completed epochs, as a fraction.
        step: completed steps.
        train_loss: loss on the training points, without penalties.
        test_loss: loss on the test points.
        train_accuracy: share of training points on the right side, None for regression.
        test_accuracy: of test points.
        output: (G, G) probability of class 1, or prediction, bottom row first; (3, G, G) probabilities of three classes.
        units: outputs of hidden units (U, G/2, G/2) per layer.
        weights: weight matrices (out, in), the output layer last.
        gradient_norms: norm of each weight matrix's gradient in the last step; empty before the first.
        dead_units: per hidden layer, units with the same output for all training points.
        history: rows of epoch, training loss and test loss, thinned.
        end: why the training has ended, None while it can go on.
        has_failed: whether it ended because of a value that is not finite.
    """

    epoch: float
    step: int
    train_loss: float
    test_loss: float
    train_accuracy: float | None
    test_accuracy: float | None
    output: np.ndarray
    units: tuple[np.ndarray, ...]
    weights: tuple[np.ndarray, ...]
    gradient_norms: tuple[float, ...]
    dead_units: tuple[int, ...]
    history: tuple[tuple[float, float, float], ...]
    end: Message | None
    has_failed: bool


def grid_points(side: int = GRID) -> np.ndarray:
    """Return the points (side², 2) of a square grid, row by row from the bottom."""
    axis = np.linspace(-RANGE, RANGE, side, dtype=np.float32)
    columns, rows = np.meshgrid(axis, axis)
    return np.stack([columns.ravel(), rows.ravel()], 1)


class Trainer:
    """A network, its optimizer and its place in the epoch. Settings and points fix every step."""

    def __init__(self, settings: Settings, points: PointSet) -> None:
        self.settings, self.is_regression = settings, points.is_regression
        inputs = torch.from_numpy(make_features(points.points, settings.features).astype(np.float32))
        targets = torch.from_numpy(points.targets)
        if points.num_classes > 2:
            targets = targets.long()
        self.x, self.y = inputs[points.train], targets[points.train]
        self.test_x, self.test_y = inputs[points.test], targets[points.test]
        self.grid = torch.from_numpy(make_features(grid_points(), settings.features).astype(np.float32))
        self.model = build_network(settings)
        self.linear = [layer for layer in self.model if isinstance(layer, nn.Linear)]
        self.weights = [layer.weight for layer in self.linear]
        self._has_modes = settings.batch_norm or settings.dropout > 0  # training differs from evaluation
        self.optimizer = make_optimizer(list(self.model.parameters()), settings)
        self.rng = torch.Generator().manual_seed(settings.seed)
        self.batch_size = settings.batch_size or len(self.x)
        self.steps_per_epoch = math.ceil(len(self.x) / self.batch_size)
        self.step_count = 0
        self.batches: list[Tensor] = []
        self.gradient_norms: tuple[float, ...] = ()
        self.end: Message | None = None
        self.has_failed = False
        self.history: list[tuple[float, float, float]] = []
        self._best, self._best_epoch = math.inf, 0.0
        self._level, self._level_epoch = math.inf, 0.0
        self._evaluate_epoch()

    @property
    def is_converged(self) -> bool:
        """Whether the training loss has not fallen for `PLATEAU_EPOCHS` epochs, nor since `wait_again`."""
        return self.step_count / self.steps_per_epoch - self._level_epoch >= PLATEAU_EPOCHS

    def wait_again(self) -> None:
        """Begin a new plateau: the training is to go on."""
        self._level_epoch = self.step_count / self.steps_per_epoch

    def _predict(self, x: Tensor) -> Tensor:
        """Return the outputs (N,), or logits (N, 3) of three classes."""
        output = self.model(x)
        return output if self.y.dtype == torch.int64 else output.squeeze(1)

    def step(self) -> None:
        """Train on one batch; nothing if the training has ended."""
        if self.end is not None:
            return
        if not self.batches:
            order = torch.randperm(len(self.x), generator=self.rng)
            self.batches = list(order.split(self.batch_size))[::-1]
        batch = self.batches.pop()
        if not (self.settings.batch_norm and len(batch) == 1):  # which has no variance
            self._update(batch)
        self.step_count += 1
        if not self.batches and self.end is None:
            self._evaluate_epoch()

    def _update(self, batch: Tensor) -> None:
        if self._has_modes:
            self.model.train()
        loss = data_loss(self._predict(self.x[batch]), self.y[batch], self.is_regression)
        if self.settings.l1 or self.settings.l2:
            loss = loss + penalty(self.weights, self.settings.l1, self.settings.l2)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if not math.isfinite(loss.item()):
            self._fail()

    def _fail(self) -> None:
        norms = self._measure_gradients()
        bad = next((i for i, norm in enumerate(norms) if not math.isfinite(norm)), len(norms) - 1)
        self.has_failed = True
        self.end = Message(
            N_(
                "Stopped at step {step}: the loss is no longer a finite number. At learning rate {rate} each step "
                "overshoots, so weights and gradients grew until layer {layer} overflowed. Lower the learning "
                "rate, or use smaller initial weights."
            ),
            {"step": self.step_count + 1, "rate": f"{self.settings.learning_rate:g}", "layer": bad + 1},
        )

    def _measure_gradients(self) -> tuple[float, ...]:
        return tuple(float(w.grad.norm()) for w in self.weights if w.grad is not None)

    @torch.no_grad()
    def _losses(self) -> tuple[float, float, float | None, float | None]:
        if self._has_modes:
            self.model.eval()
        result = []
        for x, y in ((self.x, self.y), (self.test_x, self.test_y)):
            output = self._predict(x)
            right = None if self.is_regression else float(_is_right(output, y).float().mean())
            result.append((float(data_loss(output, y, self.is_regression)), right))
        (train, train_right), (test, test_right) = result
        return train, test, train_right, test_right

    def _evaluate_epoch(self) -> None:
        epoch = self.step_count / self.steps_per_epoch
        train, test, *_ = self._losses()
        self.history.append((epoch, train, test))
        if len(self.history) > 2 * _MAX_HISTORY:
            self.history = self.history[::2]
        if test < self._best:
            self._best, self._best_epoch = test, epoch
        if train < self._level - max(1e-4, 1e-3 * abs(train)):
            self._level, self._level_epoch = train, epoch
        patience = self.settings.early_stopping
        if patience and epoch - self._best_epoch >= patience:
            self.end = Message(
                N_(
                    "Stopped early at epoch {epoch}: the test loss was lowest at epoch {best} and has not improved since."
                ),
                {"epoch": round(epoch), "best": round(self._best_epoch)},
            )
        elif epoch >= MAX_EPOCHS:
            self.end = Message.counted(
                "Stopped after {count} epoch.", "Stopped after {count} epochs.", MAX_EPOCHS
            )

    @torch.no_grad()
    def _hidden_outputs(self, x: Tensor) -> list[Tensor]:
        """Return the outputs (N, U) of each hidden layer's activation, and of the network."""
        found = []
        for layer in self.model[:-1]:
            x = layer(x)
            if isinstance(layer, _ACTIVATION_TYPES):
                found.append(x)
        return [*found, self.model[-1](x)]

    @torch.no_grad()
    def frame(self) -> Frame:
        """Return the current state. It does not change the training."""
        train, test, train_right, test_right = self._losses()
        *hidden, output = self._hidden_outputs(self.grid)
        on_points = self._hidden_outputs(self.x)[:-1]
        if output.shape[1] > 1:
            shown = torch.softmax(output, 1).T.reshape(-1, GRID, GRID)
        else:
            shown = (output if self.is_regression else torch.sigmoid(output)).view(GRID, GRID)
        thin = max(1, len(self.history) // _MAX_HISTORY)
        epoch = self.step_count / self.steps_per_epoch
        return Frame(
            epoch=epoch,
            step=self.step_count,
            train_loss=train,
            test_loss=test,
            train_accuracy=train_right,
            test_accuracy=test_right,
            output=shown.numpy().copy(),
            units=tuple(h.T.reshape(-1, GRID, GRID)[:, ::2, ::2].numpy().copy() for h in hidden),
            weights=tuple(w.detach().numpy().copy() for w in self.weights),
            gradient_norms=self._measure_gradients(),
            dead_units=tuple(int((h.amax(0) - h.amin(0) < _DEAD).sum()) for h in on_points),
            history=(*self.history[::thin], (epoch, train, test)),
            end=self.end,
            has_failed=self.has_failed,
        )


def _is_right(output: Tensor, target: Tensor) -> Tensor:
    """Return which predictions (N,) are right, of logits of class 1 (N,) or of three classes (N, 3)."""
    if target.dtype == torch.int64:
        return output.argmax(1) == target
    return (output > 0) == (target > 0.5)


def train_in_slices(
    trainers: tuple[Trainer, ...], seconds: Callable[[], float]
) -> Iterator[tuple[Frame, ...]]:
    """Train in lock-step: each takes a step, then the next, for about `seconds()` between two frames.

    Trainers of settings that differ in neither data, network, seed nor batch size see the same batches from the same initial
    weights. Ends when all of them have ended.
    """
    while any(trainer.end is None for trainer in trainers):
        until = time.perf_counter() + seconds()
        while time.perf_counter() < until and any(trainer.end is None for trainer in trainers):
            for trainer in trainers:
                trainer.step()
        yield tuple(trainer.frame() for trainer in trainers)
