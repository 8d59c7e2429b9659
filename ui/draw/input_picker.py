"""Input of the Draw page: the canvas, MNIST's test set, or an uploaded image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from core import data
from core.digits import canvas, photo_ink, samples
from core.digits.canvas import PreparedDigit, PreprocessingSteps
from core.messages import N_, UserError
from ui.draw import drawing
from ui.kit import cache, downloads, image_display, uploads, url
from ui.kit.i18n import _, translate_message

_IMAGE_SIDE = 336  # pixels, a multiple of 28


@dataclass(frozen=True)
class DigitInput:
    """An image to classify.

    `pixels` (28, 28) uint8 is the model input. `prepared` holds the preprocessing of a drawing or photo; it is None for a test
    digit. `label` is the class of a test digit or sample.
    """

    pixels: np.ndarray
    source: Literal["drawing", "sample", "test", "photo"]
    prepared: PreparedDigit | None = None
    label: int | None = None


def choose_source() -> str:
    """Let the visitor choose between canvas, test digits and photo."""
    return url.choose_one(
        st.segmented_control,
        _(N_("Input source")),
        ["drawing", "test", "photo"],
        key="source",
        default="drawing",
        required=True,
        wrap=True,
        label_visibility="collapsed",
        format_func=lambda s: {
            "drawing": _(N_("Draw")),
            "test": _(N_("Test digit")),
            "photo": _(N_("Photo or scan")),
        }[s],
    )


def show_input(source: str, steps: PreprocessingSteps) -> DigitInput | None:
    """Show the input of a `source`. Returns the current digit, or None if there is none."""
    if source == "test":
        return _test_input(steps)
    return _drawing_input(steps) if source == "drawing" else _photo_input(steps)


def _drawing_input(steps: PreprocessingSteps) -> DigitInput | None:
    drawn = drawing.show_canvas()
    st.button(
        _(N_("Another sample")), icon=":material/shuffle:", type="tertiary", on_click=drawing.next_sample
    )
    if drawn is None:
        return None
    prepared = canvas.prepare_digit(drawn.ink, steps)
    if drawn.sample is None:
        return DigitInput(prepared.pixels, "drawing", prepared)
    return DigitInput(prepared.pixels, "sample", prepared, drawn.sample)


def _test_input(steps: PreprocessingSteps) -> DigitInput:
    if data.find_dataset("mnist") is None:
        return _sample_input(steps)
    dataset = cache.load_dataset("mnist")
    index = _shown_index(len(dataset.test_x))
    pixels, label = np.array(dataset.test_x[index, 0]), int(dataset.test_y[index])
    _show_digit(pixels, _(N_("Test digit {index}: label {label}"), index=index, label=label))
    _show_next_button(len(dataset.test_x))
    return DigitInput(pixels, "test", label=label)


def _sample_input(steps: PreprocessingSteps) -> DigitInput:
    """Show the project's own samples in place of test digits, and the way to these."""
    label = _shown_index(samples.COUNT)
    prepared = canvas.prepare_digit(canvas.ink_from_strokes(samples.sample_strokes(label)), steps)
    _show_digit(prepared.pixels, _(N_("Sample digit: label {label}"), label=label))
    _show_next_button(samples.COUNT)
    st.caption(
        _(N_("MNIST's 10,000 test digits are not installed, so these are the project's own sample digits."))
    )
    downloads.dataset_download_button("mnist")
    return DigitInput(prepared.pixels, "sample", prepared, label)


def _show_digit(pixels: np.ndarray, caption: str) -> None:
    tile = image_display.tile_images([pixels], 1, _IMAGE_SIDE // 28)
    st.image(tile, width=_IMAGE_SIDE, caption=caption, alt=caption)


def _shown_index(count: int) -> int:
    return st.session_state.setdefault("test-index", 0) % count


def _show_next_button(count: int) -> None:
    st.button(_(N_("Pick another digit")), icon=":material/shuffle:", on_click=_pick_another, args=(count,))


def _pick_another(count: int) -> None:
    """Callback: show another of `count` digits."""
    step = int(np.random.default_rng().integers(1, count))
    st.session_state["test-index"] = (_shown_index(count) + step) % count


def _photo_input(steps: PreprocessingSteps) -> DigitInput | None:
    upload = uploads.image_uploader(
        _(N_("Photo or scan of one digit")),
        key="photo",
        help=_(
            N_("Dark on light or light on dark, any size. The image stays on the machine running this app.")
        ),
    )
    image = uploads.decode_upload(upload) if upload else None
    if image is None:
        return None
    st.image(image, width=_IMAGE_SIDE, alt=_(N_("The uploaded image")))
    try:
        prepared = canvas.prepare_digit(photo_ink.ink_from_photo(image), steps)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/image_not_supported:")
        return None
    return DigitInput(prepared.pixels, "photo", prepared)
