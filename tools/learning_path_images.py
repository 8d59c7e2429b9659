"""Illustrations of the learning path into ui/learning_path/art: `python -m tools.learning_path_images [NAME...]`.

Boundaries, clusters, axes and curves are those that the page of the concept shows with its preset; blocks have the shapes of this
project's models. What has no such output is drawn in `tools.path_sketches` and `tools.path_sequence_sketches`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from skimage import measure

from core import data, models, tasks
from core.digits import samples
from core.inference import model_summary
from core.learning_path.routes import all_concepts
from core.lessons.playground import data_sets, double_descent, neighbors
from core.lessons.playground.data_sets import PointSet
from core.lessons.playground.settings import from_query
from core.lessons.playground.training import RANGE
from tools.path_drawings import (
    BLUE,
    GRAY,
    GREEN,
    RED,
    Point,
    arrow,
    box,
    curve,
    dot,
    line,
    region,
    sheet,
    solid,
)
from tools.path_sequence_sketches import SEQUENCE_SKETCHES
from tools.path_sketches import SKETCHES
from ui.learning_path.images import ART

_MARGIN, _MAX_POINTS = 4, 60
_SCALE = (96 - 2 * _MARGIN) / (2 * RANGE)
_DEVIATIONS = 1.6  # length of an axis of PCA


def main(names: list[str]) -> int:
    """Make the illustrations `names`, or all. Returns the exit status."""
    makers: dict[str, Callable[[], str]] = {
        "naive-bayes": lambda: boundary("naive-bayes", "bayes"),
        "knn": lambda: boundary("knn", "knn"),
        "svm": lambda: boundary("svm", "svm-rbf"),
        "decision-tree": lambda: boundary("decision-tree", "tree"),
        "random-forest": lambda: boundary("random-forest", "forest"),
        "k-means": clusters,
        "pca": axes,
        "maximum-likelihood": likelihood,
        "double-descent": descent,
        "lenet": lambda: blocks("mnist-lenet5"),
        "alexnet": lambda: blocks("cifar10-alexnet"),
        "vgg": lambda: blocks("cifar10-vgg"),
        "diffusion": diffusion,
        **SKETCHES,
        **SEQUENCE_SKETCHES,
    }
    if unknown := set(names) - set(makers):
        print(f"Not found: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    ART.mkdir(exist_ok=True)
    for name in names or makers:
        path = ART / f"{name}.svg"
        path.write_text(makers[name](), encoding="utf-8")
        print(f"{path.name}  {path.stat().st_size / 1000:.1f} kB")
    return 0


def _points(concept: str) -> PointSet:
    settings, _complaints = from_query(all_concepts()[concept].parameters)
    return data_sets.make_points(settings, [])


def _place(point: np.ndarray) -> Point:
    """Pixels of a point of the plane."""
    return (_MARGIN + (point[0] + RANGE) * _SCALE, 96 - _MARGIN - (point[1] + RANGE) * _SCALE)


def _dots(made: PointSet) -> list[str]:
    shown = made.train[:: max(1, len(made.train) // _MAX_POINTS)]
    return [
        dot(
            *_place(made.points[i]),
            2.2,
            BLUE if made.targets[i] > 0.5 else RED,
            hollow=made.targets[i] <= 0.5,
        )
        for i in shown
    ]


def _area(values: np.ndarray) -> list[list[Point]]:
    """Outlines of the area in which `values` (G, G), bottom row first, are above 0.5."""
    padded = np.pad(values, 1, constant_values=0.0)
    step = 2 * RANGE / (len(values) - 1)
    outlines = []
    for contour in measure.find_contours(padded, 0.5):
        kept = measure.approximate_polygon(contour, 0.25)
        inside = np.clip(kept - 1, 0, len(values) - 1)
        outlines.append([_place(np.array([x * step - RANGE, y * step - RANGE])) for y, x in inside])
    return outlines


def boundary(concept: str, classifier: str) -> str:
    """Points and the area that a classical algorithm gives to class 1."""
    made = _points(concept)
    area = _area(neighbors.fit_classifier(classifier, made).output)
    edge = [line([*path, path[0]], BLUE, 1.6) for path in area]
    return sheet(region(area, BLUE, 0.22), *edge, *_dots(made))


def clusters() -> str:
    """Unlabeled points, and one of the two regions of k-means with both centers."""
    made = _points("k-means")
    found = neighbors.find_structure(made)
    area = _area(found.regions)
    in_one = neighbors.KMeans(2, n_init=10, random_state=0).fit(made.points).cluster_centers_
    plain = [dot(*_place(made.points[i]), 1.9, GRAY) for i in made.train[::4]]
    return sheet(region(area, BLUE, 0.22), *plain, *(dot(*_place(c), 5, GREEN) for c in in_one))


def axes() -> str:
    """Points and the two axes of PCA."""
    made = _points("pca")
    found = neighbors.find_structure(made)
    plain = [dot(*_place(p), 1.9, GRAY) for p in made.points[::4]]
    arrows = [
        arrow(_place(found.mean), _place(found.mean + _DEVIATIONS * axis), color, 2.6)
        for axis, color in zip(found.axes, (BLUE, RED), strict=True)
    ]
    return sheet(*plain, *arrows)


def likelihood() -> str:
    """Histogram of x₁ of the points of class 1, and the Gaussian with their mean and standard deviation."""
    made = _points("maximum-likelihood")
    values = made.points[made.targets > 0.5, 0]
    heights, edges = np.histogram(values, np.linspace(-RANGE, RANGE, 17), density=True)
    x = np.linspace(-RANGE, RANGE, 40)
    density = np.exp(-((x - values.mean()) ** 2) / (2 * values.var())) / np.sqrt(2 * np.pi * values.var())
    top = 70 / max(heights.max(), density.max())
    width = 96 / 17
    bars = [
        solid(_place((e, 0))[0], 84 - top * h, width - 1, top * h, GRAY)
        for e, h in zip(edges, heights, strict=False)
        if h
    ]
    return sheet(
        *bars, line([(_place((a, 0))[0], 84 - top * b) for a, b in zip(x, density, strict=True)], BLUE, 2.4)
    )


def descent() -> str:
    """Measured test error over width, both logarithmic."""
    errors = list(double_descent.measure_widths())
    x = np.log([e.width for e in errors])
    y = np.log([e.test for e in errors])
    px = 12 + 76 * (x - x[0]) / (x[-1] - x[0])
    py = 82 - 66 * (y - y.min()) / np.ptp(y)
    return sheet(line([(10, 8), (10, 86), (92, 86)], GRAY, 1.5), line(zip(px, py, strict=True), BLUE, 2.6))


def blocks(task_name: str) -> str:
    """The convolutions, pooling and linear layers of a model: height from the side of the maps, width from the channels."""
    task = tasks.get_task(task_name)
    info = data.dataset_info(task.dataset)
    shape = info.example_shape(**task.recipe.part("data"))
    network = models.create_model(task.model, shape, info.num_outputs, **task.recipe.part("model"))
    shown = [
        layer
        for layer in model_summary.summarize_layers(network, shape)
        if layer.has_macs or "Pool2d" in layer.kind
    ]
    sizes = []
    for layer in shown:
        maps = len(layer.out_shape) == 3
        side = layer.out_shape[1] if maps else 0
        height = 14 + 62 * side / 32 if maps else 12 + 9 * np.log10(layer.out_shape[0])
        color = GREEN if not maps else BLUE if layer.has_macs else RED
        sizes.append((max(2.0, np.sqrt(layer.out_shape[0])) if maps else 3.0, height, color))
    free = 88 - 1.5 * (len(sizes) - 1)
    factor = min(1.5, free / sum(width for width, _height, _color in sizes))
    left = (96 - factor * sum(s[0] for s in sizes) - 1.5 * (len(sizes) - 1)) / 2
    drawn = []
    for width, height, color in sizes:
        drawn.append(box(left, 48 - height / 2, width * factor, height, color, 0.45))
        left += width * factor + 1.5
    return sheet(*drawn)


def diffusion() -> str:
    """A sample digit under more and more noise, and the way back."""
    rng = np.random.default_rng(0)
    shapes = []
    for tile, (ink, count) in enumerate(((1.0, 0), (0.55, 45), (0.0, 90))):
        left = 5 + 30 * tile
        shapes.append(box(left, 32, 26, 32, GRAY, 0))
        if ink:
            for stroke in samples.digit_points(3, left + 6, 36, 14, 24):
                shapes.append(f'<g opacity="{ink:g}">{line(stroke[::2], BLUE, 2.6)}</g>')
        places = rng.uniform((left + 2, 34), (left + 24, 62), (count, 2))
        shapes += [solid(x, y, 1.4, 1.4, GRAY) for x, y in places]
    forth = curve("M18 26C38 12 58 12 78 26", GRAY, 1.8)
    back = curve("M78 70C58 84 38 84 18 70", GREEN, 1.8)
    heads = arrow((74, 23.5), (79, 27)), arrow((22, 72.5), (17, 69), GREEN)
    return sheet(*shapes, forth, back, *heads)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
