"""Picture files through a task's shipped weights or a run's, as the command line does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import checkpoints, images, tasks
from core.inference import canvas, photo
from core.inference.predictor import Predictor
from core.inference.square import square
from core.messages import N_, UserError
from core.training import runs


def weights_of(source: str) -> Path:
    """The weights of a shipped task or of a run. Raises UserError where there are none."""
    if source in {t.name for t in tasks.TASKS}:
        return checkpoints.card(source).weights
    if not source[:1].isdigit():
        tasks.task(source)
    run = runs.find(source)
    if not run.best_weights.exists():
        raise UserError(N_("Run {run} has no weights yet: the first checkpoint is saved after the first epoch."), run=run.id)
    return run.best_weights


def predictor_for(source: str, checkpoint: Path | None = None) -> Predictor:
    """The predictor of a task, of a run, or of the weights in `checkpoint`. Raises UserError where it cannot be had, or takes no
    pictures."""
    predictor = Predictor.load(checkpoint or weights_of(source))
    if predictor.spec.kind != "classification" or len(predictor.spec.in_shape) != 3:
        raise UserError(N_("{source} does not support image input: it predicts {target} from tabular data."), source=source, target=predictor.spec.target)
    return predictor


def pixels_of(predictor: Predictor, path: Path) -> np.ndarray:
    """The picture in `path` as the network wants it, uint8 (1, C, H, W). Raises UserError where it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(N_("{file} cannot be read: {reason}."), file=str(path), reason=error.strerror or str(error)) from error
    image = images.decode(content, path.name)
    channels, height, width = predictor.spec.in_shape
    if (channels, height, width) == (1, canvas.SIZE, canvas.SIZE):
        # Twenty-eight pixels already, white on black: such a picture comes from MNIST itself.
        grey = np.asarray(image.convert("L"))
        if grey.shape == (height, width) and grey[0].max() < 32:
            return grey[None, None]
        return canvas.prepare(photo.ink_from_photo(image)).pixels[None, None]
    return square(image, height, channels).pixels[None]  # as the pages do, and as the pictures of an image folder are


def classify_file(predictor: Predictor, path: Path, top: int) -> list[tuple[str, float]]:
    """The `top` most likely classes of the picture in `path`, with their probabilities, the first the likeliest."""
    probabilities = predictor.predict(pixels_of(predictor, path))[0]
    best = np.argsort(-probabilities)[:top]
    return [(predictor.spec.classes[i], round(float(probabilities[i]), 6)) for i in best]
