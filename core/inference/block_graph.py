"""The blocks of a model for its drawing: layers with weights, pooling and joins, with their connections.

Normalization, activation, dropout and reshaping belong to the block before them. The model is traced symbolically by `torch.fx`;
shapes and counts are for one example.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, fx, nn

from core.messages import N_, UserError

BlockKind = Literal["input", "conv", "depthwise", "linear", "resize", "join", "other"]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
_POOLS = (nn.MaxPool2d, nn.AvgPool2d)
_GLOBAL_POOLS = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_WITHOUT_ACTIVATION = (nn.Dropout, nn.Identity, nn.Flatten, nn.ReflectionPad2d, nn.ZeroPad2d)
_JOINS = {"add": "+", "iadd": "+", "cat": "concat", "concat": "concat", "mul": "×", "imul": "×"}


@dataclass(frozen=True)
class Block:
    """A block of the drawing.

    Attributes:
        name: dotted name of its first layer; of a join, that of the layer after it, or the name of its operation.
        kind: what is drawn.
        label: short description, such as "3×3" or "+".
        group: dotted name of the part of the model that it belongs to.
        shape: output shape, (C, H, W) or (F,).
        parameters: number of parameters.
        macs: MACs of one example.
        receptive_field: side of the region of the input that affects an output, in pixels, at most that of the input; 0 for tables.
        layers: dotted names and class names of its layers, in forward order.
        inputs: names of the blocks that it reads.
        output: name of the traced operation whose result is its output.
    """

    name: str
    kind: BlockKind
    label: str
    group: str
    shape: tuple[int, ...]
    parameters: int
    macs: int
    receptive_field: int
    layers: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class _Sight:
    """Receptive field in pixels, and the distance between two neighboring outputs in pixels."""

    size: float
    step: float


class _Tracer(fx.Tracer):
    """Traces into every module that has submodules."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return super().is_leaf_module(m, module_qualified_name) or not any(True for _ in m.children())


def trace(network: nn.Module) -> fx.GraphModule:
    """A traced copy of `network` in evaluation mode.

    Raises:
        UserError: if the operations depend on the input, so that the model cannot be traced.
    """
    network = copy.deepcopy(network).eval()
    try:
        return fx.GraphModule(network, _Tracer().trace(network))
    except (fx.proxy.TraceError, TypeError) as error:
        raise UserError(
            N_("The graph is not available: the operations of this model depend on its input.")
        ) from error


def run_traced(traced: fx.GraphModule, x: Tensor, on_output: Callable[[str, Tensor], None]) -> None:
    """Run a traced model on a batch; call `on_output` with the name and the result of each operation, before a later in-place
    operation can change it.
    """

    class Recorder(fx.Interpreter):
        def run_node(self, n: fx.Node) -> object:
            result = super().run_node(n)
            if isinstance(result, Tensor):
                on_output(n.name, result)
            return result

    with torch.no_grad():
        Recorder(traced).run(x)


def find_blocks(network: nn.Module, in_shape: tuple[int, ...]) -> list[Block]:
    """The blocks in forward order, the input first. Allocates no memory for weights or outputs.

    Raises:
        UserError: if the model cannot be traced.
    """
    traced = trace(network).to("meta")
    shapes: dict[str, tuple[int, ...]] = {}
    run_traced(
        traced,
        torch.zeros(1, *in_shape, device="meta"),
        lambda name, result: shapes.__setitem__(name, tuple(result.shape[1:])),
    )
    return _BlockFinder(network, traced, shapes, in_shape).find()


class _BlockFinder:
    """Assigns every traced operation to a block."""

    def __init__(
        self,
        network: nn.Module,
        traced: fx.GraphModule,
        shapes: dict[str, tuple[int, ...]],
        in_shape: tuple[int, ...],
    ) -> None:
        self.traced, self.shapes, self.in_shape = traced, shapes, in_shape
        self.modules = dict(network.named_modules())  # a traced copy has lost the classes of its containers
        self.blocks: dict[str, Block] = {}
        self.sights: dict[str, _Sight] = {}
        self.block_of: dict[fx.Node, str] = {}

    def find(self) -> list[Block]:
        for node in self.traced.graph.nodes:
            if node.op == "placeholder":
                self._add("input", "input", "", node, [], _Sight(1, 1))
            elif node.op == "call_module":
                self._add_module(node)
            elif node.op in ("call_function", "call_method"):
                self._add_function(node)
        return list(self.blocks.values())

    def _inputs(self, node: fx.Node) -> list[str]:
        return list(dict.fromkeys(self.block_of[n] for n in node.all_input_nodes if n in self.block_of))

    def _add_module(self, node: fx.Node) -> None:
        module, inputs = self.traced.get_submodule(node.target), self._inputs(node)
        before = self.sights[inputs[0]] if inputs else _Sight(1, 1)
        kind, label = describe(module)
        if kind is None:
            self._join_block(node, module)
            return
        self._add(node.target, kind, label, node, inputs, self._sight_after(module, before), module)

    def _add_function(self, node: fx.Node) -> None:
        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        inputs = self._inputs(node)
        if len(inputs) > 1:
            sight = max((self.sights[i] for i in inputs), key=lambda s: s.size)
            kind, label = ("join", _JOINS[name]) if name in _JOINS else ("other", name)
            self._add(self._name_function(node, name), kind, label, node, inputs, sight)
        elif name == "interpolate" and inputs:
            before, factor = self.sights[inputs[0]], self._growth(node)
            after = replace(before, step=before.step / factor)
            self._add(self._name_function(node, name), "resize", f"↑{factor:g}", node, inputs, after)
        elif inputs:
            self._join_block(node, None)

    def _name_function(self, node: fx.Node, function: str) -> str:
        """The name of the module that calls the function, and the function's own."""
        name = ".".join(part for part in (_calling_module(node), function) if part)
        return name if name not in self.blocks else f"{name}-{node.name}"

    def _group_of(self, path: str) -> str:
        """The part of the model that the module `path` belongs to: the outermost one of a class of the model's own that is not most of
        the model, else its first name, or the first two if that has nested parts.
        """
        parts, skipped = path.split("."), 0
        for depth in range(1, len(parts) + 1):
            module = self.modules[".".join(parts[:depth])]
            if type(module).__module__.startswith("torch.nn.") or not any(True for _ in module.children()):
                continue
            if 2 * _count_weighted(module) <= _count_weighted(self.modules[""]):
                return ".".join(parts[:depth])
            skipped = depth
        nested = any(True for child in self.modules[parts[0]].children() for _ in child.children())
        return ".".join(parts[: skipped + 1 if skipped else 2 if nested else 1])

    def _growth(self, node: fx.Node) -> float:
        source = self.shapes.get(node.all_input_nodes[0].name, ())
        return self.shapes[node.name][-1] / source[-1] if source else 1.0

    def _join_block(self, node: fx.Node, module: nn.Module | None) -> None:
        """Count `node` as part of the block before it."""
        source = next(n for n in node.all_input_nodes if n in self.block_of)
        block = self.blocks[self.block_of[source]]
        self.block_of[node] = block.name
        if module is not None:
            block = replace(
                block,
                parameters=block.parameters + sum(p.numel() for p in module.parameters()),
                layers=(*block.layers, (str(node.target), type(module).__name__)),
            )
        same = self.shapes.get(node.name) == block.shape
        # What others read from before this layer must not be drawn as its result.
        if same and source.name == block.output and len(source.users) == 1 and block.kind != "input":
            block = replace(block, output=node.name)
        self.blocks[block.name] = block

    def _add(
        self,
        name: str,
        kind: BlockKind,
        label: str,
        node: fx.Node,
        inputs: list[str],
        sight: _Sight,
        module: nn.Module | None = None,
    ) -> None:
        side = self.in_shape[-1] if len(self.in_shape) == 3 else 0
        shape = self.shapes.get(node.name, ())
        if side and len(shape) < 3:
            sight = replace(sight, size=side)
        self.sights[name], self.block_of[node] = sight, name
        source = self.shapes.get(node.all_input_nodes[0].name, ()) if node.all_input_nodes else ()
        self.blocks[name] = Block(
            name=name,
            kind=kind,
            label=label,
            group=self._group_of(path)
            if (path := str(node.target) if module else _calling_module(node))
            else name,
            shape=shape,
            parameters=sum(p.numel() for p in module.parameters()) if module is not None else 0,
            macs=_count_macs(module, source, shape),
            receptive_field=min(side, math.ceil(sight.size)) if side else 0,
            layers=((str(node.target), type(module).__name__),) if module is not None else (),
            inputs=tuple(inputs),
            output=node.name,
        )

    def _sight_after(self, module: nn.Module, before: _Sight) -> _Sight:
        if isinstance(module, _GLOBAL_POOLS) and _first(module.output_size) == 1:
            return _Sight(self.in_shape[-1], self.in_shape[-1])
        if isinstance(module, nn.Upsample):
            return replace(before, step=before.step / float(module.scale_factor or 1))
        if isinstance(module, nn.ConvTranspose2d):
            reads = -(-module.kernel_size[0] // module.stride[0])
            return _Sight(before.size + (reads - 1) * before.step, before.step / module.stride[0])
        if isinstance(module, (nn.Conv2d, *_POOLS)):
            kernel, stride = _first(module.kernel_size), _first(module.stride)
            return _Sight(before.size + (kernel - 1) * before.step, before.step * stride)
        return before


def describe(module: nn.Module) -> tuple[BlockKind | None, str]:
    """Kind and label of the block that `module` begins; the kind is None if it belongs to the block before."""
    if isinstance(module, _CONVOLUTIONS):
        size = "×".join(map(str, module.kernel_size))
        step = f" /{_first(module.stride)}" if _first(module.stride) > 1 else ""
        up = "↑" if isinstance(module, nn.ConvTranspose2d) else ""
        depthwise = module.groups == module.in_channels > 1
        return "depthwise" if depthwise else "conv", f"{up}{size}{'' if up else step}"
    if isinstance(module, nn.Linear):
        return "linear", "fc"
    if isinstance(module, _POOLS):
        return "resize", "max" if isinstance(module, nn.MaxPool2d) else "avg"
    if isinstance(module, _GLOBAL_POOLS):
        return "resize", "max" if isinstance(module, nn.AdaptiveMaxPool2d) else "avg"
    if isinstance(module, nn.Upsample):
        return "resize", f"↑{module.scale_factor:g}"
    if isinstance(module, nn.Embedding | nn.RNNBase | nn.MultiheadAttention):
        return "other", type(module).__name__
    return None, ""


def _first(value: int | tuple[int, ...]) -> int:
    return value[0] if isinstance(value, tuple) else value


def _count_macs(module: nn.Module | None, source: tuple[int, ...], shape: tuple[int, ...]) -> int:
    """MACs of a convolution or fully connected layer; 0 for others."""
    if isinstance(module, nn.ConvTranspose2d):
        return module.weight.numel() * math.prod(source[1:])
    if isinstance(module, _CONVOLUTIONS):
        return module.weight.numel() * math.prod(shape[1:])
    if isinstance(module, nn.Linear):
        return module.weight.numel() * math.prod(shape[:-1])
    return 0


def _count_weighted(module: nn.Module) -> int:
    """Number of convolutions and fully connected layers."""
    return sum(isinstance(m, (*_CONVOLUTIONS, nn.Linear)) for m in module.modules())


def _calling_module(node: fx.Node) -> str:
    """Dotted name of the module in whose `forward` the operation stands; empty for the model itself."""
    return next(reversed(node.meta.get("nn_module_stack") or {"": None}))
