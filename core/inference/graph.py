"""The computation graph of a model in DOT, the language of Graphviz, with its branches, skip connections and
sums.

The model is traced symbolically by `torch.fx`; shapes are for one image.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import fx, nn

from core.messages import N_, UserError

_IGNORED_MODULES = (nn.Dropout, nn.Identity)


class _Tracer(fx.Tracer):
    """Traces into modules; unless `detailed`, stops at the blocks that the model's own file defines."""

    def __init__(self, detailed: bool, top: nn.Module) -> None:
        super().__init__()
        self.detailed, self.module = detailed, type(top).__module__

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        own = type(m).__module__ == self.module
        whole = not any(True for _ in m.children()) or (own and not self.detailed)
        return whole or super().is_leaf_module(m, module_qualified_name)


def to_dot(network: nn.Module, in_shape: tuple[int, ...], detailed: bool = False, dark: bool = False) -> str:
    """The graph of `network` in DOT.

    Args:
        network: the model.
        in_shape: shape of one input, (C, H, W).
        detailed: draw every layer instead of one node per block.
        dark: use colors for a dark background.

    Raises:
        UserError: if the operations depend on the input, so that the model cannot be traced.
    """
    network = copy.deepcopy(network).to("meta").eval()
    try:
        graph = _Tracer(detailed, network).trace(network)
    except (fx.proxy.TraceError, TypeError) as error:
        raise UserError(
            N_("The graph is not available: the operations of this model depend on its input.")
        ) from error
    traced = fx.GraphModule(network, graph)
    shapes = _node_shapes(traced, in_shape)
    text, line, fill = ("#E8EAEE", "#8A8F98", "#262B36") if dark else ("#1B1E26", "#8A8F98", "#F1F2F5")
    out = [
        "digraph {",
        "rankdir=TB; bgcolor=transparent; nodesep=0.25; ranksep=0.25;",
        f'node [shape=box style="rounded,filled" fillcolor="{fill}" color="{line}" fontcolor="{text}" fontname="sans-serif" fontsize=11 '
        'margin="0.12,0.05"];',
        f'edge [color="{line}" arrowsize=0.6];',
    ]
    alias: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        if (
            node.op == "call_module"
            and isinstance(traced.get_submodule(node.target), _IGNORED_MODULES)
            and node.all_input_nodes
        ):
            alias[node] = alias.get(node.all_input_nodes[0], node.all_input_nodes[0])
            continue
        if node.op == "get_attr":
            continue
        label = _node_label(node, traced) + (
            f"\\n{'×'.join(map(str, shapes[node]))}" if node in shapes else ""
        )
        out.append(f'"{node.name}" [label="{label}"];')
        out += [
            f'"{alias.get(n, n).name}" -> "{node.name}";' for n in node.all_input_nodes if n.op != "get_attr"
        ]
    return "\n".join([*out, "}"])


def _node_shapes(traced: fx.GraphModule, in_shape: tuple[int, ...]) -> dict[fx.Node, tuple[int, ...]]:
    """Output shape of every node for one image, without the batch dimension."""
    shapes: dict[fx.Node, tuple[int, ...]] = {}

    class ShapeRecorder(fx.Interpreter):
        def run_node(self, n: fx.Node) -> object:
            result = super().run_node(n)
            if isinstance(result, torch.Tensor) and result.ndim > 1:
                shapes[n] = tuple(result.shape[1:])
            return result

    with torch.no_grad():
        ShapeRecorder(traced).run(torch.zeros(1, *in_shape, device="meta"))
    return shapes


def _node_label(node: fx.Node, traced: fx.GraphModule) -> str:
    """A short description of a node."""
    if node.op == "placeholder":
        return "input"
    if node.op == "output":
        return "logits"
    if node.op == "call_module":
        module = traced.get_submodule(node.target)
        return f"{_describe_module(module)}\\n{node.target}"
    function: str | Callable[..., object] = node.target
    return function if isinstance(function, str) else getattr(function, "__name__", str(function))


def _describe_module(module: nn.Module) -> str:
    kind = type(module).__name__
    if isinstance(module, nn.Conv2d):
        size, step = module.kernel_size, module.stride
        depthwise = "depthwise " if module.groups == module.in_channels > 1 else ""
        return f"{depthwise}conv {size[0]}×{size[1]}" + (f" / {step[0]}" if step[0] > 1 else "")
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        return f"{kind} {module.kernel_size}"
    return kind
