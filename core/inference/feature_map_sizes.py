"""Sizes of a model's feature maps, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from core.inference.model_summary import LayerSummary


@dataclass(frozen=True)
class Stage:
    """Consecutive layers with feature maps of the same size.

    Attributes:
        height: of the maps, in pixels; 1 for vectors.
        width: likewise.
        channels: the largest number of channels.
        num_layers: number of convolutions and fully connected layers up to the end of the stage.
        mac_fraction: the stage's fraction of all MACs, in [0, 1].
    """

    height: int
    width: int
    channels: int
    num_layers: int
    mac_fraction: float


def find_stages(layers: Sequence[LayerSummary]) -> list[Stage]:
    """The stages in the order of the forward pass. Side computations on smaller maps (shortcuts,
    squeeze-and-excitation) belong to the stage that they return to.
    """
    sizes: list[tuple[int, int]] = []
    largest = (1, 1)
    for layer in reversed(layers):
        size = layer.out_shape[1:] if len(layer.out_shape) == 3 else (1, 1)
        largest = max(largest, tuple(size))
        sizes.append(largest)
    total_macs, num_layers = sum(layer.macs for layer in layers) or 1, 0
    stages: list[Stage] = []
    for layer, (height, width) in zip(layers, reversed(sizes), strict=True):
        channels = layer.out_shape[0]
        num_layers += layer.has_macs
        fraction = layer.macs / total_macs
        if stages and (stages[-1].height, stages[-1].width) == (height, width):
            last = stages.pop()
            channels, fraction = max(channels, last.channels), fraction + last.mac_fraction
        stages.append(Stage(height, width, channels, num_layers, fraction))
    return stages


def padding_only_fraction(network: nn.Module, layers: Sequence[LayerSummary]) -> float:
    """Fraction of the model's parameters, in [0, 1], in kernels larger than one pixel that produce 1×1 maps:
    all but a corner of such a kernel covers only padding.
    """
    modules = dict(network.named_modules())
    padded = sum(
        layer.parameters
        for layer in layers
        if layer.kind == "Conv2d" and layer.out_shape[1:] == (1, 1) and max(modules[layer.name].padding) > 0
    )
    return padded / (sum(layer.parameters for layer in layers) or 1)
