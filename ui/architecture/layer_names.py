"""Names of layers as people say them, such as "Convolution 3×3, 64 → 128"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.messages import N_
from ui.kit.i18n import _

if TYPE_CHECKING:
    from torch import nn


def layer_title(module: nn.Module) -> str:
    """What a layer is, with its window, its stride and its input and output channels or features."""
    from torch import nn

    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            is_depthwise = module.groups == module.in_channels > 1
            kind = (
                N_("Transposed convolution")
                if isinstance(module, nn.ConvTranspose2d)
                else N_("Depthwise convolution")
                if is_depthwise
                else N_("Convolution")
            )
            channels = f"{module.in_channels} → {module.out_channels}"
            stride = _(N_("stride {step}"), step=module.stride[0]) if module.stride[0] > 1 else ""
            return ", ".join(filter(None, [f"{_(kind)} {_window(module.kernel_size)}", channels, stride]))
        case nn.Linear():
            return f"{_(N_('Fully connected'))}, {module.in_features} → {module.out_features}"
        case nn.MaxPool2d():
            return _(N_("Max pooling")) + f" {_window(module.kernel_size)}"
        case nn.AvgPool2d():
            return _(N_("Average pooling")) + f" {_window(module.kernel_size)}"
        case nn.AdaptiveMaxPool2d():
            return _(N_("Global max pooling"))
        case nn.AdaptiveAvgPool2d():
            return _(N_("Global average pooling"))
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return _(N_("Batch normalization"))
        case _:
            return type(module).__name__


def short_layer_title(module: nn.Module) -> str:
    """A name that fits below a bar: the window and the output channels, or the output features."""
    from torch import nn

    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        return f"{_window(module.kernel_size)} → {module.out_channels}"
    return f"→ {module.out_features}" if isinstance(module, nn.Linear) else type(module).__name__


def _window(size: int | tuple[int, ...]) -> str:
    return "×".join(map(str, size)) if isinstance(size, tuple) else f"{size}×{size}"
