"""Events yielded by trainers: small, frozen, and the same for every kind of task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_SAMPLE_IMAGES = 8
"""Images per set in a `Sample`."""


@dataclass(frozen=True)
class Step:
    """One optimizer step is done. `epoch` is the share of epochs seen so far, `images` the examples; metrics are tensors or
    numbers, so that a driver that does not log a step need not wait for it.
    """

    step: int
    epoch: float
    images: int
    metrics: dict


@dataclass(frozen=True)
class EpochEnd:
    """An epoch is done and validated. `best` says whether it is the best so far; `probe` holds the predictions for the probe
    examples, (P, K) probabilities or (P, 1) values, or None without a validation set.
    """

    step: int
    epoch: int
    images: int
    metrics: dict[str, float]
    best: bool
    probe: np.ndarray | None


@dataclass(frozen=True)
class Sample:
    """Sample images by name: uint8 (N, 3, H, W)."""

    step: int
    epoch: float
    images: dict[str, np.ndarray]


@dataclass(frozen=True)
class Done:
    """The training has come to its own end. `why` is "epochs", "steps" or "early stopping"."""

    step: int
    best_epoch: int
    reason: str


Event = Step | EpochEnd | Sample | Done
