"""The forward pass of one image, stage by stage: what every layer outputs, up to the logits and the probabilities.

Shapes: C channels, h w size of a layer's maps, D units, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from core.inference.explain import capture_outputs
from core.inference.predictor import Predictor, predict_outputs

StageKind = Literal["input", "convolution", "pooling", "dense", "other", "logits", "probabilities"]

_POOLING = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_NORMALIZATION = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm)
_ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.ReLU6, nn.Hardswish)
_UNCHANGING = (nn.Dropout, nn.Dropout2d, nn.Identity, nn.Flatten)


@dataclass(frozen=True)
class Stage:
    """A stage of the forward pass.

    Attributes:
        kind: what happens here.
        modules: class names of its layers, such as ("Conv2d", "BatchNorm2d", "ReLU"); empty for input and probabilities.
        window: side of the window of a convolution or pooling, in pixels of its input; 0 for other stages.
        values: the output, float32 (C, h, w) or (D,): gray levels 0 to 255 of the input, activations, logits or probabilities (K,).
    """

    kind: StageKind
    modules: tuple[str, ...]
    window: int
    values: np.ndarray


@torch.inference_mode()
def trace_forward(predictor: Predictor, x: np.ndarray) -> list[Stage]:
    """Record the forward pass of the image `x`, uint8 (28, 28), (C, H, W) or (1, C, H, W), through a classifier.

    A normalization or activation belongs to the stage of the layer before it. Logits and probabilities are those of the prediction,
    with the model's test-time augmentation if it has any.
    """
    batch = np.asarray(x, np.uint8).reshape(1, *predictor.spec.in_shape)
    leaves = {
        name: module
        for name, module in predictor.network.named_modules()
        if not list(module.children()) and not isinstance(module, _UNCHANGING)
    }
    recorded: list[tuple[nn.Module, np.ndarray]] = []

    def record(name: str, output: Tensor) -> None:
        # A clone, because an in-place ReLU after the layer would overwrite the output.
        recorded.append((leaves[name], output[0].float().clone().numpy()))

    inputs = predictor.normalize(batch)
    with capture_outputs(leaves, record):
        predictor.network(inputs)
    stages = [Stage("input", (), 0, batch[0].astype(np.float32))]
    for module, values in recorded:
        _add(stages, module, values)
    logits = predict_outputs(predictor.network, predictor.spec, inputs)[0].float().numpy()
    last = stages.pop() if stages[-1].values.shape == logits.shape else None
    stages.append(Stage("logits", last.modules if last else (), 0, logits))
    return [*stages, Stage("probabilities", (), 0, predictor.predict(batch)[0])]


def _add(stages: list[Stage], module: nn.Module, values: np.ndarray) -> None:
    """Append the output of a layer, or replace that of the stage to which the layer belongs."""
    values = values.reshape(-1) if values.ndim != 3 or values.shape[1] * values.shape[2] == 1 else values
    name, before = type(module).__name__, stages[-1]
    belongs = isinstance(module, (*_NORMALIZATION, *_ACTIVATIONS)) and before.values.shape == values.shape
    if belongs and before.kind != "input":
        stages[-1] = Stage(before.kind, (*before.modules, name), before.window, values)
    elif isinstance(module, nn.Conv2d):
        stages.append(Stage("convolution", (name,), int(module.kernel_size[0]), values))
    elif isinstance(module, _POOLING):
        size = getattr(module, "kernel_size", 0)
        stages.append(Stage("pooling", (name,), int(size[0] if isinstance(size, tuple) else size), values))
    else:
        stages.append(Stage("dense" if isinstance(module, nn.Linear) else "other", (name,), 0, values))
