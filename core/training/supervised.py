"""Supervised training: the standard five-line loop, and the state that makes it resumable.

The trainer is a generator: it yields events, does no I/O and knows no screen. Between two events its `state()` is complete, so
that an interrupted training continues to the same numbers, bit for bit on the CPU.

Shapes: B batch, K outputs, N examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from core import models
from core.data import ArrayDataset, augment, stratified_subset
from core.kinds import get_kind
from core.messages import N_, UserError
from core.training import random_state
from core.training.batches import MAX_WARM_START_EXAMPLES, Batches, epoch_order, load_one_by_one
from core.training.events import Done, EpochEnd, Event, Step
from core.training.optim import NORM_LAYERS, make_optimizer, make_schedule
from core.training.progress import TrainingProgress
from core.training.supervised_recipe import SupervisedRecipe

NUM_PROBES = 8


class SupervisedTrainer(TrainingProgress):
    """Trains one model on one data set with one recipe.

    Args:
        model: registered name of the model.
        data: the data set, of a supervised kind; regression targets are standardized internally, metrics are in their own unit.
        recipe: the hyperparameters.
        fabric: device, precision and processes (Lightning Fabric).

    Raises UserError if the recipe does not fit the data: a validation set, batch or crop too large or too small.
    """

    def __init__(self, model: str, data: ArrayDataset, recipe: SupervisedRecipe, fabric: Fabric) -> None:
        self.recipe, self.data, self.fabric = recipe, data, fabric
        self.kind = get_kind(data.kind)
        self.selection_metric = self.kind.selection_metric
        self.score = self.selection_metric.name
        self.train_index, self.validation_index = data.train_val_split(recipe.num_validation)
        if recipe.limit_train:
            self.train_index = self.train_index[
                stratified_subset(data.train_y[self.train_index], recipe.limit_train)
            ]
        self.train = Batches(
            data, data.train_x[self.train_index], data.train_y[self.train_index], fabric.device
        )
        self.validation = Batches(
            data, data.train_x[self.validation_index], data.train_y[self.validation_index], fabric.device
        )
        self.y_mean, self.y_std = self.kind.target_scale(data.train_y[self.train_index])

        if data.is_image:
            augment.check_crop_size(recipe.crop_padding, data.in_shape)
        torch.manual_seed(recipe.seed)
        network = models.create_model(model, data.in_shape, data.num_outputs, **recipe.part("model"))
        self._check_batch_size(network)
        if hasattr(network, "init_whitening"):  # a layer computed from training examples, not learned
            network.init_whitening(self.train.inputs(slice(0, MAX_WARM_START_EXAMPLES)))
        if data.is_image:
            network = network.to(memory_format=torch.channels_last)
        self._prepare(network)
        self.augment_rng = torch.Generator().manual_seed(recipe.seed)
        self.flipped_first = (
            torch.rand(len(self.train), generator=torch.Generator().manual_seed(recipe.seed)) < 0.5
        )
        self._plan(len(self.train), recipe.batch_size, recipe.epochs, recipe.max_steps, recipe.patience)
        self._average_weights(
            network, recipe.ema_decay, fabric.device, use_buffers=True
        )  # batch norm statistics too
        optimizer = make_optimizer(network, recipe, fabric.strategy.precision.precision)
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.schedule = make_schedule(
            self.optimizer.optimizer, recipe, self.total_steps, self.steps_per_epoch
        )
        self.loss = self.kind.make_loss(recipe, self.train.y, data.num_outputs)
        self.epoch_sums = torch.zeros(3, dtype=torch.float64)  # sums of this epoch: loss, score, examples
        self._seed_per_rank()

    def _prepare(self, network: nn.Module) -> None:
        """Choose what is trained: all layers."""

    def _seed_per_rank(self) -> None:
        """Seed dropout and augmentation differently on each rank, or the i-th image of every shard would be augmented alike. Rank 0 keeps
        the recipe's seed; its random states are the ones that are saved.
        """
        if self.fabric.global_rank:
            seed = self.recipe.seed + 1_000_003 * self.fabric.global_rank + self.step
            torch.manual_seed(seed)
            self.augment_rng.manual_seed(seed)

    def _check_batch_size(self, network: nn.Module) -> None:
        n, size = len(self.train), self.recipe.batch_size
        smallest = min(
            max(1, length // self.fabric.world_size) for length in (min(n, size), n % size or size)
        )
        if smallest == 1 and self._requires_batch_size_gt_1(network):
            raise UserError(
                N_(
                    "batch_size is {value}, which leaves a single example in one batch (training set size: "
                    "{count}). Batch norm needs at least two examples per batch. Choose another batch size."
                ),
                value=size,
                count=n,
            )

    @torch.no_grad()
    def _requires_batch_size_gt_1(self, network: nn.Module) -> bool:
        """Whether a batch norm in training mode would see a single value per channel in a batch of one example."""
        single_valued: list[nn.Module] = []

        def check(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if inputs[0].numel() == inputs[0].shape[1]:
                single_valued.append(module)

        norms = [m for m in network.train().modules() if isinstance(m, NORM_LAYERS) and m.training]
        hooks = [norm.register_forward_pre_hook(check) for norm in norms]
        network.eval()(
            torch.zeros(1, *self.data.in_shape)
        )  # evaluation mode leaves the running statistics unchanged
        network.train()
        for hook in hooks:
            hook.remove()
        return bool(single_valued)

    @property
    def in_shape(self) -> tuple[int, ...]:
        """The shape of an input, without the batch."""
        return tuple(self.data.in_shape)

    @property
    def trained_module(self) -> nn.Module:
        """The bare model whose parameters the optimizer updates."""
        return self.network.module

    @property
    def metric_names(self) -> tuple[str, ...]:
        """All metrics that events publish, those of a step first."""
        step = ("train/loss", f"train/{self.score}", "lr")
        return (*step, "train/loss_epoch", f"train/{self.score}_epoch", "val/loss", f"val/{self.score}")

    def run(self) -> Iterator[Event]:
        """Train from the current state to the end."""
        recipe = self.recipe
        while self.epoch < self.total_epochs and not self._should_stop_early():
            order = epoch_order(len(self.train), recipe.seed, self.epoch)
            self.network.train()
            for index, x in self._prepare_batches(order):
                y = self._targets(self.train, index)

                outputs = self._forward(x)
                loss = self.loss(outputs, y)
                self.optimizer.zero_grad()
                self.fabric.backward(loss)
                self._clip_gradients()
                self.optimizer.step()
                self._update_average()

                lr = self.schedule.get_last_lr()[0]
                self.schedule.step()
                self.step += 1
                yield self._step_event(loss.detach(), outputs.detach(), y, lr)
            yield self._end_epoch()
        yield Done(self.step, self.best["epoch"], self._end_reason())

    # ---- state -------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything needed to continue: weights, optimizer, schedule, random states, progress."""
        return {
            "model": self.network.module.state_dict(),
            **self._progress_state(),
            "optimizer": self.optimizer.optimizer.state_dict(),
            "schedule": {k: v for k, v in self.schedule.state_dict().items() if not callable(v)},
            **random_state.get_rng_state(self.augment_rng),
            "running": self.epoch_sums.clone(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Return to where `state()` was taken."""
        self.network.module.load_state_dict(state["model"])
        self.optimizer.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        random_state.set_rng_state(state, self.augment_rng)
        self._load_progress(state)
        self.epoch_sums = state["running"].clone()
        self._seed_per_rank()

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _rank_shard(self, index: Tensor) -> Tensor:
        """This rank's shard of a batch. If a batch has fewer examples than there are ranks, examples are repeated, so that every rank has
        at least one.
        """
        rank = self.fabric.global_rank
        shard = (
            index[rank :: self.fabric.world_size] if rank < len(index) else index[rank % len(index)].view(1)
        )
        return shard.to(self.fabric.device)

    def _prepare_batches(self, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Indices (B,) and inputs of the batches that are left of an epoch with this `order`."""
        indices = [self._rank_shard(order.split(self.recipe.batch_size)[i]) for i in self._epoch_batches()]
        if getattr(self.recipe, "batching", "tensors") == "dataloader":
            return zip(indices, load_one_by_one(indices, self._inputs), strict=True)
        return ((index, self._inputs(index)) for index in indices)

    def _inputs(self, index: Tensor) -> Tensor:
        """Augmented, normalized inputs of the training examples `index` (B,)."""
        if not self.data.is_image:
            return self.train.inputs(index)
        return self.train.augment(index, self.recipe, self.epoch, self.flipped_first, self.augment_rng)

    def _validation_inputs(self, part: slice) -> Tensor:
        """Normalized inputs of the validation examples `part`."""
        return self.validation.inputs(part)

    def _clip_gradients(self) -> None:
        if self.recipe.max_grad_norm:
            self.fabric.clip_gradients(self.network, self.optimizer, max_norm=self.recipe.max_grad_norm)

    def _targets(self, part: Batches, index: Tensor | slice) -> Tensor:
        return self.kind.scale_targets(part.targets(index), self.y_mean, self.y_std)

    def _forward(self, x: Tensor) -> Tensor:
        outputs = self.network(x)  # (B, K)
        return self.kind.reshape_outputs(outputs)

    def _eval_forward(self, x: Tensor) -> Tensor:
        """Outputs of the model that will be saved."""
        if self.average is None:
            return self._forward(x)
        with self.fabric.autocast():
            return self.kind.reshape_outputs(self.average.module(x)).float()

    def _step_event(self, loss: Tensor, outputs: Tensor, y: Tensor, lr: float) -> Step:
        n = len(y)
        value, score = float(loss), float(self.kind.score_sum(outputs, y, self.y_std))
        self.epoch_sums += torch.tensor([value * n, score, n], dtype=torch.float64)
        metrics = {"train/loss": value, f"train/{self.score}": self.kind.aggregate_score(score, n), "lr": lr}
        return Step(self.step, self.step / self.steps_per_epoch, self.images_seen, metrics)

    def _end_epoch(self) -> EpochEnd:
        self.epoch += 1
        # A single process has nothing to reduce, and Fabric would move these doubles to a device that may not support them (Apple's MPS).
        sums = (
            self.epoch_sums
            if self.fabric.world_size == 1
            else self.fabric.all_reduce(self.epoch_sums, reduce_op="sum")
        )
        loss, score, n = sums.tolist()
        self.epoch_sums.zero_()
        metrics = {
            "train/loss_epoch": loss / n,
            f"train/{self.score}_epoch": self.kind.aggregate_score(score, n),
        }
        probe = None
        if len(self.validation):
            metrics |= self._validate()
            self._count_epochs_without_improvement(metrics["val/loss"])
            probe = self._probe()
        return EpochEnd(self.step, self.epoch, self.images_seen, metrics, self._update_best(metrics), probe)

    @property
    def images_seen(self) -> int:
        """Examples seen so far, repetitions counted."""
        epochs, batches = divmod(self.step, self.steps_per_epoch)
        return epochs * len(self.train) + min(batches * self.recipe.batch_size, len(self.train))

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        self.network.eval()
        if self.average:
            self.average.eval()
        sums = torch.zeros(3, dtype=torch.float64)
        for part in self.validation.parts(self.module):
            y = self._targets(self.validation, part)
            outputs = self._eval_forward(self._validation_inputs(part))
            sums += torch.tensor(
                [
                    float(self.loss(outputs, y)) * len(y),
                    float(self.kind.score_sum(outputs, y, self.y_std)),
                    len(y),
                ]
            )
        loss, score, n = sums.tolist()
        metrics = {"val/loss": loss / n, f"val/{self.score}": self.kind.aggregate_score(score, n)}
        # Averaged batch norms differ a little between ranks, but all must run out of patience at the same epoch.
        return metrics if self.fabric.world_size == 1 else self.fabric.broadcast(metrics)

    @torch.no_grad()
    def _probe(self) -> np.ndarray:
        outputs = self._eval_forward(self._validation_inputs(slice(0, NUM_PROBES)))
        return self.kind.probe_predictions(outputs, self.y_mean, self.y_std).float().cpu().numpy()

    def probe_examples(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The validation examples, as loaded, whose predictions every epoch publishes, with their labels or targets; None without a
        validation set.
        """
        if not len(self.validation):
            return None
        return self.validation.x[:NUM_PROBES].cpu().numpy(), self.validation.y[:NUM_PROBES].cpu().numpy()

    def output_scale(self) -> dict[str, float]:
        """How raw outputs become predictions: prediction = output * `std` + `mean`."""
        return {"mean": self.y_mean, "std": self.y_std}
