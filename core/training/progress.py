"""Counting, weight averaging, best epoch and early stopping, shared by all trainers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from core.kinds import SelectionMetric
from core.training.optim import ema_update


class TrainingProgress:
    """Base class of trainers: where a training stands, and which epoch is the best so far.

    Subclasses set `selection_metric` and define `trained_module`, then call `_plan` and `_average_weights` in their constructor.
    """

    selection_metric: SelectionMetric
    trained_module: nn.Module

    def _plan(self, examples: int, batch_size: int, epochs: int, max_steps: int, patience: int = 0) -> None:
        """Derive steps and epochs from `examples` per epoch. `max_steps` 0 and `patience` 0 set no limit."""
        self.steps_per_epoch = math.ceil(examples / batch_size)
        full = epochs * self.steps_per_epoch
        self.total_steps = min(full, max_steps or full)
        self.total_epochs = math.ceil(self.total_steps / self.steps_per_epoch)
        self._is_truncated, self._patience = self.total_steps < full, patience
        self.step, self.epoch = 0, 0
        self.best: dict[str, Any] = {
            "epoch": 0,
            "rank": [math.inf, math.inf],
            "lowest_loss": math.inf,
            "waited": 0,
        }

    def _average_weights(
        self, model: nn.Module, decay: float, device: torch.device, use_buffers: bool = False
    ) -> None:
        """Keep an exponential moving average of the weights of `model` if `decay` is not 0.

        The average is never trained; it is what is evaluated and saved (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992;
        for GANs Yazici et al., arXiv 1806.04498).
        """
        self.average = (
            AveragedModel(model, device=device, multi_avg_fn=ema_update(decay), use_buffers=use_buffers)
            if decay
            else None
        )

    def _update_average(self) -> None:
        if self.average:
            self.average.update_parameters(self.trained_module)

    @property
    def module(self) -> nn.Module:
        """The bare model as it is evaluated and saved: the averaged one if the recipe averages weights."""
        return self.average.module if self.average else self.trained_module

    def _epoch_batches(self) -> range:
        """Numbers of the batches that remain in the current epoch."""
        first = self.epoch * self.steps_per_epoch
        return range(self.step - first, min(self.steps_per_epoch, self.total_steps - first))

    def _update_best(self, metrics: dict[str, float]) -> bool:
        """Rank the epoch that just ended; return whether it is the best so far. If nothing ranks it, the newest is the best."""
        rank = self.selection_metric.rank(metrics)
        if rank is None:
            self.best["epoch"] = self.epoch
        elif rank < self.best["rank"]:
            self.best |= {"epoch": self.epoch, "rank": rank}
        return self.best["epoch"] == self.epoch

    def _count_epochs_without_improvement(self, loss: float) -> None:
        """Patience watches the loss alone, which shows overconfidence earlier than the selection metric."""
        improves = loss < self.best["lowest_loss"]
        self.best["waited"] = 0 if improves else self.best["waited"] + 1
        self.best["lowest_loss"] = min(loss, self.best["lowest_loss"])

    def _should_stop_early(self) -> bool:
        return 0 < self._patience <= self.best["waited"]

    def _end_reason(self) -> str:
        return "early stopping" if self._should_stop_early() else "steps" if self._is_truncated else "epochs"

    def _progress_state(self) -> dict[str, Any]:
        return {
            "average": self.average.state_dict() if self.average else {},
            "step": self.step,
            "epoch": self.epoch,
            "best": dict(self.best),
        }

    def _load_progress(self, state: dict[str, Any]) -> None:
        if self.average:
            self.average.load_state_dict(state["average"])
        self.step, self.epoch = state["step"], state["epoch"]
        self.best |= state["best"]
