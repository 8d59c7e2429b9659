"""Predictions of the Draw page, and the preprocessing that leads to the model input."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from core import data
from core.digits.canvas import PreparedDigit, PreprocessingSteps
from core.inference import available_models
from core.inference.available_models import ModelChoice
from core.messages import N_
from ui.components.digit_readout import digit_readout
from ui.draw.input_picker import DigitInput
from ui.kit import cache, image_display, url, weights
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name

_STEP_SIDE = 224  # pixels
_STEP_GAP = 16  # pixels
_STEP_BACKGROUND = 60  # gray level


def model_title(choice: ModelChoice) -> str:
    """Title of a model: its task, and the label of its run."""
    return run_name(choice.run) if choice.run else _(choice.task.title)


def predict(digit: DigitInput, choice: ModelChoice) -> np.ndarray:
    """The probabilities (K,) of a model. Raises UserError if its weights cannot be used."""
    return weights.load_predictor(choice.weights).predict(digit.pixels[None, None])[0]


def show_line(digit: DigitInput | None, probabilities: np.ndarray | None, *, accepted: bool) -> None:
    """Show the prediction in one line, on narrow screens alone."""
    digit_readout(
        "prediction-line",
        probabilities,
        data.dataset_info(available_models.DATASET).classes,
        line=True,
        note=_note(digit, probabilities, accepted=accepted),
        doubtful=not accepted,
        truth=digit.label if digit else None,
    )


def show_prediction(
    digit: DigitInput | None,
    choice: ModelChoice,
    probabilities: np.ndarray | None,
    *,
    accepted: bool,
    alone: bool,
) -> None:
    """Show the predicted digit and the probabilities of all classes, or their empty frame; unless it is `alone`, with its model.

    `accepted` is the result of the out-of-distribution check.
    """
    if not alone:
        st.caption(escape_markdown(model_title(choice)))
    digit_readout(
        f"prediction-{choice.id}",
        probabilities,
        data.dataset_info(available_models.DATASET).classes,
        doubled=alone,
        note=_note(digit, probabilities, accepted=accepted),
        doubtful=not accepted,
        truth=digit.label if digit else None,
    )
    if not accepted:
        _explain_rejection()


def _note(digit: DigitInput | None, probabilities: np.ndarray | None, *, accepted: bool) -> str:
    """Whether the prediction is right, where the label is known, or that the input is no digit."""
    if not accepted:
        return _(N_("This does not look like a digit."))
    if digit is None or digit.label is None or probabilities is None:
        return ""
    if int(probabilities.argmax()) == digit.label:
        return f"✓ {_(N_('correct'))}"
    return "✗ " + _(N_("wrong: the label is {truth}"), truth=digit.label)


def _explain_rejection() -> None:
    from core.digits.ood_detector import NAME

    metrics = (cache.model_card(NAME) or {}).get("metrics", {})
    if metrics:
        st.caption(
            _(
                N_(
                    "Measured: this check rejects {letters} of printed letters, and wrongly rejects "
                    "{digits} of MNIST test digits."
                ),
                digits=f"{100 * metrics['digits_rejected']:.1f}%",
                letters=f"{100 * metrics['letters_caught']:.0f}%",
            )
        )


def show_model_input(digit: DigitInput) -> None:
    """Show the preprocessing of the digit, and its switches."""
    st.header(_(N_("Model input")))
    if digit.prepared:
        _preprocessing_switches()
        _show_preprocessing(digit.prepared)
        return
    st.caption(
        _(N_("Test images are already 28×28. The MNIST authors applied these preprocessing steps to them."))
    )


def _preprocessing_switches() -> None:
    """Show a switch for each preprocessing step."""
    st.caption(
        _(
            N_(
                "MNIST digits went through the same preprocessing. Turn a step off and watch the "
                "prediction change."
            )
        )
    )
    with st.container(horizontal=True):
        url.toggle(_(N_("Crop to bounding box")), key="step-crop", default=True)
        url.toggle(_(N_("Resize to 20×20")), key="step-fit", default=True)
        url.toggle(_(N_("Center by mass")), key="step-center", default=True)


def preprocessing_steps() -> PreprocessingSteps:
    """The enabled preprocessing steps; can be read before the switches are shown."""
    return PreprocessingSteps(
        *(url.toggle_value(f"step-{name}", default=True) for name in ("crop", "fit", "center"))
    )


def _show_preprocessing(prepared: PreparedDigit) -> None:
    """Show the image after each preprocessing step, in one row."""
    height, width = prepared.resized.shape
    names = [
        _(N_("original image")),
        _(N_("cropped")),
        f"{height}×{width}",
        _(N_("28×28 (model input)")),
    ]
    steps = [prepared.drawing, prepared.cropped, prepared.resized, prepared.pixels]
    tiles = [_fit_to_square(image) for image in steps]
    steps_line = " → ".join(names)
    st.image(
        image_display.tile_images(tiles, len(tiles), 1, gap=_STEP_GAP), caption=steps_line, alt=steps_line
    )


def _fit_to_square(image: np.ndarray) -> np.ndarray:
    """Resize `image` (h, w) without smoothing onto a gray square (S, S), so that all steps have the same height."""
    side, scale = _STEP_SIDE, _STEP_SIDE / max(image.shape)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    square = Image.new("L", (side, side), _STEP_BACKGROUND)
    square.paste(Image.fromarray(image).resize(size, method), ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square)
