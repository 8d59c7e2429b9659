"""The network of the playground, its loss and its optimizer.

Shapes: B batch size, F features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.lessons.playground.settings import Settings

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "linear": nn.Identity,
}
MOMENTUM = 0.9


class Dropout(nn.Module):
    """Dropout with random numbers of its own, so that other sessions do not change them."""

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__()
        self.p, self.generator = p, generator

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` (B, F) with a random mask while training, unchanged otherwise."""
        if not self.training:
            return x
        mask = torch.rand(x.shape, generator=self.generator) >= self.p
        return x * mask / (1 - self.p)


def init_linear(layer: nn.Linear, name: str, generator: torch.Generator) -> None:
    """Initialize weight and bias by the method `name` of `settings.INITIALIZATIONS`."""
    if name == "default":
        bound = layer.in_features**-0.5
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
        return
    nn.init.zeros_(layer.bias)
    if name == "he":
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
    elif name == "xavier":
        nn.init.xavier_normal_(layer.weight, generator=generator)
    elif name == "zeros":
        nn.init.zeros_(layer.weight)
    else:
        nn.init.normal_(layer.weight, std={"normal": 1.0, "small": 0.01}[name], generator=generator)


def build_network(settings: Settings, seed: int | None = None) -> nn.Sequential:
    """Build the network (B, F) -> (B, 1), or (B, 3) for three classes.

    Initial weights depend on `seed` (by default that of the settings) alone.
    """
    seed = settings.seed if seed is None else seed
    generator, dropped = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    width = len(settings.features)
    for units in settings.hidden:
        linear = nn.utils.skip_init(nn.Linear, width, units)
        init_linear(linear, settings.init, generator)
        layers.append(linear)
        if settings.batch_norm:
            layers.append(nn.BatchNorm1d(units))
        layers.append(ACTIVATIONS[settings.activation]())
        if settings.dropout:
            layers.append(Dropout(settings.dropout, dropped))
        width = units
    output = nn.utils.skip_init(nn.Linear, width, settings.num_outputs)
    init_linear(output, settings.init, generator)
    return nn.Sequential(*layers, output)


def data_loss(output: Tensor, target: Tensor, is_regression: bool) -> Tensor:
    """Mean squared error for regression, else cross-entropy of logits.

    `output` and `target` are (..., B). Targets of type int64 are numbers of classes; `output` is (B, classes) then.
    """
    if target.dtype == torch.int64:
        return functional.cross_entropy(output, target)
    if is_regression:
        return functional.mse_loss(output, target)
    return functional.binary_cross_entropy_with_logits(output, target)


def penalty(weights: list[Tensor], l1: float, l2: float) -> Tensor | float:
    """Return `l1` Σ|w| + `l2`/2 Σw² over weight matrices."""
    total: Tensor | float = 0.0
    for weight in weights:
        if l1:
            total = total + l1 * weight.abs().sum()
        if l2:
            total = total + l2 / 2 * weight.square().sum()
    return total


def make_optimizer(parameters: list[Tensor], settings: Settings) -> torch.optim.Optimizer:
    """Create the optimizer of `settings`. All of them work element by element, so they also train stacked networks."""
    rate = settings.learning_rate
    match settings.optimizer:
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, fused=True)
        case "momentum":
            return torch.optim.SGD(parameters, lr=rate, momentum=MOMENTUM, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, foreach=True)
    return torch.optim.Adam(parameters, lr=rate, fused=True)
