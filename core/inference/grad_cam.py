"""Grad-CAM: where a convolutional network looks for one class.

Selvaraju et al., Grad-CAM (arXiv 1610.02391): the maps of a late layer, each weighted by the mean gradient of the class's logit with
respect to it, summed, what is negative left out. The layer is the last whose maps have at least 3x3 cells: later ones know the class
best, earlier ones the place. Where that belongs to a block with branches or a skip, it is the block: all that it passes on, not the
branch that happens to be computed last.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from core.inference.predictor import Predictor
from core.messages import N_, UserError

MIN_MAP_SIZE = 3  # pixels a side of the maps: fewer do not say where


@dataclass(frozen=True)
class GradCam:
    """`heat` is float32 (H, W) of the input's size in [0, 1]; `layer` the name and `maps` the (C, h, w) of the layer looked at;
    `probabilities` (K,)."""

    heatmap: np.ndarray
    layer: str
    map_shape: tuple[int, int, int]
    probabilities: np.ndarray


def select_layer(network: nn.Module, in_shape: tuple[int, ...]) -> str | None:
    """The name of the layer or block whose output holds what the last convolution with maps of at least SMALLEST pixels a side came to
    before the maps shrink again; None for a network without."""
    convolution: tuple[int, int] | None = None
    name_of: dict[nn.Module, str] = {module: name for name, module in network.named_modules() if name}
    ended: list[tuple[str, Tensor]] = []
    mine = threading.get_ident()

    def hook(module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal convolution
        if threading.get_ident() != mine or not isinstance(output, Tensor) or output.ndim != 4:
            return
        if isinstance(module, nn.Conv2d) and min(output.shape[2:]) >= MIN_MAP_SIZE:
            convolution = tuple(output.shape[2:])
            ended.clear()
        if not isinstance(module, nn.Sequential) and tuple(output.shape[2:]) == convolution:
            ended.append((name_of[module], output))

    handles = [module.register_forward_hook(hook) for module in name_of]
    try:
        with torch.no_grad():
            network(torch.zeros(1, *in_shape))
    finally:
        for handle in handles:
            handle.remove()
    return ended[-1][0] if ended else None


def grad_cam(predictor: Predictor, x: np.ndarray, target: int | None = None) -> GradCam:
    """Where the network looks in `x`, uint8 (C, H, W), for class `target` (default: the one it answers to this one view). One forward and
    one backward pass.

    Raises UserError for a network without maps, or a class that it does not know.
    """
    network, spec = predictor.network, predictor.spec
    layer = select_layer(network, spec.in_shape)
    if layer is None:
        raise UserError(
            N_("This model has no feature maps because it flattens its input. Choose a convolutional model.")
        )
    if target is not None and not 0 <= target < spec.num_outputs:
        raise UserError(N_("Class {number} not found in this model."), number=target)
    kept: list[Tensor] = []
    mine = threading.get_ident()

    def keep(_m: nn.Module, _i: object, output: Tensor) -> Tensor | None:
        # Pages of many people share one network; a clone, because the layer behind may work in place.
        if threading.get_ident() != mine:
            return None
        maps = output.detach().requires_grad_()
        kept.append(maps)
        return maps.clone()

    handle = dict(network.named_modules())[layer].register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits = network(predictor.normalize(np.asarray(x, np.uint8)[None])).float()  # (1, K)
    finally:
        handle.remove()
    wanted = int(logits.argmax()) if target is None else target
    maps = kept[-1]  # (1, C, h, w)
    (gradient,) = torch.autograd.grad(logits[0, wanted], maps)
    heat = F.relu((gradient.mean((2, 3), keepdim=True) * maps.detach()).sum(1, keepdim=True))  # (1, 1, h, w)
    heat = F.interpolate(heat, size=spec.in_shape[1:], mode="bilinear", align_corners=False)[0, 0]
    top = float(heat.max())
    heat = heat / top if top > 0 else heat
    return GradCam(heat.numpy(), layer, tuple(maps.shape[1:]), logits.detach().softmax(1)[0].numpy())
