"""Depthwise convolution: one filter per channel (Sifre, Rigid-Motion Scattering, 2014; used by MobileNetV1, arXiv 1704.04861)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DepthwiseConv2d(nn.Conv2d):
    """`nn.Conv2d` with a filter per channel and no bias, for images (B, C, H, W).

    With a stride or a kernel above 3×3, it trains in fp32 on a CPU also under bf16 autocast: oneDNN's backward pass of these layers in
    bf16 takes 3 to 30 times (stride 2) or 1.5 to 3 times (5×5) as long as in fp32. The result has the type of the other layers.
    """

    def __init__(self, channels: int, kernel: int, stride: int = 1, padding: int | None = None) -> None:
        padding = kernel // 2 if padding is None else padding
        super().__init__(channels, channels, kernel, stride, padding, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        is_slow = torch.is_grad_enabled() and (self.stride != (1, 1) or max(self.kernel_size) > 3)
        if not is_slow or x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            y = super().forward(x.float())
        return y.to(torch.get_autocast_dtype("cpu"))
