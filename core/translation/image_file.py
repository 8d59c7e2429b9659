"""Translating a picture file into a picture file, as the command line does."""

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
    """Write the translated picture of `source` to `out`, as PNG, of the same size. Returns the direction and the size.

    Raises UserError where the picture or the weights cannot be read, `out` cannot be written, or nobody can tell the direction.
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
        seen = predict_domains(photos) if translator.spec.classes == ("apple", "orange") else None
        if seen is None:
            raise UserError(
                N_("No classifier is available for these two domains. Set the direction to a2b or b2a.")
            )
        direction = "a2b" if seen[0].b < 0.5 else "b2a"
    made = translator.translate(photos, direction)
    buffer = io.BytesIO()
    Image.fromarray(photo_translation.apply_change_tiled(pixels, made.change, strength)).save(buffer, "PNG")
    try:
        write_bytes(out, buffer.getbuffer())
    except OSError as error:
        raise UserError(
            N_("{file} cannot be written: {reason}."), file=str(out), reason=error.strerror or str(error)
        ) from error
    return {"direction": direction, "width": pixels.shape[1], "height": pixels.shape[0]}
