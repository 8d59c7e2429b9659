"""Layers of a model and their cost: shapes, parameters, MACs, latency, receptive fields.

Counts are per image. One MAC is one multiplication and one addition, two floating-point operations.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

_WARMUP_RUNS = 3
_RESHAPE_LAYERS = ("Identity", "Flatten")  # return their input, without memory of their own


@dataclass(frozen=True)
class LayerSummary:
    """A layer without submodules.

    Attributes:
        name: dotted name in the model.
        kind: class name of the module.
        out_shape: without the batch dimension.
        parameters: number of parameters.
        macs: MACs of convolutions and fully connected layers; 0 for others.
        activation_bytes: size of the output in fp32; 0 for layers that return their input.
    """

    name: str
    kind: str
    out_shape: tuple[int, ...]
    parameters: int
    macs: int
    activation_bytes: int

    @property
    def has_macs(self) -> bool:
        """Whether it is a convolution or a fully connected layer."""
        return self.kind in ("Conv2d", "ConvTranspose2d", "Linear")


def summarize_layers(network: nn.Module, in_shape: tuple[int, ...]) -> list[LayerSummary]:
    """The layers in the order of the forward pass, as torchinfo lists them. A shared layer counts at its
    first use.
    """
    import torchinfo

    counted = _count_operations(network, in_shape).get_flop_counts()
    root = type(network).__name__
    summary = torchinfo.summary(
        copy.deepcopy(network).to("meta").eval(),
        (1, *in_shape),
        depth=20,
        verbose=0,
        device="meta",
        col_names=(),
    )
    rows = []
    for info in summary.summary_list:
        if not info.is_leaf_layer or info.output_size == []:
            continue
        shape = tuple(int(n) for n in info.output_size[1:])
        count = 1
        for n in shape:
            count *= n
        name = _dotted_name(info)
        macs = sum(counted.pop(f"{root}.{name}", {}).values()) // 2
        memory = 0 if info.class_name in _RESHAPE_LAYERS else 4 * count
        rows.append(LayerSummary(name, info.class_name, shape, int(info.num_params), macs, memory))
    return rows


def _dotted_name(info) -> str:  # noqa: ANN001 - torchinfo's LayerInfo
    """The dotted name of a layer, as in `named_modules`."""
    parts = []
    while info is not None and info.parent_info is not None:
        parts.append(info.var_name)
        info = info.parent_info
    return ".".join(reversed(parts))


def count_parameters(build: Callable[[], nn.Module]) -> int:
    """Number of parameters of the model that `build` returns, counted without allocating them."""
    with torch.device("meta"):
        return sum(p.numel() for p in build().parameters())


def count_macs(network: nn.Module, in_shape: tuple[int, ...]) -> int:
    """MACs of a forward pass of one image, as `torch.utils.flop_counter` counts them."""
    return _count_operations(network, in_shape).get_total_flops() // 2


def count_training_macs(network: nn.Module, in_shape: tuple[int, ...]) -> int:
    """MACs of a training step for one image.

    A layer costs one forward pass, another one for the gradient of its weights if they are trained, and
    another one for the gradient of its input if an earlier layer is trained: about three forward passes in
    total, or one if only the head is trained. Counted from the layers, because torch counts the backward pass
    of a depthwise convolution as that of a dense one (torch 2.15).
    """
    total, behind, modules = count_macs(network, in_shape), False, dict(network.named_modules())
    for layer in summarize_layers(network, in_shape):
        module = modules[layer.name]
        weight = getattr(module, "weight", None)
        total += layer.macs * ((weight is not None and weight.requires_grad) + behind)
        behind = behind or any(p.requires_grad for p in module.parameters(recurse=False))
    return total


def _count_operations(network: nn.Module, in_shape: tuple[int, ...]) -> FlopCounterMode:
    """Count the operations of a forward pass of one image."""
    network = copy.deepcopy(network).to("meta").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, *in_shape, device="meta"))
    return counter


def measure_latency(
    network: nn.Module,
    in_shape: tuple[int, ...],
    batch: int = 1,
    predict: Callable[[Tensor], object] | None = None,
    seconds: float = 0.4,
) -> float:
    """Median milliseconds per image of a forward pass in fp32 on this machine.

    Args:
        network: the model.
        in_shape: shape of one input.
        batch: batch size.
        predict: measured in place of a forward pass, for example a prediction with test-time augmentation.
        seconds: time to spend.
    """
    network = network.eval().to(memory_format=torch.channels_last) if len(in_shape) == 3 else network.eval()
    x = torch.randn(batch, *in_shape)
    x = x.contiguous(memory_format=torch.channels_last) if len(in_shape) == 3 else x
    with torch.inference_mode():
        return 1000 * _median_seconds(lambda: (predict or network)(x), seconds) / batch


def _median_seconds(call: Callable[[], object], seconds: float) -> float:
    for _ in range(_WARMUP_RUNS):
        call()
    times, started = [], time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - started < seconds and len(times) < 500):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_layer_latency(
    network: nn.Module, in_shape: tuple[int, ...], repeats: int = 15
) -> dict[str, float]:
    """Median milliseconds of each layer without submodules, for one image, over `repeats` forward passes."""
    network = copy.deepcopy(network).eval()
    started: dict[str, float] = {}
    times: dict[str, list[float]] = {}

    def before(name: str):  # noqa: ANN202
        def note(*_: object) -> None:
            started[name] = time.perf_counter()

        return note

    def after(name: str):  # noqa: ANN202
        def note(*_: object) -> None:
            times.setdefault(name, []).append(time.perf_counter() - started[name])

        return note

    for name, module in network.named_modules():
        if not list(module.children()):
            module.register_forward_pre_hook(before(name))
            module.register_forward_hook(after(name))
    x = torch.randn(1, *in_shape)
    with torch.inference_mode():
        for _ in range(_WARMUP_RUNS + repeats):
            network(x)
    return {name: 1000 * statistics.median(values[_WARMUP_RUNS:]) for name, values in times.items()}


@dataclass(frozen=True)
class ReceptiveField:
    """The extent of the pixels that affect the center unit of a layer, in pixels."""

    layer: str
    height: int
    width: int


def measure_receptive_fields(
    network: nn.Module, in_shape: tuple[int, int, int], size: int = 0, limit: int = 12
) -> list[ReceptiveField]:
    """Measure receptive fields of center units by their gradient with respect to the input.

    The gradient is computed in a copy of the model in which nothing cancels: weights are positive, norms and
    activations are replaced by the identity, max pooling by average pooling. So it is correct for branches,
    too.

    Args:
        network: a model with `embed`.
        in_shape: shape of one input, (C, H, W).
        size: side of the input in pixels; by default that of `in_shape`. No receptive field can be larger.
        limit: maximum number of layers, evenly chosen from convolutions and pooling layers.
    """
    c, h, w = in_shape
    h, w = (size, size) if size else (h, w)
    positive = _positive_copy(network)
    fields: list[ReceptiveField] = []
    outputs: dict[str, Tensor] = {}

    def capture(name: str):  # noqa: ANN202
        def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            if output.ndim == 4:
                outputs[name] = output

        return note

    for name, module in positive.named_modules():
        # 1×1 kernels have the receptive field of the layer before.
        if isinstance(module, nn.Conv2d | nn.AvgPool2d) and module.kernel_size not in (1, (1, 1)):
            module.register_forward_hook(capture(name))
    x = torch.ones(1, c, h, w, requires_grad=True)
    positive.embed(x)
    names = [n for n, output in outputs.items() if output.shape[2] * output.shape[3]]
    chosen = (
        {round(i * (len(names) - 1) / max(1, limit - 1)) for i in range(limit)}
        if len(names) > limit
        else range(len(names))
    )
    for name in [names[i] for i in sorted(chosen)]:
        output = outputs[name]
        middle = output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum()
        (gradient,) = torch.autograd.grad(middle, x, retain_graph=True)
        touched = gradient[0].abs().sum(0) > 0
        rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
        fields.append(ReceptiveField(name, int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1))
    return fields


class _Gate(nn.Module):
    """x / (1 + x) for positive x: bounded and strictly increasing."""

    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + x)


def _positive_copy(network: nn.Module) -> nn.Module:
    """A copy of the model in which every path has a positive gradient."""
    positive = copy.deepcopy(network).eval()
    for parent in list(positive.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(
                child, nn.BatchNorm2d | nn.BatchNorm1d | nn.ReLU | nn.GELU | nn.SiLU | nn.Tanh | nn.Dropout
            ):
                setattr(parent, name, nn.Identity())
            elif isinstance(child, nn.Sigmoid):  # gates multiply: they must stay bounded and never flat
                setattr(parent, name, _Gate())
            elif isinstance(child, nn.MaxPool2d):
                setattr(
                    parent,
                    name,
                    nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode),
                )
            elif isinstance(child, nn.AdaptiveMaxPool2d):
                setattr(parent, name, nn.AdaptiveAvgPool2d(child.output_size))
    for module in positive.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.constant_(module.weight, 1.0 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return positive.requires_grad_(False)
