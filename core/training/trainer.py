"""The trainer protocol: what the runner and the runtime estimate rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from core.training.events import Event

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


@runtime_checkable
class Trainer(Protocol):
    """A training that can be stopped after any event and resumed to the same numbers.

    A trainer is constructed as `trainer_class(model, dataset, recipe, fabric)` with the registered name of a model. It yields events
    from `run`, does no I/O and knows no screen. Between two events `state()` is complete.

    Attributes:
        steps_per_epoch: optimizer steps of a full epoch.
        total_steps: optimizer steps of the whole training.
        total_epochs: epochs of the whole training; the last one may be cut short by `max_steps`.
        step: optimizer steps taken.
        epoch: epochs completed.
        best: the best epoch so far under "epoch" (0 before the first epoch), and what ranks it.
    """

    steps_per_epoch: int
    total_steps: int
    total_epochs: int
    step: int
    epoch: int
    best: dict[str, Any]

    @property
    def in_shape(self) -> tuple[int, ...]:
        """Shape of one input, without the batch."""
        ...

    @property
    def module(self) -> nn.Module:
        """The bare model as it is evaluated and saved: the averaged one if the recipe averages weights."""
        ...

    @property
    def trained_module(self) -> nn.Module:
        """The bare model whose parameters the optimizer updates."""
        ...

    @property
    def metric_names(self) -> tuple[str, ...]:
        """All metrics that events publish, those of a step before those of an epoch. Every step has the first one; the end of an epoch
        never has it.
        """
        ...

    @property
    def images_seen(self) -> int:
        """Examples seen, repetitions counted."""
        ...

    def run(self) -> Iterator[Event]:
        """Train from the current state to the end. The last event is `Done`."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything needed to continue from the last event, loadable with `torch.load(weights_only=True)`."""
        ...

    def load_state(self, state: dict[str, Any]) -> None:
        """Return to where `state()` was taken. Raises KeyError, RuntimeError or ValueError if it is of another training."""
        ...

    def output_scale(self) -> dict[str, float]:
        """How raw outputs become predictions: prediction = output * `std` + `mean`."""
        ...

    def probe_examples(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The validation examples, as loaded, whose predictions every epoch publishes, with their targets; None if there are none."""
        ...
