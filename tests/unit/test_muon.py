"""Muon against the singular value decomposition and PyTorch's own optimizers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core import models
from core.training.muon import MUON_MOMENTUM, Muon, hidden_convolutions, orthogonalize
from core.training.optim import make_optimizer
from core.training.supervised_recipe import SupervisedRecipe

WIDE, TALL = (16, 90), (90, 16)


@pytest.mark.parametrize("shape", [WIDE, TALL], ids=["wide", "tall"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def test_an_orthogonalized_matrix_keeps_its_singular_vectors(shape: tuple, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    u, _s, vt = torch.linalg.svd(matrix, full_matrices=False)
    inner = u.T @ orthogonalize(matrix, dtype=dtype) @ vt.T
    values = inner.diagonal()
    assert float(values.min()) > 0.6 and float(values.max()) < 1.3
    # bfloat16 has 8 bits.
    torch.testing.assert_close(
        inner, torch.diag(values), atol=0.05 if dtype == torch.bfloat16 else 1e-4, rtol=0
    )


def test_a_zero_gradient_changes_nothing() -> None:
    assert not orthogonalize(torch.zeros(4, 7)).any()


def _train(layers: nn.Module, *optimizers: torch.optim.Optimizer) -> None:
    torch.manual_seed(1)
    for _ in range(5):
        x = torch.randn(8, 6, 2, 2)
        layers.zero_grad()
        layers(x).square().mean().backward()
        for optimizer in optimizers:
            optimizer.step()


def test_convolutions_take_the_steps_of_torchs_muon() -> None:
    torch.manual_seed(0)
    ours = nn.Conv2d(6, 4, 1)
    theirs = nn.Conv2d(6, 4, 1)
    theirs.load_state_dict(ours.state_dict())
    recipe = SupervisedRecipe(optimizer="muon", learning_rate=0.1, muon_lr=0.05, weight_decay=0.2)
    _train(ours, make_optimizer(ours, recipe))

    matrix = nn.Linear(6, 4, bias=False)
    matrix.weight = nn.Parameter(theirs.weight.detach().flatten(1))
    bias = nn.Parameter(theirs.bias.detach().clone())

    def forward(x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("oi,bihw->bohw", matrix.weight, x) + bias[:, None, None]

    muon = torch.optim.Muon([matrix.weight], lr=0.05, weight_decay=0.2, momentum=MUON_MOMENTUM)
    sgd = torch.optim.SGD([bias], lr=0.1, momentum=recipe.momentum, nesterov=True)
    torch.manual_seed(1)
    for _ in range(5):
        x = torch.randn(8, 6, 2, 2)
        for optimizer in (muon, sgd):
            optimizer.zero_grad()
        forward(x).square().mean().backward()
        for optimizer in (muon, sgd):
            optimizer.step()
    # PyTorch multiplies matrices in bfloat16.
    torch.testing.assert_close(ours.weight.flatten(1), matrix.weight, atol=5e-3, rtol=0)
    torch.testing.assert_close(ours.bias, bias, atol=1e-3, rtol=0)


def test_other_layers_take_the_steps_of_torchs_sgd() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(4, 3, bias=False), nn.Linear(4, 3, bias=False)
    theirs.load_state_dict(ours.state_dict())
    recipe = SupervisedRecipe(optimizer="muon", learning_rate=0.1, weight_decay=0.02)
    pairs = [
        (ours, make_optimizer(ours, recipe)),
        (
            theirs,
            torch.optim.SGD(theirs.parameters(), 0.1, recipe.momentum, weight_decay=0.02, nesterov=True),
        ),
    ]
    x = torch.randn(8, 4)
    for _ in range(5):
        for network, optimizer in pairs:
            optimizer.zero_grad()
            network(x).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_filters_before_a_norm_keep_their_norm() -> None:
    network = nn.Sequential(nn.Conv2d(6, 9, 3, padding=1, bias=False), nn.BatchNorm2d(9))
    optimizer = make_optimizer(network, SupervisedRecipe(optimizer="muon", muon_lr=1e-6, weight_decay=0.5))
    _train(network, optimizer)
    assert float(network[0].weight.detach().norm()) == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize(
    ("model", "count"),
    [("fast_cnn", 6), ("mobilenetv1", 13), ("notes_cnn", 0), ("modern_cnn", 3)],
    ids=["fast", "depthwise", "notes", "modern"],
)
def test_hidden_convolutions_are_those_that_mix_channels(model: str, count: int) -> None:
    assert len(hidden_convolutions(models.create_model(model, (3, 32, 32), 10))) == count


def test_every_parameter_is_in_one_group() -> None:
    network = models.create_model("resnet", (3, 32, 32), 10)
    optimizer = make_optimizer(network, SupervisedRecipe(optimizer="muon", norm_lr_factor=8))
    assert isinstance(optimizer, Muon)
    members = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(members) == sorted(id(p) for p in network.parameters() if p.requires_grad)
