"""Grad-CAM: which regions of an image contribute to a class.

Selvaraju et al., Grad-CAM (arXiv 1610.02391): the feature maps of a late layer, weighted by the mean gradient
of the class's logit with respect to them, summed, negative values dropped. The layer is the last one whose
maps have at least 3×3 cells: later layers are more specific to the class, earlier ones localize better. If
that layer belongs to a block with branches or a skip connection, the block's output is used instead of one
branch.
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

MIN_MAP_SIZE = 3  # pixels a side; smaller maps do not localize


@dataclass(frozen=True)
class GradCam:
    """A Grad-CAM heatmap.

    Attributes:
        heatmap: float32 (H, W) of the input's size, in [0, 1].
        layer: name of the layer.
        map_shape: shape (C, h, w) of its feature maps.
        probabilities: (K,).
    """

    heatmap: np.ndarray
    layer: str
    map_shape: tuple[int, int, int]
    probabilities: np.ndarray


def select_layer(network: nn.Module, in_shape: tuple[int, ...]) -> str | None:
    """Name of the last layer or block with the output size of the last convolution whose maps have at least
    MIN_MAP_SIZE pixels a side. Returns None if there is no such convolution.
    """
    convolution: tuple[int, int] | None = None
    name_of: dict[nn.Module, str] = {module: name for name, module in network.named_modules() if name}
    candidates: list[tuple[str, Tensor]] = []
    thread = threading.get_ident()

    def hook(module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal convolution
        if threading.get_ident() != thread or not isinstance(output, Tensor) or output.ndim != 4:
            return
        if isinstance(module, nn.Conv2d) and min(output.shape[2:]) >= MIN_MAP_SIZE:
            convolution = tuple(output.shape[2:])
            candidates.clear()
        if not isinstance(module, nn.Sequential) and tuple(output.shape[2:]) == convolution:
            candidates.append((name_of[module], output))

    handles = [module.register_forward_hook(hook) for module in name_of]
    try:
        with torch.no_grad():
            network(torch.zeros(1, *in_shape))
    finally:
        for handle in handles:
            handle.remove()
    return candidates[-1][0] if candidates else None


def grad_cam(predictor: Predictor, x: np.ndarray, target: int | None = None) -> GradCam:
    """Compute Grad-CAM in one forward and one backward pass, without test-time augmentation.

    Args:
        predictor: a convolutional classifier.
        x: image, uint8 (C, H, W).
        target: class number; the predicted class by default.

    Raises:
        UserError: if the model has no feature maps, or no such class.
    """
    network, spec = predictor.network, predictor.spec
    layer = select_layer(network, spec.in_shape)
    if layer is None:
        raise UserError(
            N_("This model has no feature maps because it flattens its input. Choose a convolutional model.")
        )
    if target is not None and not 0 <= target < spec.num_outputs:
        raise UserError(N_("Class {number} not found in this model."), number=target)
    captured: list[Tensor] = []
    thread = threading.get_ident()

    def capture(_m: nn.Module, _i: object, output: Tensor) -> Tensor | None:
        # Sessions share one model. A clone, because the next layer may work in place.
        if threading.get_ident() != thread:
            return None
        maps = output.detach().requires_grad_()
        captured.append(maps)
        return maps.clone()

    handle = dict(network.named_modules())[layer].register_forward_hook(capture)
    try:
        with torch.enable_grad():
            logits = network(predictor.normalize(np.asarray(x, np.uint8)[None])).float()  # (1, K)
    finally:
        handle.remove()
    class_index = int(logits.argmax()) if target is None else target
    maps = captured[-1]  # (1, C, h, w)
    (gradient,) = torch.autograd.grad(logits[0, class_index], maps)
    heat = F.relu((gradient.mean((2, 3), keepdim=True) * maps.detach()).sum(1, keepdim=True))  # (1, 1, h, w)
    heat = F.interpolate(heat, size=spec.in_shape[1:], mode="bilinear", align_corners=False)[0, 0]
    top = float(heat.max())
    heat = heat / top if top > 0 else heat
    return GradCam(heat.numpy(), layer, tuple(maps.shape[1:]), logits.detach().softmax(1)[0].numpy())
