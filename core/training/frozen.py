"""Transfer learning: train the head of a frozen network on cached features, or all layers of a network.

Shapes: B batch, F features, N examples, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from core.data import ArrayDataset, augment
from core.training.events import Event
from core.training.features import cached_features
from core.training.heads import fold_standardization
from core.training.supervised import SupervisedTrainer
from core.training.supervised_recipe import SupervisedRecipe


def transfer_trainer(
    model: str, data: ArrayDataset, recipe: SupervisedRecipe, fabric: Fabric
) -> SupervisedTrainer:
    """The trainer for `recipe.init`: `FrozenTrainer` for "frozen", else one that trains all layers."""
    frozen = getattr(recipe, "init", "") == "frozen"
    return (FrozenTrainer if frozen else SupervisedTrainer)(model, data, recipe, fabric)


class FrozenTrainer(SupervisedTrainer):
    """Trains the head of a network whose other layers keep their weights and stay in evaluation mode.

    Features of all examples are computed once, before the first step, and cached on disk. The only augmentation is the horizontal flip.
    The head is trained on standardized features; `module` has a head for the features as they are.
    """

    def __init__(self, model: str, data: ArrayDataset, recipe: SupervisedRecipe, fabric: Fabric) -> None:
        super().__init__(model, data, recipe, fabric)
        self.feature_mean, self.feature_std = torch.zeros(1), torch.ones(1)
        self.features: dict[str, Tensor] = {}

    @property
    def module(self) -> nn.Module:
        """A copy of the model as it is evaluated and saved: its head takes features that are not standardized."""
        network = copy.deepcopy(super().module)
        network.head = fold_standardization(network.head, self.feature_mean, self.feature_std)
        return network

    def run(self) -> Iterator[Event]:
        """Compute the features, then train from the current state to the end."""
        self._compute_features()
        yield from super().run()

    def state(self) -> dict[str, Any]:
        """Everything needed to continue; features are computed again or read from the cache."""
        return {**super().state(), "features": [self.feature_mean, self.feature_std]}

    def load_state(self, state: dict[str, Any]) -> None:
        """Return to where `state()` was taken."""
        super().load_state(state)
        self.feature_mean, self.feature_std = state["features"]

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _prepare(self, network: nn.Module) -> None:
        network.requires_grad_(False)
        network.head.requires_grad_(True)

    def _check_batch_size(self, network: nn.Module) -> None:
        """Batch norm is never in training mode, so any batch will do."""

    def _rank_shard(self, index: Tensor) -> Tensor:
        """The whole batch on every rank: they compute the same, so nothing needs to be exchanged."""
        return index.to(self.fabric.device)

    def _compute_features(self) -> None:
        jobs = {"train": (self.train, False), "validation": (self.validation, False)}
        if self.recipe.flip != "none" and self.data.is_image:
            jobs["mirrored"] = (self.train, True)
        precision = str(getattr(self.fabric._precision, "precision", "32-true"))
        raw = {
            name: cached_features(
                self.trained_module, batches, mirrored, self.fabric.autocast(), precision, self.data.name
            )
            for name, (batches, mirrored) in jobs.items()
        }
        device = self.fabric.device
        if not self.step:
            std, mean = torch.std_mean(raw["train"], 0, correction=0)
            if self.trained_module.head.bias is None:
                mean = torch.zeros_like(mean)
            self.feature_mean, self.feature_std = mean.to(device), std.clamp(min=1e-6).to(device)
        self.features = {
            name: (values.to(device) - self.feature_mean) / self.feature_std
            for name, values in raw.items()
            if len(values)
        }

    def _inputs(self, index: Tensor) -> Tensor:
        """Standardized features (B, F) of the training examples `index` (B,), of the mirror images where they are flipped."""
        x = self.features["train"][index]
        if "mirrored" not in self.features:
            return x
        flipped = augment.flip_mask(
            self.recipe.flip, index.cpu(), self.epoch, self.flipped_first, self.augment_rng
        )
        return torch.where(flipped[:, None].to(x.device), self.features["mirrored"][index], x)

    def _validation_inputs(self, part: slice) -> Tensor:
        return self.features["validation"][part]

    def _forward(self, x: Tensor) -> Tensor:
        return self.kind.reshape_outputs(self.trained_module.head(x))

    def _eval_forward(self, x: Tensor) -> Tensor:
        return self.kind.reshape_outputs(super().module.head(x))
