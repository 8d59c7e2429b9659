"""What a network is made of and what it costs: layers, shapes, parameters, multiply-adds, milliseconds, receptive field.

Counts are per image; a multiply-add is one multiplication and one addition, two floating-point operations.
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


_RESHAPE_LAYERS = ("Identity", "Flatten")  # give back what they were given, in no memory of its own


@dataclass(frozen=True)
class LayerSummary:
    """A layer without layers inside. `out_shape` is without the batch; `macs` counts the multiply-adds of its products (norms, activations
    and pooling have none), `activation` bytes of its output in fp32, both for one image."""

    name: str
    kind: str
    out_shape: tuple[int, ...]
    parameters: int
    macs: int
    num_activations: int

    @property
    def has_macs(self) -> bool:
        """Whether it is a convolution or a fully connected layer."""
        return self.kind in ("Conv2d", "Linear")


def summarize_layers(network: nn.Module, in_shape: tuple[int, ...]) -> list[LayerSummary]:
    """The layers in the order in which one image goes through them, as torchinfo lists them. A layer used twice counts where it is used
    first."""
    import torchinfo

    counted = _count_operations(network, in_shape).get_flop_counts()
    root = type(network).__name__
    found = torchinfo.summary(
        copy.deepcopy(network).eval(), (1, *in_shape), depth=20, verbose=0, device="cpu", col_names=()
    )
    rows = []
    for info in found.summary_list:
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
    """The dotted name of a layer, as `named_modules` gives it."""
    parts = []
    while info is not None and info.parent_info is not None:
        parts.append(info.var_name)
        info = info.parent_info
    return ".".join(reversed(parts))


def count_parameters(build: Callable[[], nn.Module]) -> int:
    """Parameters of the network that `build` makes, counted without the memory for them."""
    with torch.device("meta"):
        return sum(p.numel() for p in build().parameters())


def count_macs(network: nn.Module, in_shape: tuple[int, ...]) -> int:
    """Multiply-adds of one image, as `torch.utils.flop_counter` counts the operations of a forward pass."""
    return _count_operations(network, in_shape).get_total_flops() // 2


def count_training_macs(network: nn.Module, in_shape: tuple[int, ...]) -> int:
    """Multiply-adds of one image in a training step: forward, once more for the gradient of every weight that learns, once more for the
    gradient of every input behind the first layer that learns. About three times the forward pass, one time where only the head learns.

    Counted from the layers: torch's own count of a backward pass takes a depthwise convolution for a dense one (torch 2.15).
    """
    total, behind, modules = count_macs(network, in_shape), False, dict(network.named_modules())
    for layer in summarize_layers(network, in_shape):
        module = modules[layer.name]
        weight = getattr(module, "weight", None)
        total += layer.macs * ((weight is not None and weight.requires_grad) + behind)
        behind = behind or any(p.requires_grad for p in module.parameters(recurse=False))
    return total


def _count_operations(network: nn.Module, in_shape: tuple[int, ...]) -> FlopCounterMode:
    """What a forward pass of one image cost."""
    network = copy.deepcopy(network).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, *in_shape))
    return counter


def measure_latency(
    network: nn.Module,
    in_shape: tuple[int, ...],
    batch: int = 1,
    answer: Callable[[Tensor], object] | None = None,
    seconds: float = 0.4,
) -> float:
    """Milliseconds per image of a forward pass of `batch` images in fp32 on this machine, or of `answer`, which goes through the network
    several times: the median of repetitions."""
    network = network.eval().to(memory_format=torch.channels_last) if len(in_shape) == 3 else network.eval()
    x = torch.randn(batch, *in_shape)
    x = x.contiguous(memory_format=torch.channels_last) if len(in_shape) == 3 else x
    with torch.inference_mode():
        return 1000 * _median_seconds(lambda: (answer or network)(x), seconds) / batch


def _median_seconds(call: Callable[[], object], seconds: float) -> float:
    for _ in range(_WARMUP_RUNS):
        call()
    times, begun = [], time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - begun < seconds and len(times) < 500):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_layer_latency(
    network: nn.Module, in_shape: tuple[int, ...], repeats: int = 15
) -> dict[str, float]:
    """Milliseconds of each layer without layers inside, for one image: medians over `repeats` forward passes."""
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
    """The pixels that can change the middle unit of a layer: rows and columns from first to last."""

    layer: str
    height: int
    width: int


def measure_receptive_fields(
    network: nn.Module, in_shape: tuple[int, int, int], size: int = 0, most: int = 12
) -> list[ReceptiveField]:
    """The measured receptive field of the middle unit of (at most `most`, evenly chosen) convolutions and poolings, on an input of
    `size` x `size` (default: that of `in_shape`, which is also the most that can be seen).

    Measured by the input gradient of that unit, in a copy of the network in which nothing can cancel or be cut off: weights
    positive, norms and activations the identity, maxima means. So it holds for branches, too.
    """
    c, h, w = in_shape
    h, w = (size, size) if size else (h, w)
    clear = _positive_copy(network)
    found: list[ReceptiveField] = []
    kept: dict[str, Tensor] = {}

    def keep(name: str):  # noqa: ANN202
        def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            if output.ndim == 4:
                kept[name] = output

        return note

    for name, module in clear.named_modules():
        # What looks at single pixels sees what the layer before it saw.
        if isinstance(module, nn.Conv2d | nn.AvgPool2d) and module.kernel_size not in (1, (1, 1)):
            module.register_forward_hook(keep(name))
    x = torch.ones(1, c, h, w, requires_grad=True)
    clear.embed(x)
    names = [n for n, output in kept.items() if output.shape[2] * output.shape[3]]
    chosen = (
        {round(i * (len(names) - 1) / max(1, most - 1)) for i in range(most)}
        if len(names) > most
        else range(len(names))
    )
    for name in [names[i] for i in sorted(chosen)]:
        output = kept[name]
        middle = output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum()
        (gradient,) = torch.autograd.grad(middle, x, retain_graph=True)
        touched = gradient[0].abs().sum(0) > 0
        rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
        found.append(ReceptiveField(name, int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1))
    return found


class _Gate(nn.Module):
    """x / (1 + x) of positive x: bounded and rising everywhere."""

    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + x)


def _positive_copy(network: nn.Module) -> nn.Module:
    """A copy through which every path passes a positive share of its input."""
    clear = copy.deepcopy(network).eval()
    for parent in list(clear.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(
                child, nn.BatchNorm2d | nn.BatchNorm1d | nn.ReLU | nn.GELU | nn.SiLU | nn.Tanh | nn.Dropout
            ):
                setattr(parent, name, nn.Identity())
            elif isinstance(child, nn.Sigmoid):  # a gate multiplies: it must stay small, and never flat
                setattr(parent, name, _Gate())
            elif isinstance(child, nn.MaxPool2d):
                setattr(
                    parent,
                    name,
                    nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode),
                )
            elif isinstance(child, nn.AdaptiveMaxPool2d):
                setattr(parent, name, nn.AdaptiveAvgPool2d(child.output_size))
    for module in clear.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.constant_(module.weight, 1.0 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return clear.requires_grad_(False)
