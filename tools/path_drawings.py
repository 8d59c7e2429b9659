"""Shapes of the learning path's illustrations: SVG of 96×96 with the colors of the glossary's, readable on both themes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ui.kit import palette

BLUE, RED, GREEN, GRAY = palette.BLUE, palette.VERMILLION, palette.GREEN, "#7B818B"
SIDE = 96
Point = tuple[float, float]


def number(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def sheet(*shapes: str) -> str:
    """Return the SVG file with these shapes."""
    content = "\n".join(shape for shape in shapes if shape)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" fill="none" font-family="sans-serif">\n'
        f"{content}\n</svg>\n"
    )


def box(x: float, y: float, w: float, h: float, color: str = BLUE, fill: float = 0.3, dash: str = "") -> str:
    """A rectangle with rounded corners, `fill` being its opacity."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}" rx="2" fill="{color}" '
        f'fill-opacity="{fill:g}" stroke="{color}" stroke-width="1.5"{dashed}/>'
    )


def solid(x: float, y: float, w: float, h: float, color: str = BLUE) -> str:
    """A rectangle without an outline."""
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}" fill="{color}"/>'


def dot(x: float, y: float, r: float = 3, color: str = BLUE, hollow: bool = False) -> str:
    """A disk or, `hollow`, a circle."""
    look = f'stroke="{color}" stroke-width="1.5"' if hollow else f'fill="{color}"'
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" {look}/>'


def line(points: Iterable[Point], color: str = GRAY, width: float = 2, dash: str = "") -> str:
    """A polyline."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    path = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return (
        f'<path d="M{path}" stroke="{color}" stroke-width="{width:g}" stroke-linejoin="round" '
        f'stroke-linecap="round"{dashed}/>'
    )


def curve(path: str, color: str = GRAY, width: float = 2, dash: str = "") -> str:
    """A path in SVG's own notation."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{path}" stroke="{color}" stroke-width="{width:g}" stroke-linecap="round"{dashed}/>'


def arrow(start: Point, end: Point, color: str = GRAY, width: float = 1.8) -> str:
    """A straight arrow."""
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1
    ux, uy = (x1 - x0) / length * 4.5, (y1 - y0) / length * 4.5
    head = [(x1 - ux - uy * 0.6, y1 - uy + ux * 0.6), (x1, y1), (x1 - ux + uy * 0.6, y1 - uy - ux * 0.6)]
    return line([start, end], color, width) + line(head, color, width)


def text(x: float, y: float, content: str, size: float = 10, color: str = GRAY) -> str:
    """A text centered at x."""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{size:g}" fill="{color}" text-anchor="middle">'
        f"{content}</text>"
    )


def region(paths: Sequence[Sequence[Point]], color: str, opacity: float = 0.3) -> str:
    """An area bounded by closed paths; inner paths are holes."""
    content = "".join(f"M{'L'.join(f'{number(x)} {number(y)}' for x, y in path)}Z" for path in paths)
    return f'<path d="{content}" fill="{color}" fill-opacity="{opacity:g}" fill-rule="evenodd"/>'


def words(y: float, count: int, masked: int = -1, color: str = BLUE) -> str:
    """A row of words as boxes, one of them hollow."""
    step = 84 / count
    return "".join(
        box(7 + i * step, y, step - 4, 12, RED if i == masked else color, 0 if i == masked else 0.35)
        for i in range(count)
    )


def face(x: float, y: float, side: float) -> str:
    """A small image: a sky, a sun and a hill."""
    return (
        box(x, y, side, side, GRAY, 0)
        + dot(x + side * 0.7, y + side * 0.3, side * 0.1, RED)
        + curve(
            f"M{number(x)} {number(y + side * 0.85)}q{number(side * 0.4)} {number(-side * 0.7)} "
            f"{number(side)} 0",
            GREEN,
            2,
        )
    )
