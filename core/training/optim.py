"""Optimizers, learning-rate schedules and losses by the names that a recipe uses."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from core.training.supervised_recipe import SupervisedRecipe

NORM_LAYERS = (nn.BatchNorm1d, nn.BatchNorm2d)


def make_optimizer(model: nn.Module, recipe: SupervisedRecipe) -> torch.optim.Optimizer:
    """The recipe's optimizer over all parameters that learn; weight decay spares norms and biases (He et al., arXiv 1812.01187), and
    the biases of batch norms have a rate of their own (Page, How to train your ResNet 8, 2018)."""
    rate = recipe.learning_rate
    shifts = (
        [m.bias for m in model.modules() if isinstance(m, NORM_LAYERS) and m.bias is not None]
        if recipe.norm_lr_factor != 1
        else []
    )
    of_norms = {id(p) for p in shifts}
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in of_norms]
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
        {"params": shifts, "weight_decay": 0.0, "lr": rate * recipe.norm_lr_factor},
    ]
    groups = [g for g in groups if g["params"]]
    match recipe.optimizer:
        case "sgd":
            nesterov = recipe.nesterov and recipe.momentum > 0
            return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum, nesterov=nesterov)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, momentum=recipe.momentum)
        case "adam":
            return torch.optim.Adam(groups, lr=rate, fused=True)
        case "adamw":
            return torch.optim.AdamW(groups, lr=rate, fused=True)


def make_schedule(
    optimizer: torch.optim.Optimizer, recipe: SupervisedRecipe, total_steps: int, steps_per_epoch: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The recipe's schedule, stepped once per batch."""
    schedulers = torch.optim.lr_scheduler
    match recipe.schedule:
        case "step":
            return schedulers.StepLR(optimizer, recipe.lr_step_size * steps_per_epoch, recipe.lr_gamma)
        case "one-cycle":
            # Smith and Topin, arXiv 1708.07120; the rate rises over the first 30 % and falls to (almost) nothing.
            highest = [g["lr"] for g in optimizer.param_groups]
            rise = min(0.3, max(0.0, 1 - 2 / total_steps))
            return schedulers.OneCycleLR(
                optimizer, highest, total_steps, pct_start=rise, **momentum_cycle(recipe)
            )
        case "triangular":
            # The slanted triangle of Howard and Ruder (arXiv 1801.06146): up linearly over the first 20 %, down linearly to nothing.
            top = max(1, round(0.2 * total_steps))
            return schedulers.LambdaLR(
                optimizer,
                lambda step: min((step + 1) / top, (total_steps - step) / max(1, total_steps - top)),
            )
        case "cosine":
            # Loshchilov and Hutter, arXiv 1608.03983, without restarts.
            return schedulers.CosineAnnealingLR(optimizer, T_max=total_steps)
        case "none":
            return schedulers.LambdaLR(optimizer, lambda step: 1.0)


def momentum_cycle(recipe: SupervisedRecipe) -> dict[str, float | bool]:
    """What one-cycle does to the momentum, as arguments of torch's: low where the rate is high (Smith, arXiv 1803.09820), at most 0.05
    from the recipe's; none stays none. Adam's beta1 swings around its own 0.9."""
    if recipe.optimizer in ("adam", "adamw"):
        return {}
    if not recipe.momentum:
        return {"cycle_momentum": False}
    return {
        "base_momentum": max(0.0, round(recipe.momentum - 0.05, 4)),
        "max_momentum": min(0.999, round(recipe.momentum + 0.05, 4)),
    }


def ema_update(decay: float) -> Callable[[list[Tensor], list[Tensor], Tensor], None]:
    """How an `AveragedModel` averages: exponentially, remembering fewer steps at first, as TensorFlow's ExponentialMovingAverage
    does: without that a short training would save little but its first weights."""

    def update(averages: list[Tensor], current: list[Tensor], taken: Tensor) -> None:
        t = float(taken)
        get_ema_multi_avg_fn(min(decay, (1 + t) / (10 + t)))(averages, current, taken)

    return update


def make_loss(recipe: SupervisedRecipe, kind: str) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss of a batch: mean over examples. Classification takes logits (B, K) and labels (B,); regression (B,) and (B,)."""
    if kind == "regression":
        return F.mse_loss
    if recipe.loss == "squared-error":
        return lambda logits, labels: squared_error(logits, labels, recipe.label_smoothing)
    return lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)


def squared_error(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean over examples of sum over classes (p - one-hot)^2: the Brier score (Brier, Monthly Weather Review 78, 1950)."""
    k = logits.shape[1]
    wanted = F.one_hot(labels, k).to(logits.dtype) * (1 - smoothing) + smoothing / k  # (B, K)
    return ((logits.softmax(1) - wanted) ** 2).sum(1).mean()
