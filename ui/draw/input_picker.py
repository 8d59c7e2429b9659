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
from ui.kit import cache, data_source, image_display, uploads, url
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
        return _test_input()
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


def _test_input() -> DigitInput:
    installed = data.find_dataset("mnist") is not None
    if installed:
        dataset = cache.load_dataset("mnist")
        images, labels = dataset.test_x[:, 0], dataset.test_y
    else:
        labels = np.arange(samples.COUNT)
        images = [samples.sample_pixels(int(label)) for label in labels]
    count = len(labels)
    index = st.session_state.setdefault("test-index", 0) % count
    pixels, label = np.array(images[index]), int(labels[index])
    caption = (
        _(N_("Test digit {index}: label {label}"), index=index, label=label)
        if installed
        else _(N_("Sample digit: label {label}"), label=label)
    )
    st.image(
        image_display.upscale_image(pixels, _IMAGE_SIDE // 28),
        width=_IMAGE_SIDE,
        caption=caption,
        alt=caption,
    )
    st.button(
        _(N_("Pick another digit")), icon=":material/shuffle:", on_click=_pick_another, args=(index, count)
    )
    if not installed:
        st.caption(
            _(
                N_(
                    "MNIST's 10,000 test digits are not installed, so these are the project's own sample "
                    "digits."
                )
            )
        )
        data_source.download_button("mnist")
    return DigitInput(pixels, "test", label=label)


def _pick_another(current: int, count: int) -> None:
    """Callback: show another of `count` digits."""
    step = int(np.random.default_rng().integers(1, count))
    st.session_state["test-index"] = (current + step) % count


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
