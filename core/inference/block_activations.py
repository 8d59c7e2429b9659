"""What the blocks of a model compute for one example: the channels with the largest activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from core.inference import block_graph
from core.inference.block_graph import Block

MAX_SIDE = 64  # pixels; larger maps are averaged down, because they are shown smaller


@dataclass(frozen=True)
class BlockActivation:
    """The output of a block for one example.

    Attributes:
        channels: channel or unit numbers, largest activation first.
        values: float32, the maps (N, h, w) of these channels, or the activations (N,) of these units.
        peaks: largest activation of each of these channels.
        low: smallest activation of the whole output.
        high: largest activation of the whole output.
        count: number of channels or units of the output.
    """

    channels: tuple[int, ...]
    values: np.ndarray
    peaks: tuple[float, ...]
    low: float
    high: float
    count: int


def compute_activations(
    network: nn.Module, blocks: Sequence[Block], x: Tensor, limit: int
) -> dict[str, BlockActivation]:
    """The strongest channels, at most `limit`, of every block, by name.

    Args:
        network: the model.
        blocks: its blocks, from `block_graph.find_blocks`.
        x: normalized input, a batch of one.
        limit: maximum number of channels of a block.
    """
    block_of = {block.output: block.name for block in blocks}
    found: dict[str, BlockActivation] = {}

    def on_output(name: str, result: Tensor) -> None:
        if name in block_of and result.ndim in (2, 4):
            found[block_of[name]] = _strongest(result[0].float(), limit)

    block_graph.run_traced(block_graph.trace(network), x, on_output)
    return found


def _strongest(output: Tensor, limit: int) -> BlockActivation:
    """The strongest channels of an output (C, h, w) or (F,)."""
    peaks = output.flatten(1).amax(1) if output.ndim == 3 else output
    order = torch.argsort(peaks, descending=True, stable=True)[:limit]
    values = output[order]
    if values.ndim == 3 and max(values.shape[1:]) > MAX_SIDE:
        values = F.adaptive_avg_pool2d(values, [min(MAX_SIDE, n) for n in values.shape[1:]])
    return BlockActivation(
        channels=tuple(order.tolist()),
        values=values.numpy().copy(),
        peaks=tuple(peaks[order].tolist()),
        low=float(output.min()),
        high=float(output.max()),
        count=len(output),
    )
