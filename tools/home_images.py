"""Images and stored predictions of the home page: `python -m tools.home_images [NAME...]`.

Each image is a real output of this project: feature maps, learning curves, results and layers of pretrained models, COCO photos
with their annotations, translated photos. `samples` stores the predictions of the sample digits, so that the home page opens without torch.
"""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from core import checkpoints, data, paths, tasks
from core.coco import drawing
from core.coco.dataset import Coco
from core.digits import samples
from core.files import write_json
from core.inference import class_samples, explain, model_summary, square_crop
from core.inference.predictor import Predictor
from core.lessons import gradient_descent
from core.lessons.playground.data_sets import make_features, make_points
from core.lessons.playground.settings import Settings
from core.lessons.playground.training import Trainer
from core.translation import sample_photos
from tools import home_road, open_photos
from ui.home import stored
from ui.kit import palette

WIDTH, HEIGHT = 640, 400
_BACKGROUND, _LINE, _TEXT = "#12151C", "#3A404D", "#C9CDD6"
_QUALITY = 84
_DIGIT = 5  # the sample digit of the feature maps
_COLUMNS, _ROWS = 7, 4
_CURVES_OF, _DRAWN = "cifar10-resnet", "cifar10-alexnet"
_PRICES = tasks.get_task("boston-mlp")
_ANIMALS = ("cat", "dog", "horse")
_BOUNDARY_FEATURES, _BOUNDARY_STEPS = ("x1", "x2", "sinx1", "sinx2"), 4000
_FRUIT = (7, 2)  # columns of the sheet of translations


def main(names: list[str]) -> int:
    """Make the images `names`, or all. Returns the exit status."""
    makers: dict[str, Callable[[], Image.Image]] = {
        "learning_path": lambda: home_road.make_road(WIDTH, HEIGHT, _BACKGROUND),
        "draw": make_feature_maps,
        "train": make_curves,
        "photos": make_predictions,
        "compare": make_costs,
        "architecture": make_blocks,
        "browse": make_coco,
        "gradient_descent": make_descents,
        "playground": make_boundary,
        "house_prices": make_prices,
        "translate": make_translations,
    }
    if unknown := set(names) - {*makers, "samples"}:
        print(f"Not found: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    stored.IMAGES.mkdir(exist_ok=True)
    for name, make in makers.items():
        if not names or name in names:
            path = stored.IMAGES / f"{name}.webp"
            make().convert("RGB").save(path, quality=_QUALITY, method=6)
            print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB")
    if not names or "samples" in names:
        write_json(stored.PREDICTIONS, predict_samples())
    return 0


def predict_samples() -> dict:
    """Probabilities of every sample digit, with the checkpoint that made them and its checksum."""
    card = checkpoints.load_card(stored.CHECKPOINT)
    digits = np.stack([samples.sample_pixels(digit) for digit in range(samples.COUNT)])
    probabilities = Predictor.load(card.weights).predict(digits[:, None])
    return {
        "checkpoint": card.name,
        "sha256": card.content["sha256"],
        "probabilities": [[float(f"{p:.9g}") for p in row] for row in probabilities],
    }


def make_feature_maps() -> Image.Image:
    """Feature maps of a sample digit after the first ReLU of the default digit model, each scaled to its own range."""
    predictor = Predictor.load(checkpoints.load_card(stored.CHECKPOINT).weights)
    first = next(entry for entry in explain.list_feature_layers(predictor) if entry.kind == "ReLU")
    maps = explain.feature_maps(predictor, samples.sample_pixels(_DIGIT), first.name)
    side = WIDTH // _COLUMNS
    left, top = (WIDTH - side * _COLUMNS) // 2, (HEIGHT - side * _ROWS) // 2
    colors = mpl.colormaps["inferno"]
    sheet = Image.new("RGB", (WIDTH, HEIGHT), _BACKGROUND)
    for number, values in enumerate(maps[: _COLUMNS * _ROWS]):
        scaled = (values - values.min()) / (np.ptp(values) or 1)
        tile = Image.fromarray((colors(scaled)[..., :3] * 255).astype(np.uint8))
        place = (left + number % _COLUMNS * side + 2, top + number // _COLUMNS * side + 2)
        sheet.paste(tile.resize((side - 4, side - 4), Image.Resampling.NEAREST), place)
    return sheet


def make_curves() -> Image.Image:
    """Loss and accuracy of a pretrained model over its training, each from its smallest to its largest value."""
    history = checkpoints.load_card(_CURVES_OF).content["history"]
    figure, axes = _chart()
    for name, color in (("train/loss_epoch", palette.VALIDATION), ("train/accuracy_epoch", palette.SKY)):
        values = np.array(history[name])
        values = (values - values.min()) / np.ptp(values)
        axes.plot(history["epoch"], values, color=color, linewidth=5, solid_capstyle="round")
        axes.fill_between(history["epoch"], values, -0.1, alpha=0.1, color=color)
    axes.set_ylim(-0.1, 1.1)
    return _rendered(figure)


def make_costs() -> Image.Image:
    """Accuracy of the CNNs for CIFAR-10 over their MACs, in the colors of the Compare page, with the Pareto front."""
    figure, axes = _chart()
    points = []
    for task in tasks.TASKS:
        card = checkpoints.read_card(task.checkpoint) or {}
        if task.dataset == "cifar10" and task.model != "mlp" and "multiply_adds" in card:
            color = palette.family_style(task.model).color
            points.append((card["multiply_adds"] / 1e6, 100 * card["metrics"]["accuracy"], color))
    best = [p for p in sorted(points) if all(q[1] <= p[1] for q in points if q[0] <= p[0])]
    axes.plot(
        *zip(*((x, y) for x, y, _ in best), strict=True), color=_TEXT, linewidth=2.5, linestyle=(0, (3, 2))
    )
    for x, y, color in points:
        axes.scatter(x, y, s=420, color=color, edgecolors="white", linewidths=2, zorder=3)
    axes.set_xscale("log")
    axes.margins(0.1, 0.16)
    return _rendered(figure)


def make_prices() -> Image.Image:
    """Prices of the test districts of Boston housing over those that a pretrained model predicts, and the line where both agree."""
    if data.find_dataset(_PRICES.dataset) is None:
        raise SystemExit("Boston housing was not found. Set MANABI_DATA to a folder that contains boston.")
    dataset = data.load_dataset(_PRICES.dataset, download=False)
    predicted = (
        Predictor.load(checkpoints.load_card(_PRICES.checkpoint).weights).predict(dataset.test_x).ravel()
    )
    figure, axes = _chart()
    low, high = 0, 1.05 * float(max(dataset.test_y.max(), predicted.max()))
    axes.plot([low, high], [low, high], color=_TEXT, linewidth=2.5, linestyle=(0, (3, 2)))
    axes.scatter(
        predicted,
        dataset.test_y,
        s=150,
        color=palette.SKY,
        edgecolors="white",
        linewidths=1.2,
        alpha=0.9,
        zorder=3,
    )
    axes.set(xlim=(low, high), ylim=(low, high))
    return _rendered(figure)


def make_predictions() -> Image.Image:
    """Three bundled photos with the probabilities that a pretrained model gives to their three classes."""
    predictor = Predictor.load(checkpoints.load_card(_CURVES_OF).weights)
    photos = {s.name: s.photo for s in class_samples.load_samples()}
    members = [predictor.spec.classes.index(name) for name in _ANIMALS]
    sheet = Image.new("RGB", (WIDTH, HEIGHT), _BACKGROUND)
    pen, side = ImageDraw.Draw(sheet), WIDTH // 3 - 20
    for number, name in enumerate(_ANIMALS):
        left = 15 + number * (WIDTH - 15) // 3
        photo = Image.fromarray(photos[name])
        sheet.paste(_crop_to(photo, side, side + 72), (left, 16))
        pixels = square_crop.crop_square(photo, predictor.spec.in_shape[-1]).pixels
        shares = predictor.predict(pixels[None])[0][members]
        for i, share in enumerate(shares):
            top = side + 106 + i * 28
            pen.rounded_rectangle((left, top, left + side, top + 16), 8, fill=_LINE)
            color = palette.SKY if i == number else palette.ORANGE
            if share > 0.04:
                pen.rounded_rectangle((left, top, left + side * float(share), top + 16), 8, fill=color)
    return sheet


def make_blocks() -> Image.Image:
    """Layers of a pretrained model as boxes: height is the side of the maps, depth and width grow with the channels."""
    network = Predictor.load(checkpoints.load_card(_DRAWN).weights).network
    rows = [r for r in model_summary.summarize_layers(network, (3, 32, 32)) if r.has_macs or "Pool" in r.kind]
    scale, gap = 3, 16
    shapes = []
    for row in rows:
        side = row.out_shape[1] if len(row.out_shape) == 3 else max(1.0, math.sqrt(row.out_shape[0]) / 3)
        shapes.append((row.kind, 34 + 6.8 * side, 7 + 1.7 * math.sqrt(row.out_shape[0])))
    total = sum(width for _, _, width in shapes) + gap * (len(shapes) - 1)
    factor = min(1.0, (WIDTH - 130) / total)
    sheet = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), _BACKGROUND)
    pen, x = ImageDraw.Draw(sheet), (WIDTH - total * factor) / 2 - 18
    for kind, height, width in shapes:
        color = {"Conv2d": palette.SKY, "Linear": palette.GREEN}.get(kind, palette.ORANGE)
        _draw_box(pen, scale, x, width * factor, height, color)
        x += (width + gap) * factor
    return sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _draw_box(
    pen: ImageDraw.ImageDraw, scale: int, x: float, width: float, height: float, color: str
) -> None:
    lift = 0.32 * height
    top, bottom = (HEIGHT - height + lift) / 2, (HEIGHT + height + lift) / 2
    dx, dy = 0.75 * lift, lift
    faces = (
        ([(x, top), (x + dx, top - dy), (x + width + dx, top - dy), (x + width, top)], 0.25, palette.WHITE),
        (
            [
                (x + width, top),
                (x + width + dx, top - dy),
                (x + width + dx, bottom - dy),
                (x + width, bottom),
            ],
            0.45,
            palette.BLACK,
        ),
        ([(x, top), (x + width, top), (x + width, bottom), (x, bottom)], 0.0, palette.BLACK),
    )
    for points, share, toward in faces:
        pen.polygon(
            [(scale * a, scale * b) for a, b in points],
            fill=palette.mix_colors(color, toward, share),
            outline=_BACKGROUND,
            width=scale,
        )


def make_coco() -> Image.Image:
    """Photos of COCO under an open license with their masks, as the Browse page shows them."""
    folder = next(
        (root / "coco" for root in paths.data_roots() if (root / "coco" / "annotations").is_dir()), None
    )
    if folder is None:
        raise SystemExit(open_photos.NO_PHOTOS)
    sheet = Image.new("RGB", (WIDTH, HEIGHT), _BACKGROUND)
    with Coco.open(folder) as coco:
        records = [coco.get_image(number, split) for split, number in stored.COCO_PHOTOS]
        thumbnails = drawing.render_thumbnails(coco, records, side=400)
    for number, content in enumerate(thumbnails):
        with Image.open(io.BytesIO(content)) as tile:
            place = (number % 2 * WIDTH // 2, number // 2 * HEIGHT // 2)
            sheet.paste(_crop_to(tile.convert("RGB"), WIDTH // 2 - 2, HEIGHT // 2 - 2), place)
    return sheet


def make_descents() -> Image.Image:
    """The paths of four optimizers from the same start over the loss of a line through the notes' points."""
    x, y = gradient_descent.make_points("notes")
    w, b = np.meshgrid(np.linspace(-1.2, 4.4, 160), np.linspace(-1.5, 11.2, 100))
    loss = ((w[..., None] * x + b[..., None] - y) ** 2).mean(-1)
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=200, facecolor=_BACKGROUND)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.contourf(w, b, np.log10(loss + 0.02), 24, cmap="viridis", alpha=0.55)
    axes.contour(w, b, np.log10(loss + 0.02), 12, colors=palette.WHITE, linewidths=0.4, alpha=0.35)
    colors = (palette.WHITE, palette.ORANGE, palette.SKY, palette.VERMILLION)
    for optimizer, color in zip(gradient_descent.OPTIMIZERS, colors, strict=True):
        run = gradient_descent.Descent(
            x, y, optimizer=optimizer, rate=gradient_descent.DEFAULT_RATES[optimizer]
        )
        path = np.array([gradient_descent.START, *((r.next_w, r.next_b) for r in run.run(400))])
        axes.plot(*path.T, color=color, linewidth=2, marker="o", markersize=2.5, alpha=0.9)
    axes.plot(*gradient_descent.START, "o", color=palette.WHITE, markersize=9)
    axes.plot(2, 1, "*", color=palette.WHITE, markersize=16)
    axes.set_axis_off()
    axes.set_xlim(w.min(), w.max())
    axes.set_ylim(b.min(), b.max())
    out = io.BytesIO()
    figure.savefig(out, facecolor=_BACKGROUND)
    return Image.open(out).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def make_boundary() -> Image.Image:
    """Probabilities that a network of the Playground predicts for the points of the plane, after learning two spirals."""
    settings = Settings(data="spirals", hidden=(8, 8), noise=5, features=_BOUNDARY_FEATURES)
    points = make_points(settings)
    trainer = Trainer(settings, points)
    for _step in range(_BOUNDARY_STEPS):
        trainer.step()
    reach = 1.15 * np.abs(points.points).max()
    columns, rows = np.meshgrid(
        np.linspace(-reach, reach, WIDTH) * WIDTH / HEIGHT, np.linspace(reach, -reach, HEIGHT)
    )
    plane = np.stack([columns.ravel(), rows.ravel()], 1)
    with torch.no_grad():
        inputs = torch.from_numpy(make_features(plane, settings.features).astype(np.float32))
        shares = trainer.model.eval()(inputs).sigmoid().numpy().reshape(HEIGHT, WIDTH, 1)
    low, high = (np.array(palette.to_rgb(color)) for color in (palette.ORANGE, palette.SKY))
    strength = 0.12 + 0.5 * np.abs(2 * shares - 1)
    pixels = np.array(palette.to_rgb(_BACKGROUND)) * (1 - strength) + strength * np.where(
        shares > 0.5, high, low
    )
    scale = 3
    sheet = Image.fromarray(pixels.round().astype(np.uint8)).resize((WIDTH * scale, HEIGHT * scale))
    pen = ImageDraw.Draw(sheet)
    for (x, y), target in zip(points.points, points.targets, strict=True):
        at = scale * (WIDTH / 2 + x / reach * HEIGHT / 2), scale * (HEIGHT / 2 - y / reach * HEIGHT / 2)
        color = palette.SKY if target else palette.ORANGE
        pen.circle(at, 6 * scale, fill=color, outline="white", width=scale)
    return sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def make_translations() -> Image.Image:
    """Photos of fruit beside their translations by the shipped CycleGAN, each cut in the middle."""
    with Image.open(sample_photos.sheet_path()) as sheet:
        sheet = sheet.convert("RGB")
    out = Image.new("RGB", (WIDTH, HEIGHT), palette.WHITE)
    step, side = sample_photos.TILE_SIZE + sample_photos.TILE_GAP, sample_photos.TILE_SIZE
    for number, (row, column) in enumerate(zip(sample_photos.PHOTO_ROWS, _FRUIT, strict=True)):
        before, after = (
            _crop_to(
                sheet.crop((column * step, r * step, column * step + side, r * step + side)),
                WIDTH // 2,
                HEIGHT,
            )
            for r in (row, row + 1)
        )
        tile = before.copy()
        tile.paste(after.crop((WIDTH // 4, 0, WIDTH // 2, HEIGHT)), (WIDTH // 4, 0))
        out.paste(tile, (number * WIDTH // 2, 0))
        pen = ImageDraw.Draw(out)
        pen.line([((2 * number + 1) * WIDTH // 4, 0), ((2 * number + 1) * WIDTH // 4, HEIGHT)], "white", 4)
    ImageDraw.Draw(out).line([(WIDTH // 2, 0), (WIDTH // 2, HEIGHT)], _BACKGROUND, 6)
    return out


def _crop_to(image: Image.Image, width: int, height: int) -> Image.Image:
    """Scale and crop around the center to exactly `width` × `height`."""
    factor = max(width / image.width, height / image.height)
    image = image.resize(
        (math.ceil(image.width * factor), math.ceil(image.height * factor)), Image.Resampling.LANCZOS
    )
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _chart() -> tuple[Figure, mpl.axes.Axes]:
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=_BACKGROUND)
    axes = figure.add_axes((0.07, 0.09, 0.87, 0.84), facecolor=_BACKGROUND)
    axes.grid(color=_LINE, linewidth=1)
    axes.tick_params(length=0, labelleft=False, labelbottom=False, which="both")
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set(color=_TEXT, linewidth=1.5)
    return figure, axes


def _rendered(figure: Figure) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
