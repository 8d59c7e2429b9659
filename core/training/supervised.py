"""Supervised training: the five lines that every learner knows, and what a training needs around them to be resumed.

The trainer is a generator: it yields events, does no I/O and knows no screen. Between two events its `state()` is complete, so
that a training that was killed goes on to the same numbers, bit for bit on the CPU.

Shapes: B batch, K outputs, N examples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from core import models
from core.data import ArrayDataset, augment, stratified_subset
from core.messages import N_, UserError
from core.training import random_state
from core.training.batches import MAX_WARM_START_EXAMPLES, Batches, epoch_order
from core.training.events import Done, EpochEnd, Event, Step
from core.training.optim import NORM_LAYERS, ema_update, make_loss, make_optimizer, make_schedule
from core.training.supervised_recipe import SupervisedRecipe

NUM_PROBES = 8


class SupervisedTrainer:
    """Trains one network on one data set by one recipe.

    Args:
        model: registered name of the network.
        data: the data set; regression targets are standardised inside and metrics are in the targets' own unit.
        recipe: the hyper-parameters.
        fabric: device, precision and processes (Lightning Fabric).

    Raises UserError where the recipe does not fit the data: a validation part, a batch or a crop too large or too small.
    """

    def __init__(self, model: str, data: ArrayDataset, recipe: SupervisedRecipe, fabric: Fabric) -> None:
        self.recipe, self.data, self.fabric = recipe, data, fabric
        self.is_classifier = data.kind == "classification"
        self.score = "accuracy" if self.is_classifier else "rmse"
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
        # Regression: the network predicts standardised targets, so that one learning rate suits every unit.
        y = data.train_y[self.train_index]
        self.y_mean, self.y_std = (
            (0.0, 1.0) if self.is_classifier else (float(y.mean()), float(y.std()) or 1.0)
        )

        if data.is_image:
            augment.check_crop_size(recipe.crop_padding, data.in_shape)
        torch.manual_seed(recipe.seed)
        network = models.create_model(model, data.in_shape, data.num_outputs, **recipe.part("model"))
        self._check_batch_size(network)
        if hasattr(network, "init_whitening"):  # layers that are computed from examples, not learned
            network.init_whitening(self.train.inputs(slice(0, MAX_WARM_START_EXAMPLES)))
        if data.is_image:
            network = network.to(memory_format=torch.channels_last)
        self.augment_rng = torch.Generator().manual_seed(recipe.seed)
        self.flipped_first = (
            torch.rand(len(self.train), generator=torch.Generator().manual_seed(recipe.seed)) < 0.5
        )
        self.steps_per_epoch = math.ceil(len(self.train) / recipe.batch_size)
        full = recipe.epochs * self.steps_per_epoch
        self.total_steps = min(full, recipe.max_steps or full)
        self.total_epochs = math.ceil(self.total_steps / self.steps_per_epoch)
        self._is_truncated = self.total_steps < full
        # An exponential moving average of the weights (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992) and of the batch norm's
        # statistics; it never trains, it is what gets judged and saved.
        self.average = (
            AveragedModel(
                network, device=fabric.device, multi_avg_fn=ema_update(recipe.ema_decay), use_buffers=True
            )
            if recipe.ema_decay
            else None
        )
        self.network, self.optimizer = fabric.setup(network, make_optimizer(network, recipe))
        self.schedule = make_schedule(
            self.optimizer.optimizer, recipe, self.total_steps, self.steps_per_epoch
        )
        self.loss = make_loss(recipe, data.kind)
        self.step, self.epoch = 0, 0  # taken, and ended
        self.epoch_sums = torch.zeros(3, dtype=torch.float64)  # sums of this epoch: loss, score, examples
        self.best = {"epoch": 0, "rank": [math.inf, math.inf], "lowest_loss": math.inf, "waited": 0}
        self._seed_per_rank()

    def _seed_per_rank(self) -> None:
        """Several processes: each its own dropout and augmentation, else the i-th picture of every share would be moved alike. The first
        process keeps the recipe's seed, whose random states are the ones that are saved."""
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
        """Whether a batch norm that learns would see a single value per map in a batch of one example."""
        lonely: list[nn.Module] = []

        def look(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if inputs[0].numel() == inputs[0].shape[1]:
                lonely.append(module)

        norms = [m for m in network.train().modules() if isinstance(m, NORM_LAYERS) and m.training]
        hooks = [norm.register_forward_pre_hook(look) for norm in norms]
        network.eval()(torch.zeros(1, *self.data.in_shape))  # which leaves its statistics as they are
        network.train()
        for hook in hooks:
            hook.remove()
        return bool(lonely)

    @property
    def in_shape(self) -> tuple[int, ...]:
        """The shape of an input, without the batch."""
        return tuple(self.data.in_shape)

    @property
    def module(self) -> nn.Module:
        """The bare network as it is judged and saved: the averaged one where the recipe averages."""
        return self.average.module if self.average else self.network.module

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What the events of this trainer publish: first what every step has, then what every epoch has."""
        step = ("train/loss", f"train/{self.score}", "lr")
        return (*step, "train/loss_epoch", f"train/{self.score}_epoch", "val/loss", f"val/{self.score}")

    def run(self) -> Iterator[Event]:
        """Train from wherever the state is to the end."""
        recipe = self.recipe
        while self.epoch < self.total_epochs and not self._should_stop_early():
            order = epoch_order(len(self.train), recipe.seed, self.epoch)
            self.network.train()
            for batch in range(self.step - self.epoch * self.steps_per_epoch, self.steps_per_epoch):
                if self.step == self.total_steps:
                    break
                index = self._rank_shard(order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size])
                x = self._inputs(index)
                y = self._targets(self.train, index)

                outputs = self._forward(x)
                loss = self.loss(outputs, y)
                self.optimizer.zero_grad()
                self.fabric.backward(loss)
                self._clip_gradients()
                self.optimizer.step()
                if self.average:
                    self.average.update_parameters(self.network.module)

                lr = self.schedule.get_last_lr()[0]
                self.schedule.step()
                self.step += 1
                yield self._step_event(loss.detach(), outputs.detach(), y, lr)
            yield self._end_epoch()
        why = "early stopping" if self._should_stop_early() else "steps" if self._is_truncated else "epochs"
        yield Done(self.step, self.best["epoch"], why)

    def _should_stop_early(self) -> bool:
        return 0 < self.recipe.patience <= self.best["waited"]

    # ---- state -------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything to go on from the last event: weights, optimizer, schedule, random states, place."""
        return {
            "model": self.network.module.state_dict(),
            "average": self.average.state_dict() if self.average else {},
            "optimizer": self.optimizer.optimizer.state_dict(),
            "schedule": {k: v for k, v in self.schedule.state_dict().items() if not callable(v)},
            **random_state.get_rng_state(self.augment_rng),
            "step": self.step,
            "epoch": self.epoch,
            "running": self.epoch_sums.clone(),
            "best": dict(self.best),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go back to where `state()` was taken."""
        self.network.module.load_state_dict(state["model"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.optimizer.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        random_state.set_rng_state(state, self.augment_rng)
        self.step, self.epoch = state["step"], state["epoch"]
        self.epoch_sums = state["running"].clone()
        self.best = dict(state["best"])
        self._seed_per_rank()

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _rank_shard(self, index: Tensor) -> Tensor:
        """This process's share of a batch (all of it where there is one process). A batch with fewer examples than there are processes
        begins again, so that nobody is left without any."""
        rank = self.fabric.global_rank
        mine = (
            index[rank :: self.fabric.world_size] if rank < len(index) else index[rank % len(index)].view(1)
        )
        return mine.to(self.fabric.device)

    def _inputs(self, index: Tensor) -> Tensor:
        """Augmented, normalised inputs of the training examples `index` (B,)."""
        if not self.data.is_image:
            return self.train.inputs(index)
        return self.train.augment(index, self.recipe, self.epoch, self.flipped_first, self.augment_rng)

    def _clip_gradients(self) -> None:
        if self.recipe.max_grad_norm:
            self.fabric.clip_gradients(self.network, self.optimizer, max_norm=self.recipe.max_grad_norm)

    def _targets(self, part: Batches, index: Tensor | slice) -> Tensor:
        y = part.targets(index)
        return y if self.is_classifier else (y - self.y_mean) / self.y_std

    def _forward(self, x: Tensor) -> Tensor:
        outputs = self.network(x)  # (B, K)
        return self._reshape_outputs(outputs)

    def _eval_forward(self, x: Tensor) -> Tensor:
        """Outputs of the network that will be saved."""
        if self.average is None:
            return self._forward(x)
        with self.fabric.autocast():
            return self._reshape_outputs(self.average.module(x)).float()

    def _reshape_outputs(self, outputs: Tensor) -> Tensor:
        return outputs if self.is_classifier else outputs.squeeze(1)

    def _score(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Summed over the batch: right answers, or squared errors in the target's own unit."""
        if self.is_classifier:
            return (outputs.argmax(1) == y).sum()
        return ((outputs - y) * self.y_std).square().sum()

    def _aggregate_score(self, score_sum: float, n: float) -> float:
        """Accuracy in [0, 1], or root mean squared error in the target's unit."""
        return score_sum / n if self.is_classifier else math.sqrt(score_sum / n)

    def _step_event(self, loss: Tensor, outputs: Tensor, y: Tensor, lr: float) -> Step:
        n = len(y)
        value, score = float(loss), float(self._score(outputs, y))
        self.epoch_sums += torch.tensor([value * n, score, n], dtype=torch.float64)
        metrics = {"train/loss": value, f"train/{self.score}": self._aggregate_score(score, n), "lr": lr}
        return Step(self.step, self.step / self.steps_per_epoch, self.images_seen, metrics)

    def _end_epoch(self) -> EpochEnd:
        self.epoch += 1
        # Alone there is nothing to add up, and Fabric would move these doubles to a device that may have none (Apple's).
        sums = (
            self.epoch_sums
            if self.fabric.world_size == 1
            else self.fabric.all_reduce(self.epoch_sums, reduce_op="sum")
        )
        loss, score, n = sums.tolist()
        self.epoch_sums.zero_()
        metrics = {"train/loss_epoch": loss / n, f"train/{self.score}_epoch": self._aggregate_score(score, n)}
        probe, is_best = None, True
        if len(self.validation):
            metrics |= self._validate()
            is_best = self._update_best(metrics["val/loss"], metrics[f"val/{self.score}"])
            probe = self._probe()
        else:
            self.best["epoch"] = self.epoch
        return EpochEnd(self.step, self.epoch, self.images_seen, metrics, is_best, probe)

    @property
    def images_seen(self) -> int:
        """Examples seen so far, repetitions counted."""
        epochs, batches = divmod(self.step, self.steps_per_epoch)
        return epochs * len(self.train) + min(batches * self.recipe.batch_size, len(self.train))

    def _update_best(self, loss: float, score: float) -> bool:
        """Whether this epoch is the best so far: by accuracy (or RMSE), then by loss. Patience watches the loss alone, which
        says earlier that a network grows too sure of itself."""
        improves = loss < self.best["lowest_loss"]
        self.best["waited"] = 0 if improves else self.best["waited"] + 1
        self.best["lowest_loss"] = min(loss, self.best["lowest_loss"])
        rank = [-score if self.is_classifier else score, loss]
        if rank < self.best["rank"]:
            self.best |= {"epoch": self.epoch, "rank": rank}
        return self.best["epoch"] == self.epoch

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        self.network.eval()
        if self.average:
            self.average.eval()
        sums = torch.zeros(3, dtype=torch.float64)
        for part in self.validation.parts(self.module):
            y = self._targets(self.validation, part)
            outputs = self._eval_forward(self.validation.inputs(part))
            sums += torch.tensor(
                [float(self.loss(outputs, y)) * len(y), float(self._score(outputs, y)), len(y)]
            )
        loss, score, n = sums.tolist()
        figures = {"val/loss": loss / n, f"val/{self.score}": self._aggregate_score(score, n)}
        # Averaged batch norms differ a little between processes; all must come to the same end of patience.
        return figures if self.fabric.world_size == 1 else self.fabric.broadcast(figures)

    @torch.no_grad()
    def _probe(self) -> np.ndarray:
        outputs = self._eval_forward(self.validation.inputs(slice(0, NUM_PROBES)))
        if self.is_classifier:
            return outputs.softmax(1).float().cpu().numpy()
        return (outputs * self.y_std + self.y_mean)[:, None].float().cpu().numpy()

    def probe_examples(self) -> tuple[np.ndarray, np.ndarray]:
        """The validation examples (as they came) whose predictions every epoch publishes, and their labels or targets."""
        return self.validation.x[:NUM_PROBES].cpu().numpy(), self.validation.y[:NUM_PROBES].cpu().numpy()

    def output_scale(self) -> dict[str, float]:
        """How outputs become targets: prediction = output * std + mean (regression; otherwise 1 and 0)."""
        return {"mean": self.y_mean, "std": self.y_std}
