"""Models for a table beside each other: the network and scikit-learn's, on the same split and in cross-validation.

The networks of all folds train at once: their weights are stacked, so a step costs about as much as that of one network.
Shapes: N rows, F features, M networks, B batch, W hidden width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analysis.cross_validation import corrected_interval
from core.lessons.house_settings import NetworkSettings
from core.messages import N_

if TYPE_CHECKING:
    from torch import Tensor

NETWORK = "network"
NAMES = {
    "linear": N_("Linear regression"),
    "ridge": N_("Ridge"),
    "forest": N_("Random forest"),
    "boosting": N_("Gradient boosting"),
    NETWORK: N_("Our network"),
}
FOLDS, REPEATS = 10, 3
_TREES = 100


@dataclass
class StudyResult:
    """Scores of every model on every fold so far.

    Attributes:
        rmse, r2: one number per fold, by model.
        total: folds of all models when all are done.
        held_out: held-out rows over training rows, in one fold.
    """

    total: int
    held_out: float
    rmse: dict[str, list[float]] = field(default_factory=dict)
    r2: dict[str, list[float]] = field(default_factory=dict)

    @property
    def num_done(self) -> int:
        """Number of folds of all models so far."""
        return sum(map(len, self.rmse.values()))

    def mean(self, name: str) -> float:
        """Mean RMSE of a model."""
        return float(np.mean(self.rmse[name]))

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval of the mean RMSE, with the variance corrected for overlapping training sets."""
        return corrected_interval(self.rmse[name], self.held_out, level)

    def difference(self, name: str, other: str) -> tuple[float, float]:
        """Confidence interval of the mean difference in RMSE of two models on the same folds."""
        return corrected_interval(np.subtract(self.rmse[name], self.rmse[other]), self.held_out)


def make_model(name: str, seed: int = 0) -> Any:
    """Create scikit-learn's model `name` of `NAMES`."""
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import LinearRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    match name:
        case "linear":
            return make_pipeline(StandardScaler(), LinearRegression())
        case "ridge":  # the penalty is chosen on the training rows, by leaving one out
            return make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 3, 16)))
        case "forest":
            return RandomForestRegressor(_TREES, random_state=seed)
        case "boosting":
            return GradientBoostingRegressor(random_state=seed)
    raise ValueError(f"unknown model: {name}")


def make_folds(
    count: int, k: int = FOLDS, repeats: int = REPEATS, seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Index pairs (training, held out) of `repeats` times `k` folds of `count` rows."""
    from sklearn.model_selection import RepeatedKFold

    return list(RepeatedKFold(n_splits=k, n_repeats=repeats, random_state=seed).split(np.empty((count, 1))))


def cross_validate(
    x: np.ndarray,
    y: np.ndarray,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    settings: NetworkSettings,
    names: Sequence[str] = tuple(NAMES),
) -> Iterator[StudyResult]:
    """Train and score the models `names` on the same `folds` of (N, F) features and (N,) targets; yield the result so far."""
    train, held = folds[0]
    result = StudyResult(len(folds) * len(names), len(held) / len(train))
    for name in names:
        result.rmse[name], result.r2[name] = [], []
        if name == NETWORK:
            for outputs in train_folds(x, y, folds, settings):
                if outputs is not None:
                    for (_rows, held), predicted in zip(folds, outputs, strict=True):
                        _add(result, name, predicted[held], y[held])
                yield result
            continue
        for rows, held in folds:
            _add(result, name, make_model(name).fit(x[rows], y[rows]).predict(x[held]), y[held])
            yield result


def _add(result: StudyResult, name: str, predicted: np.ndarray, actual: np.ndarray) -> None:
    error = float(np.mean(np.square(predicted.astype(np.float64) - actual)))
    result.rmse[name].append(math.sqrt(error))
    result.r2[name].append(1 - error / (float(np.var(actual.astype(np.float64))) or 1.0))


def train_folds(
    x: np.ndarray, y: np.ndarray, folds: Sequence[tuple[np.ndarray, np.ndarray]], settings: NetworkSettings
) -> Iterator[np.ndarray | None]:
    """Train one network per fold by Adam, all at once; yield None after each epoch, at last the predictions (M, N) for all rows.

    A fold that has one row fewer than the largest fills its last batch with a row from the start of its order.
    """
    import torch
    from torch.nn.functional import relu

    rows = [torch.from_numpy(train) for train, _held in folds]
    means, stds, y_means, y_stds = [], [], [], []
    for train, _held in folds:
        std = x[train].std(0)
        means.append(x[train].mean(0))
        stds.append(np.where(std > 0, std, 1.0))
        y_means.append(y[train].mean())
        y_stds.append(y[train].std() or 1.0)
    inputs = torch.stack(
        [torch.from_numpy(((x - m) / s).astype(np.float32)) for m, s in zip(means, stds, strict=True)]
    )  # (M, N, F)
    y_mean, y_std = (torch.tensor(np.array(v), dtype=torch.float32)[:, None] for v in (y_means, y_stds))
    targets = (torch.from_numpy(y.astype(np.float32))[None] - y_mean) / y_std  # (M, N)
    rng = torch.Generator().manual_seed(settings.seed)
    weights, biases = _make_stacked(len(folds), x.shape[1], settings, rng)
    optimizer = torch.optim.Adam(
        [{"params": weights, "weight_decay": settings.weight_decay}, {"params": biases}],
        lr=settings.adam,
        fused=True,
    )
    longest = max(map(len, rows))
    per_epoch = -(-longest // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, per_epoch * settings.epochs)

    def forward(h: Tensor) -> Tensor:
        for number, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            h = torch.baddbmm(bias, h, weight)  # (M, B, in) -> (M, B, out)
            h = relu(h) if number < len(weights) - 1 else h
        return h[..., 0]

    network = torch.arange(len(folds))[:, None]
    for _epoch in range(settings.epochs):
        order = torch.stack(
            [own[torch.randperm(len(own), generator=rng)[torch.arange(longest) % len(own)]] for own in rows]
        )
        for begin in range(0, longest, settings.batch_size):
            batch = order[:, begin : begin + settings.batch_size]  # (M, B)
            error = forward(inputs[network, batch]) - targets[network, batch]
            optimizer.zero_grad()
            error.square().mean(1).sum().backward()
            optimizer.step()
            schedule.step()
        yield None
    with torch.no_grad():
        yield (forward(inputs) * y_std + y_mean).numpy()


def _make_stacked(
    count: int, num_features: int, settings: NetworkSettings, rng: object
) -> tuple[list[Tensor], list[Tensor]]:
    """Weights (M, in, out) and biases (M, 1, out) per layer, initialized as `nn.Linear` does."""
    import torch

    sizes = [num_features] + [settings.width] * settings.depth + [1]
    weights, biases = [], []
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        bound = 1 / math.sqrt(fan_in)
        weights.append(
            torch.empty(count, fan_in, fan_out).uniform_(-bound, bound, generator=rng).requires_grad_()
        )
        biases.append(torch.empty(count, 1, fan_out).uniform_(-bound, bound, generator=rng).requires_grad_())
    return weights, biases
