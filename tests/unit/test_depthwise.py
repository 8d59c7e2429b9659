"""Depthwise convolutions: the same convolution as PyTorch's, whatever the precision."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core import models
from core.models.depthwise import DepthwiseConv2d

LAYERS = pytest.mark.parametrize(
    ("stride", "kernel"), [(1, 3), (2, 3), (1, 5)], ids=["plain", "strided", "large"]
)


def make_pair(stride: int, kernel: int) -> tuple[DepthwiseConv2d, nn.Conv2d]:
    torch.manual_seed(0)
    own = DepthwiseConv2d(16, kernel, stride)
    reference = nn.Conv2d(16, 16, kernel, stride, padding=kernel // 2, groups=16, bias=False)
    reference.load_state_dict(own.state_dict())
    return own, reference


@LAYERS
def test_in_single_precision_it_is_the_convolution_of_pytorch(stride: int, kernel: int) -> None:
    own, reference = make_pair(stride, kernel)
    x = torch.randn(4, 16, 8, 8)
    assert own(x).equal(reference(x))


@LAYERS
def test_under_autocast_output_and_gradients_agree_within_the_error_of_bf16(stride: int, kernel: int) -> None:
    own, reference = make_pair(stride, kernel)
    x = torch.randn(4, 16, 8, 8).requires_grad_()
    exact_x = x.detach().clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        y = own(x)
    exact = reference(exact_x)
    assert y.dtype == torch.bfloat16 and exact.dtype == torch.float32
    y.float().square().sum().backward()
    exact.square().sum().backward()
    error = torch.finfo(torch.bfloat16).eps
    for found, wanted in (
        (y.float(), exact),
        (x.grad, exact_x.grad),
        (own.weight.grad, reference.weight.grad),
    ):
        torch.testing.assert_close(found, wanted, rtol=0, atol=3 * error * float(wanted.detach().abs().max()))


@pytest.mark.parametrize("name", ["mobilenetv1", "efficientnet"])
def test_the_models_use_it_for_every_depthwise_convolution(name: str) -> None:
    network = models.create_model(name, (3, 32, 32), 10)
    grouped = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert grouped and all(isinstance(m, DepthwiseConv2d) for m in grouped)
