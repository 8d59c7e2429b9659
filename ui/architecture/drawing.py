"""The drawing on top of the Architecture page, and the feature maps of the opened block below it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from core import tasks
from core.messages import N_
from ui.architecture import block_layout, examples, layer_names, networks
from ui.components.block_drawing import block_drawing
from ui.kit import image_display
from ui.kit import palette as p
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _
from ui.kit.run_names import run_name
from ui.kit.url import read_number

if TYPE_CHECKING:
    from torch import nn

    from core.inference.available_models import ModelChoice
    from core.inference.block_activations import BlockActivation
    from core.inference.block_graph import Block
    from ui.architecture.block_layout import Box

_INPUT = N_("Input")
BLOCK_KINDS: dict[str, tuple[str, str]] = {
    "input": (_INPUT, "#C9CDD4"),
    "conv": (N_("Convolution"), p.VERMILLION),
    "depthwise": (N_("Depthwise convolution"), p.PURPLE),
    "linear": (N_("Fully connected"), p.SKY),
    "resize": (N_("Pooling, resizing"), p.GREEN),
    "join": (N_("Sum, product, concatenation"), p.NEUTRAL),
    "other": (N_("Other layers"), p.NEUTRAL),
}
_JOIN_SIGNS = {"concat": "C"}
_TOP_CLASSES = 5


@st.fragment
@with_error_boundary
def show_drawing(task: tasks.Task, options: dict[str, Any], part: str, former: dict[str, Any] | None) -> None:
    """Draw the network with the feature maps of an example in its blocks, and outlines of what it was with the `former` options."""
    built = networks.build_network(task, options, part)
    blocks, titles = built.blocks, {b.name: _title(b, built.network) for b in built.blocks}
    before = networks.build_network(task, former, part).blocks if former else []
    chosen = next((b for b in blocks if b.name == st.query_params.get("block")), None)
    number = read_number("example", examples.NUM_EXAMPLES) or 0
    example = examples.load_example(task, number)
    choice = examples.find_weights(task, options, part)
    activations = examples.compute_activations(task, options, part, choice, example) if example else {}

    unit = min(block_layout.map_unit(drawn) for drawn in (blocks, before) if drawn)
    layout = block_layout.arrange(blocks, unit)
    ghosts = block_layout.place_ghosts(block_layout.arrange(before, unit), layout) if before else []
    is_original = former == {n: task.recipe.part("model")[n] for n in former or {}}
    outline = _(N_("Default settings")) if is_original else _(N_("Before the last change"))
    drawn = [*layout.boxes, *ghosts]
    data = {
        "width": max(layout.width, *(b.x + b.w + b.dx + block_layout.MARGIN for b in drawn)),
        "top": min(layout.top, *(b.top - block_layout.MARGIN for b in drawn)),
        "bottom": max(layout.bottom, *(b.y + b.h + block_layout.LABEL_HEIGHT for b in drawn)) + 30,
        "blocks": [_draw_block(box, titles, chosen, activations, example) for box in layout.boxes],
        "edges": layout.edges,
        "groups": [{"name": name, "from": first, "to": last} for name, first, last in layout.groups],
        "ghosts": [_rectangle(box) for box in ghosts],
        "colors": {kind: color for kind, (_title_, color) in BLOCK_KINDS.items()},
        "legend": [
            {"text": _(title), "color": color}
            for kind, (title, color) in BLOCK_KINDS.items()
            if any(b.kind == kind for b in blocks)
        ]
        + ([{"text": outline, "color": ""}] if ghosts else []),
        "maps": _maps(chosen, titles[chosen.name], blocks, activations, choice, example) if chosen else None,
        "scroll": [_(N_("Scroll left")), _(N_("Scroll right"))],
        "alt": _(N_("{model}: {count} blocks from input to output"), model=_(task.title), count=len(blocks)),
    }
    block_drawing(data, "architecture-blocks", lambda name: _open_block(name, blocks))
    hint, buttons = st.columns([3, 1.2], vertical_alignment="center")
    hint.caption(
        _(N_("Height: map size. Width: √channels. Bars: vectors. Click a block to see its feature maps."))
    )
    with buttons:
        if example:
            _example_button(number)


def _open_block(name: str, blocks: list[Block]) -> None:
    """Open the block `name`; close it if it is open."""
    if st.query_params.get("block") == name:
        del st.query_params["block"]
    elif name in {b.name for b in blocks}:
        st.query_params["block"] = name


def _example_button(number: int) -> None:
    def change() -> None:
        st.query_params["example"] = str((number + 1) % examples.NUM_EXAMPLES)

    st.button(
        _(N_("Next example")),
        icon=":material/skip_next:",
        on_click=change,
        key="next-example",
        width="stretch",
    )


def _title(block: Block, network: nn.Module) -> str:
    """What a block is: its first layer, or its operation."""
    if block.layers:
        return layer_names.layer_title(network.get_submodule(block.layers[0][0]))
    return _(_INPUT) if block.kind == "input" else f"{_(BLOCK_KINDS[block.kind][0])}: {block.label}"


def facts(block: Block) -> list[str]:
    """Name in the code, output shape, parameters, MACs, receptive field and layers of a block, a line each."""
    lines = [] if block.kind == "input" else [block.name]
    lines.append(_(N_("Output shape: {shape}"), shape="×".join(map(str, block.shape))))
    if block.kind != "input":
        lines.append(_(N_("Parameters: {count}"), count=f"{block.parameters:,}"))
        lines.append(_(N_("MACs: {count}"), count=f"{block.macs:,}"))
        if block.receptive_field:
            lines.append(_(N_("Receptive field: {side}×{side} px"), side=block.receptive_field))
    if block.layers:
        lines.append(", ".join(kind for _name, kind in block.layers))
    return lines


def _rectangle(box: Box) -> dict[str, float]:
    values = {"x": box.x, "y": box.y, "w": box.w, "h": box.h, "dx": box.dx, "dy": box.dy}
    return {name: round(value, 1) for name, value in values.items()}


def _draw_block(
    box: Box,
    titles: Mapping[str, str],
    chosen: Block | None,
    activations: Mapping[str, BlockActivation],
    example: examples.Example | None,
) -> dict[str, Any]:
    block, found = box.block, activations.get(box.block.name)
    src = ""
    if block.kind == "input" and example and example.x.ndim == 3:
        src = _image_url(_to_rgb(example.x))
    elif found and found.values.ndim == 3 and block.kind != "join":
        photo = _to_photo(found) if example and example.is_photo else None
        src = _map_url(found.values[0], found, block.kind) if photo is None else _image_url(photo)
    return {
        **_rectangle(box),
        "name": block.name,
        "title": titles[block.name],
        "kind": block.kind,
        "label": _(_INPUT) if block.kind == "input" else block.label,
        "facts": facts(block),
        "chosen": block is chosen,
        "join": block.kind == "join",
        "sign": _JOIN_SIGNS.get(block.label, block.label),
        "src": src,
    }


def _maps(
    block: Block,
    title: str,
    blocks: list[Block],
    activations: Mapping[str, BlockActivation],
    choice: ModelChoice | None,
    example: examples.Example | None,
) -> dict[str, Any]:
    """The strip of an opened block."""
    found = activations.get(block.name)
    return {
        "title": title if block.kind == "input" else f"{title} · {block.name}",
        "notes": _notes(block, found, choice, example),
        "color": BLOCK_KINDS[block.kind][1],
        **_strip(block, blocks, found, example),
    }


def _notes(
    block: Block,
    found: BlockActivation | None,
    choice: ModelChoice | None,
    example: examples.Example | None,
) -> list[str]:
    """What the strip shows, for which example, and with which weights."""
    shape = "×".join(map(str, block.shape))
    if example is None or found is None:
        return [shape, _(N_("No feature maps: the installed data do not fit this model."))]
    if block.kind == "input":
        lines = [shape]
    elif found.values.ndim == 3:
        lines = [
            _(
                N_("{shape} · range {low} to {high} · the {shown} channels with the largest activations"),
                shape=shape,
                low=f"{found.low:.3g}",
                high=f"{found.high:.3g}",
                shown=len(found.channels),
            )
        ]
    else:
        lines = [
            _(
                N_("{shape} · range {low} to {high}"),
                shape=shape,
                low=f"{found.low:.3g}",
                high=f"{found.high:.3g}",
            )
        ]
    label = f" ({_(example.label)})" if example.label else ""
    if example.drawn:
        text = _(
            N_("Example: drawn sample{label}, until the dataset is decoded.")
            if example.decoding
            else N_("Example: drawn sample{label}, because the dataset is not available here."),
            label=label,
        )
    else:
        text = _(
            N_("Example: test example {number}{label} of {data}."),
            number=f"{example.number:,}",
            label=label,
            data=_(example.source),
        )
    if choice is None:
        weights = _(
            N_(
                "Random weights: there is no checkpoint with these settings. Train the model to see learned features."
            )
        )
    elif choice.run:
        weights = _(N_("Weights: your run {run}."), run=run_name(choice.run))
    else:
        weights = _(N_("Weights: pretrained checkpoint {name}."), name=choice.id)
    return [*lines, f"{text} {weights}"]


def _strip(
    block: Block, blocks: list[Block], found: BlockActivation | None, example: examples.Example | None
) -> dict[str, Any]:
    """The strongest feature maps of a block as tiles, or its strongest units as values."""
    tiles: list[dict[str, str]] = []
    values: list[dict[str, Any]] = []
    if block.kind == "input" and example and example.x.ndim == 3:
        name = _(example.label) if example.label else _(_INPUT)
        tiles = [{"src": _image_url(_to_rgb(example.x)), "label": name, "alt": name}]
    elif found and found.values.ndim == 3:
        if example and example.is_photo and (photo := _to_photo(found)) is not None:
            name = _(N_("all channels"))
            tiles.append({"src": _image_url(photo), "label": name, "alt": name})
        for channel, peak, plane in zip(found.channels, found.peaks, found.values, strict=True):
            alt = _(N_("channel {number}, largest activation {peak}"), number=channel, peak=f"{peak:.2g}")
            tiles.append(
                {"src": _map_url(plane, found, block.kind), "label": f"#{channel} · {peak:.2g}", "alt": alt}
            )
    elif found:
        classes = example.classes if example and block is blocks[-1] else ()
        top = max(abs(found.low), abs(found.high)) or 1.0
        count = _TOP_CLASSES if classes else len(found.channels)
        for unit, value in list(zip(found.channels, found.peaks, strict=True))[:count]:
            name = _(classes[unit]) if unit < len(classes) else _(N_("unit {number}"), number=unit)
            values.append({"label": name, "share": max(0.0, value) / top, "text": f"{value:.3g}"})
    return {"tiles": tiles, "values": values}


def _to_rgb(x: np.ndarray) -> np.ndarray:
    return np.repeat(x, 3, axis=0).transpose(1, 2, 0) if len(x) == 1 else x.transpose(1, 2, 0)


def _to_photo(found: BlockActivation) -> np.ndarray | None:
    """The output of a generator, RGB in [-1, 1], as an image; None for other outputs."""
    if found.count != 3 or found.low < -1 or found.high > 1:
        return None
    planes = found.values[np.argsort(found.channels)]
    return ((planes.transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)


def _map_url(plane: np.ndarray, found: BlockActivation, kind: str) -> str:
    """A feature map from nearly black over the color of its kind to white, on the scale of the whole block."""
    share = ((plane - found.low) / ((found.high - found.low) or 1.0)).clip(0, 1)[..., None]
    dark, color, light = (np.array(p.to_rgb(c), float) for c in ("#0B0D12", BLOCK_KINDS[kind][1], p.WHITE))
    low, high = dark + (color - dark) * 2 * share, color + (light - color) * (2 * share - 1)
    return _image_url(np.where(share < 0.5, low, high).round().astype(np.uint8))


def _image_url(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=1)
    return image_display.data_url(buffer.getvalue(), "png")
