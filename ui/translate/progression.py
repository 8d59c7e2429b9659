"""Training progression on the Translate page: one photo, translated by the weights of each saved epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st
import torch
from PIL import Image

from core.inference.available_models import ModelChoice
from core.messages import N_
from core.translation import photo_translation, translator
from core.translation.translator import Translator
from ui.kit import image_display
from ui.kit.i18n import _

_MAX_EPOCHS = 12
_IMAGE_SIDE = 128  # pixels


def show_progression(choice: ModelChoice, photos: torch.Tensor, digest: str, direction: str) -> None:
    """Show the translations by saved epochs of a run, in an expander that computes them when it is opened.

    `photos` (1, 3, H, W) is the photo, `digest` its hash.
    """
    saved = translator.saved_epochs(choice.run)
    if len(saved) < 2:
        return
    expander = st.expander(
        _(N_("Training progression")), icon=":material/movie:", key=f"film-{digest}", on_change="rerun"
    )
    if not expander.open:
        return
    with expander:
        shown = [saved[i] for i in np.unique(np.linspace(0, len(saved) - 1, _MAX_EPOCHS).astype(int))]
        with st.spinner(_(N_("Translating…"))):
            strip = _translate_by_epoch(
                choice.id, tuple(epoch for epoch, _path in shown), digest, direction, shown, photos
            )
        captions = [str(epoch) for epoch, _path in shown]
        st.image(
            image_display.tile_images(strip, 6, 1, captions=captions),
            caption=_(N_("training epochs")),
            width="stretch",
            alt=f"{_(N_('training epochs'))}: {', '.join(captions)}",
        )


@st.cache_data(max_entries=12, show_spinner=False)
def _translate_by_epoch(
    run: str,
    epochs: tuple[int, ...],
    digest: str,
    direction: str,
    _epoch_weights: list[tuple[int, Path]],
    _photos: torch.Tensor,
) -> list[np.ndarray]:
    """The translation of a photo by the weights of each epoch, (S, S, 3) uint8. Only one model at a time is in memory."""
    strip = []
    for _epoch, path in _epoch_weights:
        outputs = Translator.load(path).translate(_photos, direction).outputs
        image = Image.fromarray(photo_translation.to_pixels(outputs))
        image.thumbnail((_IMAGE_SIDE, _IMAGE_SIDE))
        strip.append(_fit_to_square(np.asarray(image)))
    return strip


def _fit_to_square(image: np.ndarray) -> np.ndarray:
    """Pad an image to a black square, so that narrow images do not become tall: (S, S, 3)."""
    square = Image.new("RGB", (max(image.shape[:2]),) * 2)
    square.paste(Image.fromarray(image), tuple((square.width - n) // 2 for n in image.shape[1::-1]))
    return np.asarray(square)
