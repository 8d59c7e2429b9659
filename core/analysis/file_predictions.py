"""Classify image files with pretrained weights or with those of a run, as the command line does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core import checkpoints, images, models, tasks
from core.digits import canvas, photo_ink
from core.inference.predictor import Predictor
from core.inference.square_crop import crop_square
from core.messages import N_, UserError
from core.runs import store

_MAX_MNIST_BACKGROUND = 32  # of 255: the first row of an MNIST digit is black


def find_weights(source: str) -> Path:
    """The best weights of a task (pretrained) or of a run.

    Raises:
        UserError: if there is no such task or run, or if it has no weights.
    """
    source = tasks.current_name(source)
    if source in {t.name for t in tasks.TASKS}:
        return checkpoints.load_card(tasks.get_task(source).checkpoint).weights
    if not source[:1].isdigit():
        return checkpoints.load_card(tasks.task_for_checkpoint(source).checkpoint).weights
    run = store.find_run(source, private=True)
    if not run.best_weights_path.exists():
        raise UserError(
            N_("Run {run} has no weights yet: the first checkpoint is saved after the first epoch."),
            run=run.id,
        )
    return run.best_weights_path


def load_predictor(source: str, checkpoint: Path | None = None) -> Predictor:
    """The predictor of a task, of a run, or of the weights in `checkpoint`.

    Raises:
        UserError: if the weights are missing or damaged, or if they are not those of an image classifier.
    """
    weights = checkpoint or find_weights(source)
    if checkpoints.read_spec(weights).model in models.list_models(role="translator"):
        raise UserError(
            N_("{source} is an image translation model. Use `{command}` or the Translate page."),
            source=source,
            command="python -m core translate IN OUT.png",
        )
    predictor = Predictor.load(weights)
    if not predictor.spec.classes or len(predictor.spec.in_shape) != 3:
        raise UserError(
            N_("{source} does not support image input: it predicts {target} from tabular data."),
            source=source,
            target=predictor.spec.target,
        )
    return predictor


def list_image_files(paths: Iterable[Path]) -> list[Path]:
    """The files in `paths`; a folder is replaced by the image files directly in it, sorted by name.

    Raises:
        UserError: if a folder contains no image files.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.suffix.lower().lstrip(".") in images.SUFFIXES)
        if not inside:
            raise UserError(
                N_("{folder} contains no image files ({formats})."),
                folder=str(path),
                formats=", ".join(images.SUFFIXES),
            )
        files += inside
    return files


def load_pixels(predictor: Predictor, path: Path) -> np.ndarray:
    """The image in `path` as model input, uint8 (1, C, H, W). Raises UserError if the file cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            N_("{file} cannot be read: {reason}."), file=str(path), reason=error.strerror or str(error)
        ) from error
    return prepare_image(predictor, images.decode_image(content, path.name))


def prepare_image(predictor: Predictor, image: Image.Image) -> np.ndarray:
    """A decoded image as model input, uint8 (1, C, H, W).

    Images of handwriting are prepared as on the Draw page, unless they already have MNIST's format. Others are cropped to
    a centered square.
    """
    channels, height, width = predictor.spec.in_shape
    if (channels, height, width) == (1, canvas.IMAGE_SIZE, canvas.IMAGE_SIZE):
        gray = np.asarray(image.convert("L"))
        if gray.shape == (height, width) and gray[0].max() < _MAX_MNIST_BACKGROUND:
            return gray[None, None]
        return canvas.prepare_digit(photo_ink.ink_from_photo(image)).pixels[None, None]
    return crop_square(image, height, channels).pixels[None]


def classify_file(predictor: Predictor, path: Path) -> np.ndarray:
    """The probability of each class (K,) for the image in `path`. Raises UserError if the file cannot be read."""
    return predictor.predict(load_pixels(predictor, path))[0]


def top_classes(predictor: Predictor, probabilities: np.ndarray, top: int) -> list[tuple[str, float]]:
    """The `top` most likely classes with their probabilities (K,), in descending order."""
    best = np.argsort(-probabilities)[:top]
    return [(predictor.spec.classes[i], round(float(probabilities[i]), 6)) for i in best]


def predictions_csv(classes: Sequence[str], predictions: Iterable[tuple[str, np.ndarray]]) -> bytes:
    """A CSV table of images: name, predicted class, and the probability of each class (K,).

    UTF-8 with a byte order mark, so that spreadsheets read Japanese names.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["image", "prediction", *classes])
    for name, probabilities in predictions:
        writer.writerow([name, classes[int(probabilities.argmax())], *(f"{p:.6f}" for p in probabilities)])
    return text.getvalue().encode("utf-8-sig")
