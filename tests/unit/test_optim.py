"""Optimizers, schedules and losses against torch's, scikit-learn's and numpy's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import brier_score_loss
from torch import nn
from torch.optim.swa_utils import AveragedModel

from core import models
from core.kinds import get_kind
from core.training.optim import (
    class_weights,
    ema_update,
    make_classification_loss,
    make_optimizer,
    make_schedule,
    squared_error,
)
from core.training.supervised_recipe import SupervisedRecipe

STEPS, PER_EPOCH = 60, 10


def rates(
    recipe: SupervisedRecipe, steps: int = STEPS, per_epoch: int = PER_EPOCH, what: str = "lr"
) -> list[float]:
    """The learning rate (or the momentum) of every step of a training."""
    optimizer = make_optimizer(nn.Linear(2, 2), recipe)
    schedule = make_schedule(optimizer, recipe, steps, per_epoch)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0][what])
        optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        (SupervisedRecipe(optimizer="sgd", momentum=0.8, nesterov=True), torch.optim.SGD),
        (SupervisedRecipe(optimizer="rmsprop", momentum=0.5), torch.optim.RMSprop),
        (SupervisedRecipe(optimizer="adam"), torch.optim.Adam),
        (SupervisedRecipe(optimizer="adamw", weight_decay=0.02), torch.optim.AdamW),
    ],
    ids=lambda v: v.optimizer if isinstance(v, SupervisedRecipe) else "",
)
def test_the_optimizer_that_was_named_takes_torchs_own_steps(recipe: SupervisedRecipe, kind: type) -> None:
    torch.manual_seed(0)
    ours = nn.Linear(4, 3, bias=False)
    theirs = nn.Linear(4, 3, bias=False)
    theirs.load_state_dict(ours.state_dict())
    extra = {"momentum": recipe.momentum} if recipe.optimizer in ("sgd", "rmsprop") else {}
    if recipe.optimizer == "sgd":
        extra["nesterov"] = recipe.nesterov
    reference = kind(theirs.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, **extra)
    optimizer = make_optimizer(ours, recipe)
    assert type(optimizer) is kind
    x = torch.randn(8, 4)
    for _ in range(5):
        for network, steps in ((ours, optimizer), (theirs, reference)):
            steps.zero_grad()
            network(x).square().mean().backward()
            steps.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_weight_decay_spares_norms_and_biases() -> None:
    network = models.create_model("modern_cnn", (1, 28, 28), 10)
    groups = make_optimizer(network, SupervisedRecipe(optimizer="adamw", weight_decay=0.02)).param_groups
    assert [g["weight_decay"] for g in groups] == [0.02, 0.0]
    spared = {id(p) for p in groups[1]["params"]}
    for name, module in network.named_modules():
        for leaf, p in module.named_parameters(recurse=False):
            matrix = isinstance(module, nn.Linear | nn.Conv2d) and leaf == "weight"
            assert (id(p) in spared) is not matrix, f"{name}.{leaf}"
    assert sum(len(g["params"]) for g in groups) == len(list(network.parameters()))


def test_nesterov_without_momentum_is_plain_sgd() -> None:
    optimizer = make_optimizer(nn.Linear(2, 2), SupervisedRecipe(optimizer="sgd", momentum=0, nesterov=True))
    assert optimizer.defaults["nesterov"] is False


def test_no_schedule_keeps_the_rate() -> None:
    assert rates(SupervisedRecipe(learning_rate=0.3)) == [0.3] * STEPS


def test_the_step_schedule_multiplies_every_so_many_epochs() -> None:
    found = rates(SupervisedRecipe(learning_rate=1.0, schedule="step", lr_step_size=2, lr_gamma=0.5))
    np.testing.assert_allclose(found, [0.5 ** (i // (2 * PER_EPOCH)) for i in range(STEPS)])


def test_the_cosine_schedule_is_the_papers_half_wave() -> None:
    found = rates(SupervisedRecipe(learning_rate=2.0, schedule="cosine"))
    np.testing.assert_allclose(found, [1 + math.cos(math.pi * i / STEPS) for i in range(STEPS)], rtol=1e-6)


def test_one_cycle_rises_and_falls_as_torchs_own() -> None:
    found = rates(SupervisedRecipe(optimizer="sgd", learning_rate=0.4, schedule="one-cycle"))
    reference_optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.4, momentum=0.9)
    reference = torch.optim.lr_scheduler.OneCycleLR(
        reference_optimizer, max_lr=0.4, total_steps=STEPS, pct_start=0.3
    )
    expected, momenta = [], []
    for _ in range(STEPS):
        expected.append(reference_optimizer.param_groups[0]["lr"])
        momenta.append(reference_optimizer.param_groups[0]["momentum"])
        reference_optimizer.step()
        reference.step()
    np.testing.assert_allclose(found, expected)
    assert max(found) == pytest.approx(0.4, rel=1e-3) and found[0] < 0.05 and found[-1] < 0.001
    np.testing.assert_allclose(
        rates(SupervisedRecipe(optimizer="sgd", momentum=0.9, schedule="one-cycle"), what="momentum"), momenta
    )


@pytest.mark.parametrize(
    ("momentum", "least", "most"), [(0.0, 0.0, 0.0), (0.5, 0.45, 0.55), (0.99, 0.94, 0.999)]
)
def test_one_cycle_swings_around_the_recipes_momentum(momentum: float, least: float, most: float) -> None:
    found = rates(SupervisedRecipe(optimizer="sgd", momentum=momentum, schedule="one-cycle"), what="momentum")
    assert (min(found), max(found)) == (pytest.approx(least, abs=1e-3), pytest.approx(most, abs=1e-3))


@pytest.mark.parametrize("decay", [0.9, 0.999])
def test_averaged_weights_are_the_formulas(decay: float) -> None:
    torch.manual_seed(0)
    network = nn.Linear(3, 2, bias=False)
    average = AveragedModel(network, multi_avg_fn=ema_update(decay))
    expected = None
    for t in range(200):
        with torch.no_grad():
            network.weight.normal_()
        average.update_parameters(network)
        kept = min(decay, (1 + t) / (10 + t))
        now = network.weight.detach().double()
        expected = now if expected is None else kept * expected + (1 - kept) * now
    torch.testing.assert_close(average.module.weight.double(), expected, rtol=1e-5, atol=1e-6)


def test_the_triangular_schedule_is_two_lines() -> None:
    found = rates(SupervisedRecipe(optimizer="sgd", learning_rate=0.5, schedule="triangular"))
    top = round(0.2 * STEPS)
    np.testing.assert_allclose(found[:top], 0.5 * np.arange(1, top + 1) / top)
    np.testing.assert_allclose(found[top:], np.linspace(0.5, 0, STEPS - top + 1)[:-1])


def test_the_biases_of_batch_norms_have_a_rate_of_their_own() -> None:
    network = models.create_model("modern_cnn", (1, 28, 28), 10)
    recipe = SupervisedRecipe(optimizer="sgd", learning_rate=0.1, weight_decay=0.02, norm_lr_factor=64)
    rates_by_parameter = {
        id(p): g["lr"] for g in make_optimizer(network, recipe).param_groups for p in g["params"]
    }
    for module in network.modules():
        for leaf, p in module.named_parameters(recurse=False):
            of_norm = isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and leaf == "bias"
            assert rates_by_parameter[id(p)] == pytest.approx(6.4 if of_norm else 0.1)


@pytest.mark.parametrize("schedule", ["none", "step", "one-cycle", "triangular", "cosine"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam", "adamw", "muon"])
def test_every_schedule_survives_a_training_of_a_few_steps(schedule: str, steps: int, optimizer: str) -> None:
    found = rates(
        SupervisedRecipe(schedule=schedule, optimizer=optimizer, learning_rate=0.1), steps, per_epoch=1
    )
    assert all(math.isfinite(r) and 0 <= r <= 0.1 + 1e-9 for r in found)


def test_squared_error_is_the_brier_score() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(50, 4), torch.randint(0, 4, (50,))
    p = logits.softmax(1).numpy()
    onehot = np.eye(4)[labels.numpy()]
    assert float(squared_error(logits, labels)) == pytest.approx(((p - onehot) ** 2).sum(1).mean(), rel=1e-6)
    by_class = sum(
        brier_score_loss(onehot[:, k], p[:, k]) for k in range(4)
    )  # the sum of the one-against-all scores
    assert float(squared_error(logits, labels)) == pytest.approx(by_class, rel=1e-5)


def test_squared_error_with_smoothing_is_zero_at_the_smoothed_label() -> None:
    wanted = torch.tensor([[0.925, 0.025, 0.025, 0.025]])
    assert float(squared_error(wanted.log(), torch.tensor([0]), smoothing=0.1)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_is_torchs_own(smoothing: float) -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(20, 5), torch.randint(0, 5, (20,))
    loss = make_classification_loss(SupervisedRecipe(label_smoothing=smoothing))
    log_p = logits.log_softmax(1)
    expected = -(1 - smoothing) * log_p[torch.arange(20), labels] - smoothing * log_p.mean(1)
    assert float(loss(logits, labels)) == pytest.approx(float(expected.mean()), rel=1e-5)


def test_regression_minimises_the_mean_squared_error() -> None:
    a, b = torch.randn(7), torch.randn(7)
    assert torch.equal(get_kind("regression").make_loss(SupervisedRecipe())(a, b), F.mse_loss(a, b))


def test_class_weights_are_scikit_learns_balanced_ones() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    labels = torch.tensor([0] * 6 + [1] * 3 + [2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels.numpy())
    torch.testing.assert_close(class_weights(labels, 3), torch.tensor(expected, dtype=torch.float32))
    assert class_weights(labels, 4).isfinite().all()


def test_weighted_losses_let_rare_classes_count_as_much() -> None:
    labels, logits = (
        torch.tensor([0] * 8 + [1] * 2),
        torch.randn(10, 2, generator=torch.Generator().manual_seed(0)),
    )
    weights = class_weights(labels, 2)
    for loss in ("cross-entropy", "squared-error"):
        recipe = SupervisedRecipe(loss=loss)
        plain, weighted = make_classification_loss(recipe), make_classification_loss(recipe, weights)
        per_class = torch.stack([plain(logits[labels == k], labels[labels == k]) for k in (0, 1)])
        torch.testing.assert_close(weighted(logits, labels), per_class.mean())
    kind = get_kind("classification")
    on, off = (SupervisedRecipe(class_weights=value) for value in (True, False))
    assert kind.make_loss(on, labels, 2)(logits, labels) != kind.make_loss(off, labels, 2)(logits, labels)
    assert torch.equal(kind.make_loss(off, labels, 2)(logits, labels), F.cross_entropy(logits, labels))
