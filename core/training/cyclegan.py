"""CycleGAN: two generators and two discriminators learn against each other, in two alternating steps.

Zhu et al., Unpaired image-to-image translation using cycle-consistent adversarial networks (arXiv 1703.10593). The paper's names and
those of this file: G: X -> Y is `generators.a2b`, F: Y -> X is `generators.b2a`, D_X is `discriminators.a`, D_Y `discriminators.b`.

The trainer is a generator as `core.training.supervised` is: it yields events, does no I/O and knows no screen, and between two events its
`state()` is complete.

Shapes: B photos of each domain, H W height and width. Photos are (B, 3, H, W) in [-1, 1].
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from core import models
from core.data import ArrayDataset, augment
from core.kinds import get_kind
from core.messages import Message, UserError
from core.models.cyclegan import Discriminators, init_weights
from core.training import gan_signals, random_state
from core.training.batches import Batches, epoch_order
from core.training.cyclegan_recipe import ONE_DEVICE_MESSAGE, CycleGANRecipe
from core.training.events import MAX_SAMPLE_IMAGES, Done, EpochEnd, Event, Sample, Step
from core.training.image_pool import ImagePool
from core.training.progress import TrainingProgress

if TYPE_CHECKING:
    from core.translation.domain_classifiers import DomainClassifier

LOSS_NAMES = (
    "loss/adversarial_a2b",
    "loss/adversarial_b2a",
    "loss/cycle",
    "loss/identity",
    "loss/discriminator_a",
    "loss/discriminator_b",
)
SCORE_NAMES = ("score/real_a", "score/translated_a", "score/real_b", "score/translated_b")


class CycleGANTrainer(TrainingProgress):
    """Trains both generators of `model` on the two domains of `data` (`y` 0: A, 1: B) with one recipe.

    Raises UserError if a domain has too few photos, or if there is more than one process.
    """

    def __init__(self, model: str, data: ArrayDataset, recipe: CycleGANRecipe, fabric: Fabric) -> None:
        if fabric.world_size > 1:
            raise UserError(ONE_DEVICE_MESSAGE)
        self.recipe, self.data, self.fabric = recipe, data, fabric
        self.selection_metric = get_kind(data.kind).selection_metric
        self.domain_classifier: DomainClassifier | None = None
        parts = [self._train_val_split(np.flatnonzero(data.train_y == domain), domain) for domain in (0, 1)]
        self.a, self.b = (
            Batches(data, data.train_x[train], data.train_y[train], fabric.device) for train, _ in parts
        )
        self.val_a, self.val_b = (
            Batches(data, data.train_x[held], data.train_y[held], fabric.device) for _, held in parts
        )

        torch.manual_seed(recipe.seed)
        generators = models.create_model(model, data.in_shape, 0, **recipe.part("model")).to(
            memory_format=torch.channels_last
        )
        discriminators = init_weights(Discriminators(recipe.width)).to(memory_format=torch.channels_last)
        self.augment_rng = torch.Generator().manual_seed(recipe.seed)
        self._plan(max(len(self.a), len(self.b)), recipe.batch_size, recipe.epochs, recipe.max_steps)
        self._average_weights(generators, recipe.ema_decay, fabric.device)
        adam = {"lr": recipe.learning_rate, "betas": (recipe.beta1, 0.999)}
        self.generators, self.g_optimizer = fabric.setup(
            generators, torch.optim.Adam(generators.parameters(), **adam)
        )
        self.discriminators, self.d_optimizer = fabric.setup(
            discriminators, torch.optim.Adam(discriminators.parameters(), **adam)
        )
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(o.optimizer, self._lr_factor)
            for o in (self.g_optimizer, self.d_optimizer)
        ]
        self.pool_a, self.pool_b = (
            ImagePool(recipe.pool_size, recipe.seed),
            ImagePool(recipe.pool_size, recipe.seed + 1),
        )

    def use_domain_classifier(self, classifier: DomainClassifier | None) -> None:
        """Select the best epoch by the share of validation translations that `classifier` assigns to the target domain.

        `classifier` maps photos (N, 3, H, W) in [0, 1] to the probability (N,) of domain B. With None the newest epoch is the best,
        because no loss of this game ranks epochs.
        """
        self.domain_classifier = classifier

    def _train_val_split(self, index: np.ndarray, domain: int) -> tuple[np.ndarray, np.ndarray]:
        """Indices (training, validation) of one domain; validation photos are evenly spread, so every run holds out the same ones."""
        held, name = self.recipe.num_validation, self.data.classes[domain]
        if len(index) < held + 1:
            raise UserError(
                Message.counted(
                    "{name} has only {count} photo. With {held} held out for validation, the minimum is "
                    "{need}. Add photos or reduce the validation set.",
                    "{name} has only {count} photos. With {held} held out for validation, the minimum is "
                    "{need}. Add photos or reduce the validation set.",
                    len(index),
                    name=name,
                    held=held,
                    need=held + 1,
                )
            )
        places = np.linspace(0, len(index) - 1, held).astype(int) if held else np.zeros(0, int)
        train = np.delete(index, places)
        if self.recipe.limit_train:
            train = train[
                np.linspace(0, len(train) - 1, min(self.recipe.limit_train, len(train))).astype(int)
            ]
        return train, index[places]

    def _lr_factor(self, step: int) -> float:
        """The paper's plan: a constant rate, then a line to zero."""
        constant = self.recipe.constant_lr_fraction * self.total_steps
        return (
            1.0
            if step <= constant
            else max(0.0, (self.total_steps - step) / max(1.0, self.total_steps - constant))
        )

    @property
    def in_shape(self) -> tuple[int, int, int]:
        """The shape of a photo in this training."""
        return 3, self.recipe.image_size, self.recipe.image_size

    @property
    def trained_module(self) -> nn.Module:
        """The two generators whose parameters the optimizer updates."""
        return self.generators.module

    @property
    def metric_names(self) -> tuple[str, ...]:
        """All metrics that events publish, those of a step first."""
        return (*LOSS_NAMES, *SCORE_NAMES, "lr", *gan_signals.SIGNALS)

    # ---- the loop ----------------------------------------------------------------------------------------------------

    def run(self) -> Iterator[Event]:
        """Train from the current state to the end."""
        if not self.step:
            yield self._sample_event()
        while self.epoch < self.total_epochs:
            order_a, order_b = self._epoch_order(len(self.a), 0), self._epoch_order(len(self.b), 1)
            for batch in self._epoch_batches():
                place = slice(batch * self.recipe.batch_size, (batch + 1) * self.recipe.batch_size)
                real_a, real_b = (
                    self._load_photos(self.a, order_a[place]),
                    self._load_photos(self.b, order_b[place]),
                )

                fake_a, fake_b, losses = self._optimize_generators(real_a, real_b)
                scores = self._optimize_discriminators(
                    real_a, real_b, self.pool_a.query(fake_a), self.pool_b.query(fake_b)
                )
                self._update_average()

                lr = self.schedules[0].get_last_lr()[0]
                for schedule in self.schedules:
                    schedule.step()
                self.step += 1
                yield Step(
                    self.step,
                    self.step / self.steps_per_epoch,
                    self.images_seen,
                    {**losses, **scores, "lr": lr},
                )
                if self.step % self.recipe.sample_every == 0:
                    yield self._sample_event()
            if self.step == self.total_steps and self.step % self.recipe.sample_every:
                yield self._sample_event()  # what came of it, also where the last look was a while ago
            yield self._end_epoch()
        yield Done(self.step, self.best["epoch"], self._end_reason())

    def _optimize_generators(self, real_a: Tensor, real_b: Tensor) -> tuple[Tensor, Tensor, dict[str, float]]:
        """One step of G and F. Returns the translations, for the discriminators, and the losses."""
        g, f = (functools.partial(self.generators, direction=d) for d in ("a2b", "b2a"))
        d_x, d_y = (functools.partial(self.discriminators, domain=domain) for domain in ("a", "b"))
        self.discriminators.requires_grad_(False)  # they only score here, without an update

        # Each generator gets a photo to translate and one of its target domain, in one batch: instance norm treats photos separately.
        fake_b, same_b = g(torch.cat([real_a, real_b])).chunk(2)
        fake_a, same_a = f(torch.cat([real_b, real_a])).chunk(2)

        # L_GAN(G, D_Y) = E_x[(D_Y(G(x)) - 1)²]
        adversarial_a2b = self._gan_loss(d_y(self._augment(fake_b)), 1.0)
        # L_GAN(F, D_X) = E_y[(D_X(F(y)) - 1)²]
        adversarial_b2a = self._gan_loss(d_x(self._augment(fake_a)), 1.0)
        # L_cyc(G, F) = E_x[|F(G(x)) - x|] + E_y[|G(F(y)) - y|]
        cycle = (f(fake_b).float() - real_a).abs().mean() + (g(fake_a).float() - real_b).abs().mean()
        # L_identity(G, F) = E_y[|G(y) - y|] + E_x[|F(x) - x|]
        identity = (same_b.float() - real_b).abs().mean() + (same_a.float() - real_a).abs().mean()

        loss = (
            adversarial_a2b
            + adversarial_b2a
            + self.recipe.cycle_weight * cycle
            + self.recipe.identity_weight * identity
        )
        self.g_optimizer.zero_grad()
        self.fabric.backward(loss)
        self.g_optimizer.step()
        self.discriminators.requires_grad_(True)
        values = (adversarial_a2b, adversarial_b2a, cycle, identity)
        return (
            fake_a.detach(),
            fake_b.detach(),
            {name: float(v.detach()) for name, v in zip(LOSS_NAMES, values, strict=False)},
        )

    def _optimize_discriminators(
        self, real_a: Tensor, real_b: Tensor, fake_a: Tensor, fake_b: Tensor
    ) -> dict[str, float]:
        """One step of D_X and D_Y, on photos and on translations old and new. Returns losses and mean scores."""
        values, total = {}, torch.zeros((), device=real_a.device)
        for name, real, fake in (("a", real_a, fake_a), ("b", real_b, fake_b)):
            both = self._augment(torch.cat([real, fake.to(real.dtype)]))
            on_real, on_fake = self.discriminators(both, name).float().chunk(2)
            # L(D) = ½ E_y[(D(y) - 1)²] + ½ E_x[D(G(x))²]; the half slows D down against G.
            loss = (self._gan_loss(on_real, 1.0) + self._gan_loss(on_fake, 0.0)) / 2
            total = total + loss
            values |= {
                f"loss/discriminator_{name}": float(loss.detach()),
                f"score/real_{name}": float(on_real.detach().mean()),
                f"score/translated_{name}": float(on_fake.detach().mean()),
            }
        self.d_optimizer.zero_grad()
        self.fabric.backward(total)
        self.d_optimizer.step()
        return values

    @staticmethod
    def _gan_loss(scores: Tensor, wanted: float) -> Tensor:
        """Least squares (Mao et al., arXiv 1611.04076), mean over patches."""
        return (scores.float() - wanted).square().mean()

    def _augment(self, photos: Tensor) -> Tensor:
        """Photos as a discriminator sees them."""
        return augment.diff_augment(photos) if self.recipe.diff_augment else photos

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _epoch_order(self, n: int, domain: int) -> Tensor:
        """Which photos of one domain this epoch sees; those of the smaller domain several times, every time in another order."""
        need, rounds = self.steps_per_epoch * self.recipe.batch_size, []
        while sum(map(len, rounds)) < need:
            rounds.append(epoch_order(n, 2 * self.recipe.seed + domain, 1000 * self.epoch + len(rounds)))
        return torch.cat(rounds)[:need]

    def _load_photos(self, part: Batches, index: Tensor) -> Tensor:
        """Augmented photos (B, 3, H, W) in [-1, 1]: a random square of a larger photo, half of them mirrored."""
        flipped = torch.rand(len(index), generator=self.augment_rng) < 0.5
        x = augment.random_crop(part.x[index], self.recipe.image_size, flipped, self.augment_rng)
        return part.normalize(x)

    @property
    def images_seen(self) -> int:
        """Photos of both domains seen so far, repetitions counted."""
        return 2 * self.step * self.recipe.batch_size

    @torch.no_grad()
    def _render_samples(self, part: Batches, way: str, back: str) -> dict[str, Tensor]:
        """The held-back photos of one domain: as they are, translated, cycled back, and through the generator of their own domain."""
        crop = (part.x.shape[-1] - self.recipe.image_size) // 2
        inner = slice(crop, crop + self.recipe.image_size)
        kinds: dict[str, list[Tensor]] = {"real": [], "translated": [], "cycled": [], "identity": []}
        for i in range(0, len(part), MAX_SAMPLE_IMAGES):
            real = part.normalize(part.x[i : i + MAX_SAMPLE_IMAGES, :, inner, inner])
            with self.fabric.autocast():
                translated = getattr(self.module, way)(real)
                cycled, identity = getattr(self.module, back)(translated), getattr(self.module, back)(real)
            for kind, value in zip(kinds, (real, translated, cycled, identity), strict=True):
                kinds[kind].append(value.float())
        return {kind: (torch.cat(values) + 1) / 2 for kind, values in kinds.items()}

    def _sample_event(self) -> Sample:
        """The first held-back photos of both domains through both generators."""
        images = {}
        if self.recipe.num_validation:
            state = torch.get_rng_state()
            for name, part, way, back in (("a", self.val_a, "a2b", "b2a"), ("b", self.val_b, "b2a", "a2b")):
                first = copy.copy(part)
                first.x, first.y = part.x[:MAX_SAMPLE_IMAGES], part.y[:MAX_SAMPLE_IMAGES]
                for kind, value in self._render_samples(first, way, back).items():
                    images[f"{name}/{kind}"] = (value * 255).round().clamp(0, 255).byte().cpu().numpy()
            torch.set_rng_state(state)
        return Sample(self.step, self.step / self.steps_per_epoch, images)

    def _end_epoch(self) -> EpochEnd:
        self.epoch += 1
        metrics = {}
        if self.recipe.num_validation:
            metrics = gan_signals.measure_signals(
                self._render_samples(self.val_a, "a2b", "b2a"),
                self._render_samples(self.val_b, "b2a", "a2b"),
                self.domain_classifier,
            )
        return EpochEnd(self.step, self.epoch, self.images_seen, metrics, self._update_best(metrics), None)

    def output_scale(self) -> dict[str, float]:
        """Photos are not rescaled."""
        return {"mean": 0.0, "std": 1.0}

    def probe_examples(self) -> None:
        """None: the samples of `Sample` events take their place."""
        return

    # ---- state -------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything needed to continue: weights, both optimizers, schedules, pools, random states, progress."""
        return {
            "generators": self.generators.module.state_dict(),
            "discriminators": self.discriminators.module.state_dict(),
            **self._progress_state(),
            "optimizers": [self.g_optimizer.optimizer.state_dict(), self.d_optimizer.optimizer.state_dict()],
            "schedules": [s.state_dict() for s in self.schedules],
            "pools": [self.pool_a.state(), self.pool_b.state()],
            **random_state.get_rng_state(self.augment_rng),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Return to where `state()` was taken."""
        self.generators.module.load_state_dict(state["generators"])
        self.discriminators.module.load_state_dict(state["discriminators"])
        for optimizer, saved in zip((self.g_optimizer, self.d_optimizer), state["optimizers"], strict=True):
            optimizer.optimizer.load_state_dict(saved)
        for schedule, saved in zip(self.schedules, state["schedules"], strict=True):
            schedule.load_state_dict(saved)
        self.pool_a.load_state(state["pools"][0])
        self.pool_b.load_state(state["pools"][1])
        random_state.set_rng_state(state, self.augment_rng)
        self._load_progress(state)
