"""Picture files through a task's shipped weights or a run's, as the command line does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import checkpoints, images, tasks
from core.digits import canvas, photo_ink
from core.inference.predictor import Predictor
from core.inference.square_crop import crop_square
from core.messages import N_, UserError
from core.runs import store


def find_weights(source: str) -> Path:
    """The weights of a shipped task or of a run. Raises UserError where there are none."""
    source = tasks.current_name(source)
    if source in {t.name for t in tasks.TASKS}:
        return checkpoints.load_card(source).weights
    if not source[:1].isdigit():
        tasks.get_task(source)
    run = store.find_run(source)
    if not run.best_weights_path.exists():
        raise UserError(
            N_("Run {run} has no weights yet: the first checkpoint is saved after the first epoch."),
            run=run.id,
        )
    return run.best_weights_path


def load_predictor(source: str, checkpoint: Path | None = None) -> Predictor:
    """The predictor of a task, of a run, or of the weights in `checkpoint`. Raises UserError where it cannot be had, or takes no
    pictures."""
    predictor = Predictor.load(checkpoint or find_weights(source))
    if predictor.spec.kind != "classification" or len(predictor.spec.in_shape) != 3:
        raise UserError(
            N_("{source} does not support image input: it predicts {target} from tabular data."),
            source=source,
            target=predictor.spec.target,
        )
    return predictor


def load_pixels(predictor: Predictor, path: Path) -> np.ndarray:
    """The picture in `path` as the network wants it, uint8 (1, C, H, W). Raises UserError where it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            N_("{file} cannot be read: {reason}."), file=str(path), reason=error.strerror or str(error)
        ) from error
    image = images.decode_image(content, path.name)
    channels, height, width = predictor.spec.in_shape
    if (channels, height, width) == (1, canvas.IMAGE_SIZE, canvas.IMAGE_SIZE):
        # Twenty-eight pixels already, white on black: such a picture comes from MNIST itself.
        grey = np.asarray(image.convert("L"))
        if grey.shape == (height, width) and grey[0].max() < 32:
            return grey[None, None]
        return canvas.prepare_digit(photo_ink.ink_from_photo(image)).pixels[None, None]
    return crop_square(image, height, channels).pixels[
        None
    ]  # as the pages do, and as the pictures of an image folder are


def classify_file(predictor: Predictor, path: Path, top: int) -> list[tuple[str, float]]:
    """The `top` most likely classes of the picture in `path`, with their probabilities, the first the likeliest."""
    probabilities = predictor.predict(load_pixels(predictor, path))[0]
    best = np.argsort(-probabilities)[:top]
    return [(predictor.spec.classes[i], round(float(probabilities[i]), 6)) for i in best]
