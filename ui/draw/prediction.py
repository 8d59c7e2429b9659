"""Predictions of the Draw page, and the preprocessing that leads to the model input."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from core.digits.canvas import PreprocessingSteps
from core.digits.ood_detector import NAME
from core.inference.available_models import ModelChoice
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.draw.input_picker import DigitInput
from ui.kit import cache, charts, weights
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name

_STEP_SIDE = 224  # pixels
_STEP_GAP = 16  # pixels
_STEP_BACKGROUND = 60  # gray level


def model_title(choice: ModelChoice) -> str:
    """Title of a model: its task, and the label of its run."""
    return run_name(choice.run) if choice.run else _(choice.task.title)


def show_prediction(
    digit: DigitInput, choice: ModelChoice, *, accepted: bool, narrow: bool = False
) -> np.ndarray:
    """Show the predicted digit and the probabilities of all classes. Returns them, (10,).

    `accepted` is the result of the out-of-distribution check. In a `narrow` column the bars are horizontal, because the labels
    of upright bars would overlap. Raises UserError if the weights cannot be used.
    """
    predictor = weights.load_predictor(choice.weights)
    probabilities = predictor.predict(digit.pixels[None, None])[0]
    top = int(probabilities.argmax())
    st.caption(escape_markdown(model_title(choice)))
    if accepted:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.metric(_(N_("Prediction")), predictor.spec.classes[top], width="content")
            st.metric(_(N_("Confidence")), charts.format_percent(probabilities[top]), width="content")
    else:
        _show_rejection()
    if digit.label is not None:
        correct = top == digit.label
        st.badge(
            _(N_("correct")) if correct else _(N_("wrong: the label is {truth}"), truth=digit.label),
            icon=":material/check:" if correct else ":material/close:",
            color="green" if correct else "red",
        )
    figure = charts.probability_bars(
        probabilities, predictor.spec.classes, truth=digit.label, vertical=not narrow
    )
    key = f"probabilities-{choice.id}-{'narrow' if narrow else 'wide'}"
    live_chart(figure, key, alt=_(N_("Predicted probabilities of the ten digits")))
    return probabilities


def _show_rejection() -> None:
    st.warning(_(N_("This does not look like a digit.")), icon=":material/help:")
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
    st.caption(_(N_("Best guess:")))


def preprocessing_switches() -> None:
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
        st.toggle(_(N_("Crop to bounding box")), True, key="step-crop", bind="query-params")
        st.toggle(_(N_("Resize to 20×20")), True, key="step-fit", bind="query-params")
        st.toggle(_(N_("Center by mass")), True, key="step-center", bind="query-params")


def preprocessing_steps() -> PreprocessingSteps:
    """The enabled preprocessing steps; can be read before the switches are shown."""
    return PreprocessingSteps(
        *(st.session_state.get(f"step-{name}", True) for name in ("crop", "fit", "center"))
    )


def show_preprocessing(digit: DigitInput) -> None:
    """Show the image after each preprocessing step, in one row."""
    names, steps = [_(N_("28×28 (model input)"))], [digit.pixels]
    if prepared := digit.prepared:
        height, width = prepared.resized.shape
        names = [_(N_("original image")), _(N_("cropped")), f"{height}×{width}", *names]
        steps = [prepared.drawing, prepared.cropped, prepared.resized, *steps]
    gap = np.zeros((_STEP_SIDE, _STEP_GAP, 4), np.uint8)
    tiles = [part for image in steps for part in (_fit_to_square(image), gap)][:-1]
    st.image(np.concatenate(tiles, axis=1), caption=" → ".join(names))


def _fit_to_square(image: np.ndarray) -> np.ndarray:
    """Resize `image` (h, w) without smoothing onto a gray square (S, S, 4), so that all steps have the same height."""
    side, scale = _STEP_SIDE, _STEP_SIDE / max(image.shape)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    square = Image.new("L", (side, side), _STEP_BACKGROUND)
    square.paste(Image.fromarray(image).resize(size, method), ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square.convert("RGBA"))
