"""Muon: momentum whose update of a weight matrix is replaced by the nearest orthogonal matrix.

After Jordan et al., Muon: An optimizer for hidden layers in neural networks (2024), as used for CIFAR-10 in airbench94_muon
(https://github.com/KellerJordan/cifar10-airbench). PyTorch's `torch.optim.Muon` takes matrices only; here the filters of a
convolution are the rows of a matrix.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

NEWTON_SCHULZ_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the polynomial a·σ + b·σ³ + c·σ⁵ that moves every singular value σ in (0, 1] close to 1."""
MUON_MOMENTUM = 0.6
"""Of the orthogonalized layers, as in airbench94_muon; the other layers have the recipe's momentum."""


def orthogonalize(matrix: Tensor, steps: int = 5, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return U Vᵀ of the singular value decomposition U S Vᵀ of `matrix` (R, C), approximately: singular values end between 0.7 and 1.2.

    Args:
        matrix: of rank min(R, C); a zero matrix stays zero.
        steps: Newton–Schulz iterations. Five leave singular values below 1/1000 of the norm smaller than that.
        dtype: of the matrix products; bfloat16 is enough.
    """
    a, b, c = NEWTON_SCHULZ_COEFFICIENTS
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if is_tall else matrix).to(dtype)
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if is_tall else x).to(matrix.dtype)


def hidden_convolutions(model: nn.Module) -> list[nn.Conv2d]:
    """Return the trained convolutions behind the first layer that mix channels: neither an image's colors nor depthwise."""
    return [
        m
        for m in model.modules()
        if isinstance(m, nn.Conv2d) and m.weight.requires_grad and m.groups == 1 and m.in_channels > 3
    ]


class Muon(torch.optim.Optimizer):
    """Muon for groups with `orthogonal`, SGD with Nesterov momentum for all others.

    Group options: `lr`, `momentum` (of SGD), `weight_decay` (as in SGD; not for orthogonal groups with `normalize`), `orthogonal`, and
    `normalize`: scale each filter bank to the norm √(number of filters) before a step. That changes no output of a layer followed by
    batch norm, and makes `lr` relative to the weights.
    """

    def __init__(
        self, params: list[dict], lr: float, momentum: float, dtype: torch.dtype = torch.float32
    ) -> None:
        self.dtype = dtype
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": 0.0}
        super().__init__(params, {**defaults, "orthogonal": False, "normalize": False})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Update all parameters that have a gradient."""
        for group in self.param_groups:
            momentum = MUON_MOMENTUM if group["orthogonal"] else group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                gradient = p.grad
                if group["weight_decay"] and not group["orthogonal"]:
                    gradient = gradient.add(p, alpha=group["weight_decay"])
                if "momentum_buffer" not in self.state[p]:
                    self.state[p]["momentum_buffer"] = torch.zeros_like(p)
                velocity = self.state[p]["momentum_buffer"].mul_(momentum).add_(gradient)
                update = gradient.add(velocity, alpha=momentum)
                if group["orthogonal"]:
                    if group["normalize"]:
                        p.mul_(len(p) ** 0.5 / p.norm())
                    else:
                        p.mul_(1 - group["lr"] * group["weight_decay"])
                    update = orthogonalize(update.flatten(1), dtype=self.dtype).view_as(p)
                p.add_(update, alpha=-group["lr"])
