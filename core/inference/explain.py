"""Explain predictions: feature maps of the layers, and attribution to the pixels.

Shapes: C channels, h w size of a layer's maps, H W size of the image.
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
    """A layer that outputs feature maps.

    Attributes:
        name: dotted name in the model.
        kind: class name of the module.
        shape: (C, h, w) of the output.
    """

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
    """Layers with feature maps larger than 1×1, in the order of the forward pass; empty for models without."""
    layers: dict[str, FeatureLayer] = {}
    modules = {}
    for name, module in predictor.network.named_modules():
        if isinstance(module, _FEATURE_MODULES):
            modules[name] = module

    def add_layer(name: str, output: Tensor) -> None:
        if output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
            layers.setdefault(name, FeatureLayer(name, type(modules[name]).__name__, tuple(output.shape[1:])))

    with capture_outputs(modules, add_layer), torch.inference_mode():
        predictor.network(predictor.normalize(np.zeros((1, *predictor.spec.in_shape), np.uint8)))
    return list(layers.values())


def feature_maps(predictor: Predictor, x: np.ndarray, layer: str) -> np.ndarray:
    """Feature maps, float32 (C, h, w), of `layer` for the image `x`, uint8 (28, 28), (C, H, W) or (1, C, H,
    W).

    Raises:
        UserError: if the model has no such layer.
    """
    modules = dict(predictor.network.named_modules())
    if layer not in modules or not layer:
        known = [entry.name for entry in list_feature_layers(predictor)]
        raise UserError(
            N_("Layer {layer} not found in this model. Closest matches: {nearest}."),
            layer=layer,
            nearest=closest_names(layer, known) or "-",
        )
    outputs: list[Tensor] = []
    # A clone, because an in-place ReLU after the layer would overwrite the output.
    with (
        capture_outputs({layer: modules[layer]}, lambda _, output: outputs.append(output.clone())),
        torch.inference_mode(),
    ):
        predictor.network(predictor.normalize(_to_batch(predictor, x)))
    return outputs[0][0].float().numpy()


def compute_attribution(
    predictor: Predictor, x: np.ndarray, target_class: int, method: Method = "integrated-gradients"
) -> np.ndarray:
    """Attribute the logit of `target_class` to the pixels of `x`.

    Methods: integrated-gradients (Sundararajan, Taly, Yan, ICML 2017), with a black baseline; values sum to
    the difference of the logit from that of a black image. saliency: the gradient (Simonyan, Vedaldi,
    Zisserman, arXiv 1312.6034). occlusion: decrease of the logit if a 4×4 window is set to black (Zeiler and
    Fergus, ECCV 2014).

    Args:
        predictor: an image classifier.
        x: image, uint8 (28, 28), (C, H, W) or (1, C, H, W).
        target_class: class number.
        method: one of METHODS.

    Returns:
        float32 (H, W): positive for evidence for the class, negative for evidence against it.

    Raises:
        UserError: if the method or the class is unknown, or if the model does not classify images.
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
def capture_outputs(modules: dict[str, nn.Module], on_output) -> Iterator[None]:  # noqa: ANN001
    """Call `on_output(name, output)` for every output of `modules` that this thread computes.

    Sessions share one model, so the outputs of other threads are ignored.
    """
    thread = threading.get_ident()

    def hook(name: str):  # noqa: ANN202
        def call(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            if threading.get_ident() == thread:
                on_output(name, output)

        return call

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
