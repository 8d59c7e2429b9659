"""Colors of categories, distinguishable on a photo and beside each other."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

RGB = tuple[int, int, int]
_MIN_DIFFERENCE = (
    180  # of `_difference`: closer colors are not used beside each other unless there is no other
)

# Found by adding, one at a time, the color with the largest CIEDE2000 difference from all earlier ones, among those that are vivid and
# neither very dark nor very light; the dullest stand last. Where they are shown, a name is never far: on hover and in a legend.
PALETTE = (
    "#3388FF",
    "#DDEE00",
    "#00FFEE",
    "#DD3388",
    "#66CC77",
    "#CC9900",
    "#FF99FF",
    "#AA66BB",
    "#FF77AA",
    "#FF2244",
    "#FF9966",
    "#AA99FF",
    "#009955",
    "#77FF33",
    "#7766FF",
    "#FFDD77",
    "#FF00EE",
    "#FF4400",
    "#55FFBB",
    "#FF9911",
    "#AABB55",
    "#BB6633",
    "#668800",
    "#AA7722",
)


def css_color(category: int) -> str:
    """Return the color of a category that is shown alone, as `#RRGGBB`; consecutive ids differ."""
    return PALETTE[(category - 1) % len(PALETTE)]


def category_color(category: int) -> RGB:
    """Return `css_color` as red, green and blue in 0..255."""
    return to_rgb(css_color(category))


def distinct_colors(categories: Iterable[int], images: Sequence[Collection[int]] = ()) -> dict[int, str]:
    """Return a color for each of the categories that are shown together, as `#RRGGBB`.

    A category gets its `css_color`, unless that is taken or like an earlier one's: then the free color that differs most from all
    earlier ones. If there are more categories than colors, the later ones share a color with a category that is in none of the same
    `images`, each given by its categories. Put the important ones first.
    """
    colors: dict[int, str] = {}
    for category in categories:
        if category in colors:
            continue
        own, taken = css_color(category), set(colors.values())
        if all(_difference(own, other) >= _MIN_DIFFERENCE for other in taken):
            colors[category] = own
            continue
        free = [color for color in PALETTE if color not in taken]
        if not free:
            beside = {other for image in images if category in image for other in image}
            near = {colors[other] for other in beside if other in colors}
            free = [color for color in PALETTE if color not in near] or [own]
            taken = near or taken
        colors[category] = max(free, key=lambda color: min(_difference(color, other) for other in taken))
    return colors


def _difference(color: str, other: str) -> float:
    """Return how different two colors look, 0 to about 765: Euclidean, weighted by the sensitivity of the eye ("redmean")."""
    (r, g, b), (r2, g2, b2) = to_rgb(color), to_rgb(other)
    red = (r + r2) / 2
    return math.sqrt(
        (2 + red / 256) * (r - r2) ** 2 + 4 * (g - g2) ** 2 + (2 + (255 - red) / 256) * (b - b2) ** 2
    )


def to_rgb(color: str) -> RGB:
    """Parse `#RRGGBB`."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
