"""Optimizers, learning-rate schedules and losses by the names that a recipe uses."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from core.training.supervised_recipe import SupervisedRecipe


def make_optimizer(model: nn.Module, recipe: SupervisedRecipe) -> torch.optim.Optimizer:
    """The recipe's optimizer over all parameters; weight decay spares norms and biases (He et al., arXiv 1812.01187)."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    spared = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": spared, "weight_decay": 0.0}]
    groups = [g for g in groups if g["params"]]
    lr = recipe.learning_rate
    match recipe.optimizer:
        case "sgd":
            nesterov = recipe.nesterov and recipe.momentum > 0
            return torch.optim.SGD(groups, lr=lr, momentum=recipe.momentum, nesterov=nesterov)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=lr, momentum=recipe.momentum)
        case "adam":
            return torch.optim.Adam(groups, lr=lr, fused=True)
        case "adamw":
            return torch.optim.AdamW(groups, lr=lr, fused=True)


def make_schedule(
    optimizer: torch.optim.Optimizer, recipe: SupervisedRecipe, total_steps: int, steps_per_epoch: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The recipe's schedule, stepped once per batch."""
    schedulers = torch.optim.lr_scheduler
    match recipe.schedule:
        case "step":
            return schedulers.StepLR(optimizer, recipe.step_epochs * steps_per_epoch, recipe.step_factor)
        case "one-cycle":
            # Smith and Topin, arXiv 1708.07120; the rate rises over the first 30 % and falls to (almost) nothing.
            return schedulers.OneCycleLR(
                optimizer, max_lr=recipe.learning_rate, total_steps=total_steps, pct_start=min(0.3, max(0.0, 1 - 2 / total_steps))
            )
        case "cosine":
            # Loshchilov and Hutter, arXiv 1608.03983, without restarts.
            return schedulers.CosineAnnealingLR(optimizer, T_max=total_steps)
        case "none":
            return schedulers.LambdaLR(optimizer, lambda step: 1.0)


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
