"""A head on cached features, trained in the server within a second, while its settings are changed.

Shapes: N examples, F features, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from core.data import ArrayDataset
from core.training.events import Event
from core.training.supervised import SupervisedTrainer
from core.training.supervised_recipe import SupervisedRecipe

HEAD_RECIPE = SupervisedRecipe(
    epochs=30,
    batch_size=128,
    optimizer="adamw",
    learning_rate=0.01,
    weight_decay=3.0,
    schedule="cosine",
    num_validation=0,
    precision="32-true",
)


@dataclass(frozen=True)
class HeadResult:
    """A trained head.

    Attributes:
        head: linear layer for features as they are, (N, F) -> (N, K).
        train_accuracy: accuracy on the examples that it was trained on, in [0, 1].
        validation_accuracy: accuracy on the held-out examples; None if there are none.
        steps: optimizer steps.
    """

    head: nn.Linear
    train_accuracy: float
    validation_accuracy: float | None
    steps: int

    @torch.no_grad()
    def probabilities(self, features: Tensor | np.ndarray) -> np.ndarray:
        """Probabilities (N, K) of `features` (N, F)."""
        return self.head(torch.as_tensor(features, dtype=torch.float32)).softmax(1).numpy()


def train_head(
    features: np.ndarray | Tensor,
    labels: np.ndarray,
    recipe: SupervisedRecipe = HEAD_RECIPE,
    num_classes: int = 0,
) -> Iterator[Event | HeadResult]:
    """Train a linear layer on `features` (N, F) with `labels` (N,), and yield the trainer's events; the last item is the `HeadResult`.

    Args:
        features: of a frozen network, as `core.training.features.extract_features` returns them.
        labels: class numbers.
        recipe: its augmentations do nothing; `num_validation` examples are held out.
        num_classes: number of outputs; that of the labels by default.

    Raises:
        UserError: if the recipe does not fit the number of examples.
    """
    data = feature_dataset(np.asarray(features, np.float32), labels, num_classes)
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    trainer = SupervisedTrainer("softmax", data, recipe, fabric)
    yield from trainer.run()
    head = fold_standardization(trainer.module.head, data.mean, data.std)
    yield HeadResult(
        head,
        _accuracy(head, data, trainer.train_index),
        _accuracy(head, data, trainer.validation_index) if len(trainer.validation_index) else None,
        trainer.step,
    )


def feature_dataset(features: np.ndarray, labels: np.ndarray, num_classes: int = 0) -> ArrayDataset:
    """Features (N, F) as a table of a classification, standardized by their own statistics."""
    count = num_classes or int(labels.max()) + 1
    return ArrayDataset(
        name="features",
        title="features",
        kind="classification",
        origin="",
        train_x=features,
        train_y=np.asarray(labels, np.int64),
        test_x=features[:0],
        test_y=np.asarray(labels[:0], np.int64),
        mean=features.mean(0),
        std=np.maximum(features.std(0), 1e-6),
        classes=tuple(str(i) for i in range(count)),
    )


def fold_standardization(head: nn.Linear, mean: np.ndarray | Tensor, std: np.ndarray | Tensor) -> nn.Linear:
    """A copy of `head`, which takes features standardized by `mean` and `std` (F,), that takes them as they are. Without a bias,
    `mean` must be 0.
    """
    mean, std = (torch.as_tensor(v, dtype=torch.float32, device=head.weight.device) for v in (mean, std))
    folded = copy.deepcopy(head)
    with torch.no_grad():
        folded.weight.copy_(head.weight / std)
        if head.bias is not None:
            folded.bias.copy_(head.bias - folded.weight @ mean.expand(head.in_features))
    return folded


@torch.no_grad()
def _accuracy(head: nn.Linear, data: ArrayDataset, index: np.ndarray) -> float:
    outputs = head(torch.from_numpy(data.train_x[index]))
    return float((outputs.argmax(1).numpy() == data.train_y[index]).mean())
