"""Where the blocks of a model stand in the drawing: from left to right, branches above each other. All lengths are pixels.

Maps are drawn as cuboids: the height is the side of the maps, the width the square root of their number. Vectors are bars whose
height is the square root of their length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.inference.block_graph import Block

_MAP_SIDE = 132  # of the largest maps of a model without branches
_MAX_HEIGHT = 300
_DEPTH = (0.36, 0.2)  # of the oblique projection, right and up, as a fraction of the side
_CHANNEL_WIDTH = 1.5  # per square root of the channels
_UNIT_HEIGHT, _MAX_UNITS_HEIGHT, _UNITS_WIDTH = 3.4, 132, 10
_JOIN_SIZE = 18
_GAP, _LANE_GAP, _ARC_GAP = 18, 20, 11
MARGIN, LABEL_HEIGHT = 10, 16


@dataclass
class Box:
    """A drawn block: front face at (x, y) of size (w, h), its depth (dx, dy) to the upper right. `y` is the top, 0 on the axis."""

    block: Block
    column: int
    x: float
    y: float
    w: float
    h: float
    dx: float
    dy: float

    @property
    def center(self) -> float:
        """The middle of the front face."""
        return self.y + self.h / 2

    @property
    def top(self) -> float:
        """The upper edge of the back."""
        return self.y - self.dy


@dataclass(frozen=True)
class Layout:
    """A drawing: boxes, connections as SVG paths, and the spans (name, from, to) of the parts of the model.

    `top` and `bottom` bound it around the axis; `width` is its extent from 0.
    """

    boxes: list[Box]
    edges: list[str]
    groups: list[tuple[str, float, float]]
    width: float
    top: float
    bottom: float


def map_unit(blocks: Sequence[Block]) -> float:
    """Pixels per pixel of a map, so that the drawing of `blocks` is not too high."""
    largest = max((max(b.shape[1:]) for b in blocks if len(b.shape) == 3), default=1)
    unit = _MAP_SIDE / largest
    while unit * largest > 30 and (drawn := arrange(blocks, unit)).bottom - drawn.top > _MAX_HEIGHT:
        unit *= 0.9
    return unit


def arrange(blocks: Sequence[Block], unit: float) -> Layout:
    """Place `blocks`, in forward order, with maps at `unit` pixels per pixel."""
    boxes = {b.name: _new_box(b, unit) for b in blocks}
    for box in boxes.values():
        box.column = max((boxes[i].column + 1 for i in box.block.inputs), default=0)
    _place_columns(list(boxes.values()))
    _place_lanes(boxes)
    arcs: list[tuple[int, int, float]] = []
    edges = []
    spans = [(boxes[i], box) for box in boxes.values() for i in box.block.inputs]
    for source, target in sorted(spans, key=lambda s: s[1].column - s[0].column):
        edges.append(_draw_edge(source, target, list(boxes.values()), arcs))
    drawn = list(boxes.values())
    return Layout(
        boxes=drawn,
        edges=edges,
        groups=_find_groups(drawn),
        width=max(b.x + b.w + b.dx for b in drawn) + MARGIN,
        top=min([b.top for b in drawn] + [a[2] for a in arcs]) - MARGIN,
        bottom=max(b.y + b.h for b in drawn) + LABEL_HEIGHT,
    )


def _new_box(block: Block, unit: float) -> Box:
    if block.kind == "join":
        return Box(block, 0, 0, 0, _JOIN_SIZE, _JOIN_SIZE, 0, 0)
    if len(block.shape) == 3:
        channels, height, width = block.shape
        h, depth = max(5.0, height * unit), max(5.0, width * unit)
        w = max(4.0, _CHANNEL_WIDTH * math.sqrt(channels))
        return Box(block, 0, 0, 0, w, h, _DEPTH[0] * depth, _DEPTH[1] * depth)
    h = min(_MAX_UNITS_HEIGHT, max(10.0, _UNIT_HEIGHT * math.sqrt(math.prod(block.shape))))
    return Box(block, 0, 0, 0, _UNITS_WIDTH, h, 4, 3)


def _place_columns(boxes: list[Box]) -> None:
    x = float(MARGIN)
    for column in range(max(b.column for b in boxes) + 1):
        here = [b for b in boxes if b.column == column]
        for box in here:
            box.x = x
        x += max(b.w + b.dx for b in here) + _GAP


def _place_lanes(boxes: dict[str, Box]) -> None:
    """Put the branches that leave a block above each other, the longer of two on its axis, and joins on the axis of their fork."""
    forks = _find_forks(boxes)
    center: dict[str, float] = {}
    for name, box in boxes.items():
        inputs = box.block.inputs
        if not inputs:
            center[name] = 0.0
        elif len(inputs) > 1:
            center[name] = center[forks[name]]
        else:
            heads = [b for b in boxes.values() if b.block.inputs == inputs]
            center[name] = center[inputs[0]] + _lane_offset(name, heads, boxes, forks)
        box.y = center[name] - box.h / 2


def _find_forks(boxes: dict[str, Box]) -> dict[str, str]:
    """For every block the last one before it that every path to it passes: its immediate dominator."""
    order = {name: place for place, name in enumerate(boxes)}
    found: dict[str, str] = {}
    for name, box in boxes.items():
        inputs = box.block.inputs
        if not inputs:
            continue
        common = inputs[0]
        for other in inputs[1:]:
            while common != other:
                common, other = (
                    (found[common], other) if order[common] > order[other] else (common, found[other])
                )
        found[name] = common
    return found


def _lane_offset(name: str, heads: list[Box], boxes: dict[str, Box], forks: dict[str, str]) -> float:
    if len(heads) == 1:
        return 0.0
    branches = {head.block.name: _branch(head.block.name, boxes, forks) for head in heads}
    heights = {n: max(b.h + b.dy for b in members) for n, members in branches.items()}
    if len(heads) == 2:
        main = max(branches, key=lambda n: (len(branches[n]), sum(b.block.macs for b in branches[n])))
        return 0.0 if name == main else -(sum(heights.values()) / 2 + _LANE_GAP)
    y = -(sum(heights.values()) + _LANE_GAP * (len(heads) - 1)) / 2
    for head, height in heights.items():
        if head == name:
            return y + height / 2
        y += height + _LANE_GAP
    return 0.0


def _branch(head: str, boxes: dict[str, Box], forks: dict[str, str]) -> list[Box]:
    """The blocks that are reached through `head` only."""
    members = {head}
    for name in boxes:
        if forks.get(name) in members:
            members.add(name)
    return [boxes[n] for n in members]


def _draw_edge(source: Box, target: Box, boxes: list[Box], arcs: list[tuple[int, int, float]]) -> str:
    """The SVG path from `source` to `target`; one that would cross blocks goes above them, which is noted in `arcs`."""
    x1, y1, x2, y2 = source.x + source.w + source.dx, source.center, target.x, target.center
    between = [b for b in boxes if source.column < b.column < target.column]
    if any(b.top <= y1 <= b.y + b.h for b in between) and abs(y1 - y2) < 1:
        covered = [b.top for b in [source, *between, target]]
        inside = [top for first, last, top in arcs if first < target.column and last > source.column]
        top = min(covered + inside) - _ARC_GAP
        arcs.append((source.column, target.column, top))
        start, end, r = source.x + source.w / 2 + source.dx / 2, target.x + target.w / 2 + target.dx / 2, 7
        return (
            f"M{start:.1f} {source.top:.1f}V{top + r:.1f}Q{start:.1f} {top:.1f} {start + r:.1f} {top:.1f}"
            f"H{end - r:.1f}Q{end:.1f} {top:.1f} {end:.1f} {top + r:.1f}V{target.top:.1f}"
        )
    if abs(y1 - y2) < 1:
        return f"M{x1:.1f} {y1:.1f}H{x2:.1f}"
    bend = x2 - _GAP if len(target.block.inputs) > 1 else x1  # a branch keeps its lane until its join
    bend = max(bend, x1)
    return f"M{x1:.1f} {y1:.1f}H{bend:.1f}C{bend + 10:.1f} {y1:.1f} {x2 - 10:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _find_groups(boxes: list[Box]) -> list[tuple[str, float, float]]:
    """The parts of the model with their extents, without those of the input."""
    groups: dict[str, tuple[float, float]] = {}
    for box in boxes:
        if box.block.kind == "input":
            continue
        first, last = groups.get(box.block.group, (box.x, box.x))
        groups[box.block.group] = min(first, box.x), max(last, box.x + box.w + box.dx)
    return [(name, *span) for name, span in groups.items()]


def place_ghosts(former: Layout, current: Layout) -> list[Box]:
    """Outlines of the former blocks that changed: at the place of the current one of the same name, and of those that are gone at the
    right end.
    """
    now = {box.block.name: box for box in current.boxes}
    ghosts, gone = [], [box for box in former.boxes if box.block.name not in now]
    for box in former.boxes:
        same = now.get(box.block.name)
        if same is None:
            ghosts.append(replace(box, x=box.x - min(b.x for b in gone) + current.width))
        elif same.block.shape != box.block.shape and box.block.kind != "join":
            ghosts.append(replace(box, x=same.x, y=same.center - box.h / 2))
    return ghosts
