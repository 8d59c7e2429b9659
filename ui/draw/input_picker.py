"""Input of the Draw page: the canvas, MNIST's test set, or an uploaded image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from core import data, images
from core.digits import canvas, photo_ink
from core.digits.canvas import PreparedDigit, PreprocessingSteps
from core.messages import N_, UserError
from ui.components import canvas_bar
from ui.kit import cache, image_display, uploads, url
from ui.kit.i18n import _, translate_message

CANVAS_SIDE = 280  # pixels


@dataclass(frozen=True)
class DigitInput:
    """An image to classify.

    `pixels` (28, 28) uint8 is the model input. `prepared` holds the preprocessing of a drawing or photo; it is None for a test
    digit. `label` is the class of a test digit.
    """

    pixels: np.ndarray
    source: Literal["drawing", "test", "photo"]
    prepared: PreparedDigit | None = None
    label: int | None = None


def choose_digit(steps: PreprocessingSteps) -> DigitInput | None:
    """Show the input sources. Returns the current digit, or None if there is none yet."""
    source = url.choose_one(
        st.segmented_control,
        _(N_("Input source")),
        ["drawing", "test", "photo"],
        key="source",
        default="drawing",
        required=True,
        label_visibility="collapsed",
        format_func=lambda s: {
            "drawing": _(N_("Draw")),
            "test": _(N_("Test digit")),
            "photo": _(N_("Photo or scan")),
        }[s],
    )
    if source == "test":
        return _test_input()
    return _drawing_input(steps) if source == "drawing" else _photo_input(steps)


def _drawing_input(steps: PreprocessingSteps) -> DigitInput | None:
    from streamlit_drawable_canvas import st_canvas

    st.caption(_(N_("Draw a digit from 0 to 9")))
    width, sheet = st.session_state.get("brush", 20), st.session_state.setdefault("sheet", 0)
    with st.container(key="digit-field", gap=None):
        result = st_canvas(
            stroke_width=width,
            stroke_color="#FFFFFF",
            background_color="#000000",
            width=CANVAS_SIDE,
            height=CANVAS_SIDE,
            drawing_mode="freedraw",
            return_image_data=True,
            initial_drawing=st.session_state.get("kept-strokes"),
            key=f"digit-canvas-{sheet}",
        )
        canvas_bar.hide_canvas_bar("digit-field")
    strokes = result.json_data or {}
    has_strokes = isinstance(strokes.get("objects"), list) and bool(strokes["objects"])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.slider(_(N_("Brush size")), 6, 36, 20, key="brush", persist_state="session", width=100)
        st.button(
            _(N_("Undo")),
            icon=":material/undo:",
            on_click=_reset_canvas,
            args=(strokes,),
            key="take-back",
            disabled=not has_strokes,
            help=_(N_("Remove the last stroke")),
        )
        st.button(_(N_("Clear")), icon=":material/delete:", on_click=_reset_canvas, key="clear")
    if result.image_bytes:
        # The image comes from the browser, so it is decoded as carefully as an upload.
        ink = canvas.ink_from_rgba(np.asarray(images.decode_image(result.image_bytes).convert("RGBA")))
    elif has_strokes:
        # After Undo, the new canvas sends no image until the next stroke.
        ink = canvas.ink_from_strokes(strokes, CANVAS_SIDE)
    else:
        return None
    if canvas.is_blank(ink):
        return None
    prepared = canvas.prepare_digit(ink, steps)
    return DigitInput(prepared.pixels, "drawing", prepared)


def _reset_canvas(strokes: dict | None = None) -> None:
    """Callback: start a new canvas, empty or with all `strokes` but the last."""
    st.session_state["kept-strokes"] = strokes and {**strokes, "objects": strokes["objects"][:-1]}
    st.session_state["sheet"] = st.session_state.get("sheet", 0) + 1


def _test_input() -> DigitInput | None:
    if data.find_dataset("mnist") is None:
        st.info(
            _(
                N_("MNIST is not installed, so no test digit can be shown. Run {command} to download it."),
                command="`python -m core data get mnist`",
            )
        )
        return None
    dataset = cache.load_dataset("mnist")
    st.session_state.setdefault("test-index", 0)
    if st.button(_(N_("Pick another digit")), icon=":material/shuffle:"):
        st.session_state["test-index"] = int(np.random.default_rng().integers(len(dataset.test_x)))
    index = st.session_state["test-index"]
    pixels, label = np.array(dataset.test_x[index, 0]), int(dataset.test_y[index])
    caption = _(N_("Test digit {index}: label {label}"), index=index, label=label)
    st.image(image_display.upscale_image(pixels, CANVAS_SIDE // 28), width=CANVAS_SIDE, caption=caption)
    return DigitInput(pixels, "test", label=label)


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
    st.image(image, width=CANVAS_SIDE)
    try:
        prepared = canvas.prepare_digit(photo_ink.ink_from_photo(image), steps)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/image_not_supported:")
        return None
    return DigitInput(prepared.pixels, "photo", prepared)
