"""How the maps of a network shrink on their way from the picture to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from core.inference.model_summary import LayerSummary


@dataclass(frozen=True)
class Stage:
    """Layers one after the other whose maps have the same size: `height` and `width` in pixels (1 and 1 for rows of numbers), the most
    `channels` among them, how many convolutions and linear layers there are up to its end, its share of all multiply-adds in [0, 1]."""

    height: int
    width: int
    channels: int
    layers: int
    share: float


def find_stages(layers: Sequence[LayerSummary]) -> list[Stage]:
    """The stages in the order in which a picture goes through them. What is computed aside on smaller maps (a shortcut, squeeze and
    excitation) belongs to the stage that it comes back to."""
    sizes: list[tuple[int, int]] = []
    largest = (1, 1)
    for layer in reversed(layers):
        size = layer.out_shape[1:] if len(layer.out_shape) == 3 else (1, 1)
        largest = max(largest, tuple(size))
        sizes.append(largest)
    whole, weighted = sum(layer.macs for layer in layers) or 1, 0
    found: list[Stage] = []
    for layer, (height, width) in zip(layers, reversed(sizes), strict=True):
        channels = layer.out_shape[0]
        weighted += layer.has_macs
        share = layer.macs / whole
        if found and (found[-1].height, found[-1].width) == (height, width):
            last = found.pop()
            channels, share = max(channels, last.channels), share + last.share
        found.append(Stage(height, width, channels, weighted, share))
    return found


def padding_only_fraction(network: nn.Module, layers: Sequence[LayerSummary]) -> float:
    """The share of the network's parameters, in [0, 1], in kernels of more than one pixel that end on maps of 1x1: at most a corner of
    such a kernel ever sees anything but padding."""
    modules = dict(network.named_modules())
    of_kernels = sum(
        layer.parameters
        for layer in layers
        if layer.kind == "Conv2d" and layer.out_shape[1:] == (1, 1) and max(modules[layer.name].padding) > 0
    )
    return of_kernels / (sum(layer.parameters for layer in layers) or 1)
