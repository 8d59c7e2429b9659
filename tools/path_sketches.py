"""Illustrations of principles and image models of the learning path that have no output of this project to show."""

from __future__ import annotations

from collections.abc import Callable

from tools.path_drawings import (
    BLUE,
    GRAY,
    GREEN,
    RED,
    arrow,
    box,
    curve,
    dot,
    face,
    line,
    sheet,
    solid,
    text,
)


def backpropagation() -> str:
    """Values to the right, gradients back."""
    blocks = [box(6 + i * 30, 38, 20, 20, BLUE if i < 2 else RED) for i in range(3)]
    forward = [arrow((27 + i * 30, 43), (35 + i * 30, 43)) for i in range(2)]
    backward = [arrow((35 + i * 30, 53), (27 + i * 30, 53), RED) for i in range(2)]
    marks = [text(16, 52, "w"), text(46, 52, "w"), text(76, 52, "L", 11), text(46, 80, "∂L/∂w", 12, RED)]
    return sheet(*blocks, *forward, *backward, *marks, curve("M76 62C76 74 66 76 64 76", RED, 1.5))


def cross_validation() -> str:
    """Five folds."""
    cells = [
        box(8 + 16 * c, 10 + 16 * r, 13, 11, RED if c == r else BLUE, 0.75 if c == r else 0.25)
        for r in range(5)
        for c in range(5)
    ]
    return sheet(*cells)


def xor() -> str:
    """Four clusters and a line."""
    shapes = []
    for sx, sy in ((28, 28), (68, 68), (28, 68), (68, 28)):
        same = sx == sy
        for dx, dy in ((-8, -5), (5, -8), (-3, 4), (8, 6), (-9, 9)):
            shapes.append(dot(sx + dx, sy + dy, 3.4, BLUE if same else RED, hollow=not same))
    return sheet(*shapes, line([(8, 84), (88, 14)], GRAY, 2, "5 4"))


def initialization() -> str:
    """Equal units, and different ones."""
    left = [dot(24, 20 + 19 * i, 7, GRAY) + text(24, 23.5 + 19 * i, "0", 9, "#FFFFFF") for i in range(4)]
    right = [
        dot(72, 20 + 19 * i, 3 + r, c)
        for i, (r, c) in enumerate(((5, BLUE), (2, RED), (6, GREEN), (3, BLUE)))
    ]
    return sheet(*left, *right, arrow((38, 48), (56, 48)))


def vanishing_gradients() -> str:
    """Bars that shrink towards the input."""
    heights = (1.5, 3, 8, 22, 58)
    bars = [solid(10 + 16 * i, 78 - h, 11, h, BLUE) for i, h in enumerate(heights)]
    return sheet(*bars, line([(6, 79), (90, 79)]), arrow((84, 12), (14, 12), RED), text(50, 92, "∇", 11))


def exploding_gradients() -> str:
    """A loss that rises ever faster."""
    return sheet(
        line([(12, 10), (12, 84), (90, 84)], GRAY, 1.5),
        curve("M14 80C46 78 62 66 72 12", RED, 2.5),
        text(78, 26, "∞", 20, RED),
    )


def regularization() -> str:
    """A wild curve and a smooth one through the same points."""
    points = ((14, 62), (28, 36), (42, 54), (56, 28), (70, 44), (84, 20))
    dots = [dot(x, y, 3.4, GRAY) for x, y in points]
    wild = "M14 62C18 30 24 30 28 36S36 74 42 54 50 12 56 28 64 64 70 44 78 18 84 20"
    return sheet(
        curve(wild, RED, 1.8, "4 3"),
        curve("M12 60C36 50 58 38 86 22", BLUE, 2.6),
        *dots,
        text(48, 90, "λ‖w‖²", 12),
    )


def saving() -> str:
    """A network and a file."""
    units = [dot(x, y, 4, BLUE) for x, ys in ((12, (34, 54)), (30, (26, 44, 62))) for y in ys]
    wires = [line([(12, a), (30, b)], GRAY, 0.8) for a in (34, 54) for b in (26, 44, 62)]
    file = curve("M62 22h16l8 8v42h-24zM78 22v8h8", GREEN, 2)
    rows = [line([(67, y), (81, y)], GREEN, 1.4) for y in (42, 50, 58)]
    return sheet(*wires, *units, arrow((38, 38), (56, 38)), arrow((56, 52), (38, 52)), file, *rows)


def inception() -> str:
    """Four parallel branches."""
    shapes = [box(6, 38, 12, 20, GRAY), box(78, 26, 12, 44, GREEN)]
    for i, (label, color) in enumerate((("1×1", BLUE), ("3×3", BLUE), ("5×5", BLUE), ("max", RED))):
        y = 8 + 21 * i
        shapes += [box(34, y, 28, 16, color), text(48, y + 11.5, label, 10)]
        shapes += [line([(18, 48), (34, y + 8)], GRAY, 1.2), line([(62, y + 8), (78, 48)], GRAY, 1.2)]
    return sheet(*shapes)


def densenet() -> str:
    """Layers, each connected to all later ones."""
    xs = (12, 33, 54, 75)
    arcs = [
        curve(f"M{a + 5} 44Q{(a + b) / 2 + 5} {44 - 0.9 * (b - a)} {b + 5} 44", RED, 1.4)
        for i, a in enumerate(xs)
        for b in xs[i + 1 :]
    ]
    return sheet(*arcs, *(box(x, 46, 10, 34, BLUE) for x in xs))


def efficientnet() -> str:
    """Widen, filter, weight, narrow."""
    return sheet(
        box(8, 38, 9, 20, GRAY),
        box(27, 14, 10, 68, BLUE),
        box(47, 14, 10, 68, BLUE),
        box(77, 38, 9, 20, GRAY),
        *(arrow((a, 48), (b, 48)) for a, b in ((18, 26), (38, 46), (58, 76))),
        curve("M52 12C52 2 68 2 68 14V42", GREEN, 1.8),
        dot(68, 48, 4.5, GREEN),
    )


def fine_tuning() -> str:
    """Three ways to start: new, frozen, adjusted."""
    shapes = []
    for x, layers in ((8, (RED,) * 4), (38, (RED, GRAY, GRAY, GRAY)), (68, (RED, BLUE, BLUE, BLUE))):
        shapes += [box(x, 12 + 19 * i, 20, 14, color, 0.55) for i, color in enumerate(layers)]
    return sheet(*shapes)


def r_cnn() -> str:
    """Regions proposed on feature maps."""
    return sheet(
        box(6, 24, 44, 50, GRAY, 0.1),
        box(12, 32, 18, 16, BLUE, 0.2),
        box(24, 50, 20, 18, RED, 0.2),
        arrow((52, 40), (66, 30)),
        arrow((52, 60), (66, 68)),
        box(68, 20, 22, 16, BLUE, 0.45),
        box(68, 60, 22, 16, RED, 0.45),
        text(79, 32, "A", 11),
        text(79, 72, "B", 11),
    )


def yolo() -> str:
    """A 7×7 grid and the box of one cell."""
    lines = [line([(8 + i * 11.4, 8), (8 + i * 11.4, 88)], GRAY, 0.9) for i in range(8)]
    lines += [line([(8, 8 + i * 11.4), (88, 8 + i * 11.4)], GRAY, 0.9) for i in range(8)]
    return sheet(*lines, solid(42.2, 42.2, 11.4, 11.4, BLUE), box(24, 20, 46, 58, RED, 0.12))


def mask_r_cnn() -> str:
    """A box with the mask of its object."""
    blob = "M34 70C20 54 30 28 48 26S80 42 74 60 52 84 34 70Z"
    mask = f'<path d="{blob}" fill="{BLUE}" fill-opacity="0.45" stroke="{BLUE}" stroke-width="2"/>'
    return sheet(mask, box(22, 22, 58, 56, RED, 0), solid(22, 10, 24, 12, RED))


def segmentation() -> str:
    """Maps in the shape of a U."""
    down = [box(6 + 12 * i, 14 + 18 * i, 8, 34 - 9 * i, BLUE) for i in range(3)]
    up = [box(82 - 12 * i, 14 + 18 * i, 8, 34 - 9 * i, GREEN) for i in range(3)]
    links = [
        line([(16 + 12 * i, 26 + 18 * i), (80 - 12 * i, 26 + 18 * i)], RED, 1.4, "4 3") for i in range(3)
    ]
    return sheet(*down, *up, *links, box(43, 78, 10, 8, GRAY))


def patchgan() -> str:
    """An image and a grid of scores."""
    shades = (0.15, 0.6, 0.3, 0.8, 0.45, 0.2, 0.7, 0.35, 0.55)
    grid = [box(58 + 11 * (i % 3), 32 + 11 * (i // 3), 9, 9, RED, s) for i, s in enumerate(shades)]
    return sheet(face(5, 28, 40), box(9, 46, 14, 14, RED, 0.15), arrow((47, 48), (56, 48)), *grid)


def own_pair() -> str:
    """Two folders."""

    def folder(x: float, color: str) -> str:
        path = f"M{x} 34h12l4 5h18v30h-34z"
        return f'<path d="{path}" fill="{color}" fill-opacity="0.3" stroke="{color}" stroke-width="2"/>'

    return sheet(folder(6, BLUE), folder(56, RED), arrow((38, 24), (58, 24)), arrow((58, 82), (38, 82)))


def pix2pix() -> str:
    """An outline becomes a filled shape."""
    shape = "M{x} 66V40l6 6h12l6 -6v26q-12 10 -24 0z"
    left = curve(shape.format(x=8), GRAY, 2)
    right = (
        f'<path d="{shape.format(x=64)}" fill="{RED}" fill-opacity="0.5" stroke="{RED}" stroke-width="2"/>'
    )
    return sheet(left, right, arrow((40, 54), (56, 54)))


def stylegan() -> str:
    """A vector grows into maps."""
    maps = [box(18 + 17 * i, 48 - 6 * (i + 1), 6 + 5 * i, 12 * (i + 1), BLUE) for i in range(4)]
    styles = [arrow((21 + 18.5 * i, 88), (21 + 18.5 * i, 52 + 6 * (i + 1)), GREEN, 1.5) for i in range(4)]
    return sheet(box(6, 30, 6, 36, RED, 0.6), *maps, *styles)


SKETCHES: dict[str, Callable[[], str]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        backpropagation,
        cross_validation,
        xor,
        initialization,
        vanishing_gradients,
        exploding_gradients,
        regularization,
        saving,
        inception,
        densenet,
        efficientnet,
        fine_tuning,
        r_cnn,
        yolo,
        mask_r_cnn,
        segmentation,
        patchgan,
        own_pair,
        pix2pix,
        stylegan,
    )
}
