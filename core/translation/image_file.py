"""Translate an image file, for the command line."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from core import checkpoints, images
from core.files import write_bytes
from core.messages import N_, UserError
from core.translation import photo_translation
from core.translation.translator import PRETRAINED_NAME, Translator, predict_domains


def translate_file(
    source: Path,
    out: Path,
    direction: Literal["auto", "a2b", "b2a"] = "auto",
    checkpoint: Path | None = None,
    strength: float = 1.0,
) -> dict[str, object]:
    """Translate the image `source` and write a PNG of the same size to `out`.

    Args:
        source: An image file.
        out: The file to write.
        direction: With "auto", the direction follows from the domain classifier.
        checkpoint: Weights of a translation model (default: the pretrained one).
        strength: Factor of the change; 1 is the model's own.

    Returns the direction and the size.

    Raises UserError if the image or the weights cannot be read, `out` cannot be written, or the direction cannot be detected.
    """
    try:
        content = source.read_bytes()
    except OSError as error:
        raise UserError(
            N_("{file} cannot be read: {reason}."), file=str(source), reason=error.strerror or str(error)
        ) from error
    pixels = np.asarray(
        images.flatten_alpha(images.decode_image(content, source.name, side=images.NO_RESIZE))
    )
    translator = Translator.load(checkpoint or checkpoints.load_card(PRETRAINED_NAME).weights)
    photos = photo_translation.to_tensor(pixels)
    if direction == "auto":
        predictions = predict_domains(photos) if translator.spec.classes == ("apple", "orange") else None
        if predictions is None:
            raise UserError(
                N_("No classifier is available for these two domains. Set the direction to a2b or b2a.")
            )
        direction = "a2b" if predictions[0].probability_b < 0.5 else "b2a"
    translation = translator.translate(photos, direction)
    buffer = io.BytesIO()
    Image.fromarray(photo_translation.apply_change_tiled(pixels, translation.change, strength)).save(
        buffer, "PNG"
    )
    try:
        write_bytes(out, buffer.getbuffer())
    except OSError as error:
        raise UserError(
            N_("{file} cannot be written: {reason}."), file=str(out), reason=error.strerror or str(error)
        ) from error
    return {"direction": direction, "width": pixels.shape[1], "height": pixels.shape[0]}
