"""How much transfer gains, over the share of the labels: from scratch, frozen and fine-tuned, under one budget of steps.

Each seed draws its own labeled examples, its own initial weights and its own batches; the test set is the same for all.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.training.photo_recipes import INITS, Init, PhotoFamily

if TYPE_CHECKING:
    from core.data import ArrayDataset
    from core.training.supervised import SupervisedTrainer

SHARES = (0.1, 0.2, 0.5, 1.0)
STEPS = 300


@dataclass(frozen=True)
class ShareResult:
    """Test accuracies of one way to start with one share of the labels.

    Attributes:
        init: how the network starts.
        share: share of the training labels, in (0, 1].
        num_labels: number of labeled examples.
        accuracies: test accuracy per seed, in [0, 1].
    """

    init: Init
    share: float
    num_labels: int
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return float(np.mean(self.accuracies))

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Confidence interval of the mean over seeds (Student's t), within [0, 1]; None for a single seed."""
        from scipy import stats

        count = len(self.accuracies)
        if count < 2:
            return None
        reach = float(stats.t.ppf(0.5 + level / 2, count - 1)) * float(np.std(self.accuracies, ddof=1))
        return (
            max(0.0, self.mean - reach / math.sqrt(count)),
            min(1.0, self.mean + reach / math.sqrt(count)),
        )


def measure_shares(
    family: PhotoFamily,
    data: ArrayDataset,
    *,
    shares: Sequence[float] = SHARES,
    inits: Sequence[Init] = INITS,
    seeds: int = 5,
    steps: int = STEPS,
) -> Iterator[ShareResult]:
    """Train `family` on shares of the labels of `data`; yield a result after every training, with all seeds so far.

    Args:
        family: the model, its recipes, and the checkpoint that it starts from.
        data: a classification data set.
        shares: shares of the training labels, in (0, 1].
        inits: ways to start.
        seeds: trainings per share and way to start.
        steps: optimizer steps of every training, whatever the share: one budget for all.

    Raises:
        UserError: if the checkpoint is missing or does not fit.
    """
    for share in shares:
        for init in inits:
            accuracies: list[float] = []
            for seed in range(seeds):
                part = _label_share(data, share, seed)
                accuracies.append(_train_and_test(family, part, init, seed, steps))
                yield ShareResult(init, share, len(part.train_y), tuple(accuracies))


def _label_share(data: ArrayDataset, share: float, seed: int) -> ArrayDataset:
    """`data` with a stratified `share` of its training examples, drawn by `seed`; at least two of each class."""
    rng, chosen = np.random.default_rng(seed), []
    for label in range(len(data.classes)):
        members = rng.permutation(np.flatnonzero(data.train_y == label))
        chosen.append(members[: max(2, round(share * len(members)))])
    index = np.sort(np.concatenate(chosen))
    return dataclasses.replace(data, train_x=data.train_x[index], train_y=data.train_y[index])


def _train_and_test(family: PhotoFamily, data: ArrayDataset, init: Init, seed: int, steps: int) -> float:
    """Test accuracy, in [0, 1], after one training."""
    from lightning_fabric import Fabric

    from core import pretrained
    from core.runs import system_info
    from core.training.frozen import transfer_trainer

    recipe = family.make_recipe(init).changed(
        seed=seed, epochs=1000, max_steps=steps, num_validation=0, batch_size=min(32, len(data.train_y))
    )
    fabric = Fabric(accelerator="auto", devices=1, precision=system_info.resolve_precision(recipe.precision))
    trainer = transfer_trainer(family.model, data, recipe, fabric)
    if init != "scratch":
        pretrained.load_into(family.pretrained, trainer.trained_module)
    for _event in trainer.run():
        pass
    return _test_accuracy(trainer, data)


def _test_accuracy(trainer: SupervisedTrainer, data: ArrayDataset) -> float:
    import torch

    from core.training.batches import Batches

    network, right = trainer.module.eval(), 0
    batches = Batches(data, data.test_x, data.test_y, trainer.fabric.device)
    with torch.inference_mode(), trainer.fabric.autocast():
        for part in batches.parts(network):
            right += int((network(batches.inputs(part)).argmax(1) == batches.targets(part)).sum())
    return right / len(data.test_y)
