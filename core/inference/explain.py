"""Why a network answered as it did: what its layers see, and which pixels spoke for an answer or against it.

Shapes: C channels, h w size of a layer's maps, H W size of the picture.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from core.inference.predictor import Predictor
from core.messages import N_, UserError, closest_names

Method = Literal["integrated-gradients", "saliency", "occlusion"]
METHODS: tuple[str, ...] = get_args(Method)
_INTEGRATION_STEPS = 32
_WINDOW, _STRIDE = 4, 2
_BATCH_SIZE = 64


@dataclass(frozen=True)
class FeatureLayer:
    """A layer whose output is a stack of maps: `name` in the network, `kind` of module, `shape` (C, h, w) of its output."""

    name: str
    kind: str
    shape: tuple[int, int, int]


_FEATURE_MODULES = (
    nn.Conv2d,
    nn.BatchNorm2d,
    nn.ReLU,
    nn.LeakyReLU,
    nn.GELU,
    nn.SiLU,
    nn.Tanh,
    nn.Sigmoid,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
)


def list_feature_layers(predictor: Predictor) -> list[FeatureLayer]:
    """The layers worth looking at, in the order in which a picture goes through them; none for networks without maps."""
    found: dict[str, FeatureLayer] = {}
    seen = {}
    for name, module in predictor.network.named_modules():
        if isinstance(module, _FEATURE_MODULES):
            seen[name] = module

    def take(name: str, output: Tensor) -> None:
        if output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
            found.setdefault(name, FeatureLayer(name, type(seen[name]).__name__, tuple(output.shape[1:])))

    with _capture_outputs(seen, take), torch.inference_mode():
        predictor.network(predictor.normalize(np.zeros((1, *predictor.spec.in_shape), np.uint8)))
    return list(found.values())


def feature_maps(predictor: Predictor, x: np.ndarray, layer: str) -> np.ndarray:
    """What `layer` makes of the picture `x` itself, uint8 (28, 28), (C, H, W) or (1, C, H, W): float32 (C, h, w).

    Raises UserError where the network has no such layer.
    """
    modules = dict(predictor.network.named_modules())
    if layer not in modules or not layer:
        known = [entry.name for entry in list_feature_layers(predictor)]
        raise UserError(
            N_("Layer {layer} not found in this model. Closest matches: {nearest}."),
            layer=layer,
            nearest=closest_names(layer, known) or "-",
        )
    taken: list[Tensor] = []
    # A clone at once: an in-place ReLU behind the layer would overwrite what was taken.
    with (
        _capture_outputs({layer: modules[layer]}, lambda _, output: taken.append(output.clone())),
        torch.inference_mode(),
    ):
        predictor.network(predictor.normalize(_to_batch(predictor, x)))
    return taken[0][0].float().numpy()


def compute_attribution(
    predictor: Predictor, x: np.ndarray, target_class: int, method: Method = "integrated-gradients"
) -> np.ndarray:
    """How much each pixel of `x`, uint8 (28, 28), (C, H, W) or (1, C, H, W), speaks for `target_class` (positive) or against it
    (negative): float32 (H, W), in units of the logit.

    integrated-gradients: Sundararajan, Taly, Yan (ICML 2017), from a black picture; the values sum to the logit's difference from
    black's. saliency: the gradient itself (Simonyan, Vedaldi, Zisserman, arXiv 1312.6034). occlusion: how much the logit falls when
    a 4x4 window is blackened (Zeiler and Fergus, ECCV 2014). Raises UserError for another method, class, or kind of network.
    """
    from captum.attr import IntegratedGradients, Occlusion, Saliency

    if method not in METHODS:
        raise UserError(
            N_("Attribution method {method} is not supported. Choose one of: {known}."),
            method=str(method),
            known=", ".join(METHODS),
        )
    spec = predictor.spec
    if not spec.classes or len(spec.in_shape) != 3 or not 0 <= target_class < spec.num_outputs:
        raise UserError(N_("Class {number} not found in this model."), number=target_class)
    batch = _to_batch(predictor, x)
    inputs = predictor.normalize(batch)
    black = predictor.normalize(np.zeros_like(batch))
    if method == "occlusion":
        with torch.no_grad():
            values = Occlusion(predictor.network).attribute(
                inputs,
                (inputs.shape[1], _WINDOW, _WINDOW),
                (inputs.shape[1], _STRIDE, _STRIDE),
                baselines=black,
                target=target_class,
                perturbations_per_eval=_BATCH_SIZE,
            )
    elif method == "saliency":
        values = Saliency(predictor.network).attribute(
            inputs.requires_grad_(), target=target_class, abs=False
        )
    else:
        values = IntegratedGradients(predictor.network).attribute(
            inputs, black, target=target_class, n_steps=_INTEGRATION_STEPS, internal_batch_size=_BATCH_SIZE
        )
    return values.detach()[0].sum(0).float().numpy()  # (1, C, H, W) -> (H, W)


def _to_batch(predictor: Predictor, x: np.ndarray) -> np.ndarray:
    return np.asarray(x, np.uint8).reshape(1, *predictor.spec.in_shape)


@contextmanager
def _capture_outputs(modules: dict[str, nn.Module], take) -> Iterator[None]:  # noqa: ANN001
    """Call `take(name, output)` for every output of `modules` that this thread computes.

    Pages of many people share one network: what another thread sends through it meanwhile is none of ours.
    """
    mine = threading.get_ident()

    def hook(name: str):  # noqa: ANN202
        def call(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            if threading.get_ident() == mine:
                take(name, output)

        return call

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
