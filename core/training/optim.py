"""Optimizers, learning rate schedules and losses, selected by a recipe."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from core.training.muon import Muon, hidden_convolutions
from core.training.supervised_recipe import SupervisedRecipe

NORM_LAYERS = (nn.BatchNorm1d, nn.BatchNorm2d)


def make_optimizer(model: nn.Module, recipe: SupervisedRecipe, precision: str = "") -> torch.optim.Optimizer:
    """Create the optimizer for all trainable parameters.

    Weight decay does not apply to normalization layers and biases (He et al., arXiv 1812.01187). The biases of batch norm have
    a learning rate of their own (Page, How to train your ResNet 8, 2018). `precision` is what the recipe's "auto" stands for.
    """
    rate = recipe.learning_rate
    norm_biases = (
        [m.bias for m in model.modules() if isinstance(m, NORM_LAYERS) and m.bias is not None]
        if recipe.norm_lr_factor != 1
        else []
    )
    norm_ids = {id(p) for p in norm_biases}
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in norm_ids]
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
        {"params": norm_biases, "weight_decay": 0.0, "lr": rate * recipe.norm_lr_factor},
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
        case "muon":
            dtype = torch.bfloat16 if (precision or recipe.precision) == "bf16-mixed" else torch.float32
            return Muon(with_orthogonal_groups(model, recipe, groups), rate, recipe.momentum, dtype)


def with_orthogonal_groups(model: nn.Module, recipe: SupervisedRecipe, groups: list[dict]) -> list[dict]:
    """Return `groups` with the hidden convolutions of `model` moved to groups of their own, which Muon orthogonalizes.

    A convolution without a bias is taken as followed by a normalization layer, so that its weights may be normalized.
    """
    layers = hidden_convolutions(model)
    moved = {id(layer.weight) for layer in layers}
    kept = [{**g, "params": [p for p in g["params"] if id(p) not in moved]} for g in groups]
    for normalize in (True, False):
        weights = [layer.weight for layer in layers if (layer.bias is None) == normalize]
        options = {"lr": recipe.muon_lr, "orthogonal": True, "normalize": normalize}
        kept.append({"params": weights, "weight_decay": recipe.weight_decay, **options})
    return [g for g in kept if g["params"]]


def make_schedule(
    optimizer: torch.optim.Optimizer, recipe: SupervisedRecipe, total_steps: int, steps_per_epoch: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Create the learning rate schedule, to be stepped after every batch."""
    schedulers = torch.optim.lr_scheduler
    match recipe.schedule:
        case "step":
            return schedulers.StepLR(optimizer, recipe.lr_step_size * steps_per_epoch, recipe.lr_gamma)
        case "one-cycle":
            # Smith and Topin, arXiv 1708.07120: up over the first 30% of the steps, then down to almost 0.
            highest = [g["lr"] for g in optimizer.param_groups]
            rise = min(0.3, max(0.0, 1 - 2 / total_steps))
            return schedulers.OneCycleLR(
                optimizer, highest, total_steps, pct_start=rise, **momentum_cycle(recipe)
            )
        case "triangular":
            # Slanted triangle (Howard and Ruder, arXiv 1801.06146): linearly up over the first 20%, then down to 0.
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
    """Return the momentum arguments of `OneCycleLR`: at most 0.05 from the recipe's, low while the learning rate is high.

    After Smith, arXiv 1803.09820. Momentum 0 stays 0. Adam keeps PyTorch's defaults, 0.85 to 0.95.
    """
    if recipe.optimizer in ("adam", "adamw"):
        return {}
    if not recipe.momentum:
        return {"cycle_momentum": False}
    return {
        "base_momentum": max(0.0, round(recipe.momentum - 0.05, 4)),
        "max_momentum": min(0.999, round(recipe.momentum + 0.05, 4)),
    }


def ema_update(decay: float) -> Callable[[list[Tensor], list[Tensor], Tensor], None]:
    """Return the exponential moving average for `AveragedModel`, with a smaller decay in the first steps.

    As in TensorFlow's ExponentialMovingAverage, the decay is at most (1 + t) / (10 + t) after t steps; otherwise the average of a
    short run would consist mostly of its initial weights.
    """

    def update(averages: list[Tensor], current: list[Tensor], num_averaged: Tensor) -> None:
        t = float(num_averaged)
        get_ema_multi_avg_fn(min(decay, (1 + t) / (10 + t)))(averages, current, num_averaged)

    return update


def class_weights(labels: Tensor, num_classes: int) -> Tensor:
    """Return weights (K,) by inverse frequency: the number of `labels` (N,) over K times that of the class. Missing classes get that of
    a single example.
    """
    counts = torch.bincount(labels, minlength=num_classes).clamp(min=1)
    return len(labels) / (num_classes * counts)


def make_classification_loss(
    recipe: SupervisedRecipe, weights: Tensor | None = None
) -> Callable[[Tensor, Tensor], Tensor]:
    """Create the loss function: the mean over a batch of logits (B, K) and labels (B,), weighted by the `weights` (K,) of the classes."""
    smoothing = recipe.label_smoothing
    if recipe.loss == "squared-error":
        return lambda logits, labels: squared_error(logits, labels, smoothing, weights)
    return lambda logits, labels: F.cross_entropy(logits, labels, weights, label_smoothing=smoothing)


def squared_error(
    logits: Tensor, labels: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
) -> Tensor:
    """Return the Brier score: mean over examples of the sum over classes of (p - one-hot)² (Brier, Monthly Weather Review 78, 1950),
    weighted by the `weights` (K,) of the classes.
    """
    k = logits.shape[1]
    targets = F.one_hot(labels, k).to(logits.dtype) * (1 - smoothing) + smoothing / k  # (B, K)
    errors = ((logits.softmax(1) - targets) ** 2).sum(1)
    return errors.mean() if weights is None else (errors * weights[labels]).sum() / weights[labels].sum()
