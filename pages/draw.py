"""Draw page: classify a digit after each stroke and explain the prediction."""

from __future__ import annotations

import streamlit as st

from core import models
from core.inference import available_models
from core.inference.available_models import ModelChoice
from core.messages import N_, UserError
from core.migration import migrate_draw_link
from ui.draw import explanations, handwriting_view, input_picker, ood_check, prediction
from ui.draw.explanations import Predictions
from ui.draw.input_picker import DigitInput
from ui.kit import preload, url
from ui.kit.frame import page
from ui.kit.i18n import _, translate_message

DEFAULT_MODEL = "mnist-modern"


def choose_models() -> tuple[list[ModelChoice], list[ModelChoice]]:
    """Let the visitor select one or two models. Returns all models and the selected ones."""
    known = available_models.list_digit_models()
    by_id = {c.id: c for c in known}
    if not known:
        return [], []
    left, right = st.columns(2)
    default = available_models.find_choice(known, None, DEFAULT_MODEL).id
    with left:
        first = url.choose_one(
            st.selectbox,
            _(N_("Model")),
            list(by_id),
            key="network",
            default=default,
            format_func=lambda i: prediction.model_title(by_id[i]),
        )
    with right:
        second = url.choose_one(
            st.selectbox,
            _(N_("Compare with")),
            ["", *by_id],
            key="beside",
            default="",
            format_func=lambda i: prediction.model_title(by_id[i]) if i else _(N_("none")),
        )
    return known, [by_id[i] for i in dict.fromkeys((first, second)) if i]


def show_predictions(digit: DigitInput, selected: list[ModelChoice]) -> Predictions:
    """Show the predictions of the selected models side by side. Models that cannot be loaded are left out."""
    accepted = ood_check.looks_like_digit(digit)
    predictions = []
    for column, choice in zip(st.columns(len(selected)), selected, strict=True):
        with column:
            try:
                probabilities = prediction.show_prediction(
                    digit, choice, accepted=accepted, narrow=len(selected) > 1
                )
                predictions.append((choice, probabilities))
            except UserError as error:
                st.error(translate_message(error.message), icon=":material/error:")
    return predictions


def show_model_input(digit: DigitInput) -> None:
    """Show the preprocessing of the digit, and its switches."""
    st.subheader(_(N_("Model input")))
    if digit.prepared:
        prediction.preprocessing_switches()
    else:
        st.caption(
            _(
                N_(
                    "Test images are already 28×28. The MNIST authors applied these preprocessing steps to "
                    "them."
                )
            )
        )
    prediction.show_preprocessing(digit)


with page("draw"):
    url.migrate_parameters("", migrate_draw_link)
    preload.wait_until_ready()
    # Above the choice of models, so that on a phone the prediction is visible while drawing.
    container = st.container()
    model_choices, selected_models = choose_models()
    if not model_choices:
        st.warning(
            _(
                N_(
                    "No digit classifier found: the checkpoints folder is empty and there are no MNIST "
                    "runs yet."
                )
            )
        )
        st.page_link("pages/train.py", label=_(N_("Train a model")), icon=":material/model_training:")
    canvas_column, prediction_column = container.columns([330, 470], gap="medium")
    with canvas_column:
        digit = input_picker.choose_digit(prediction.preprocessing_steps())
    predictions = []
    with prediction_column:
        if digit is None and st.session_state.get("source") == "drawing":
            with st.container(border=True):
                heading = _(N_("Draw a digit from 0 to 9"))
                st.markdown(f"#### {heading}")
                st.markdown(
                    _(N_("Use a mouse, stylus or finger. The prediction updates after every stroke."))
                )
        elif digit and selected_models:
            with st.spinner(_(N_("Running inference…")), show_time=False):
                predictions = show_predictions(digit, selected_models)
            handwriting_view.save_example(digit, handwriting_view.set_name())
    if digit is not None:
        show_model_input(digit)
    st.subheader(_(N_("Why this prediction?")))
    explanations.show_explanations(digit, predictions, model_choices)
    if selected_models:
        with st.expander(_(N_("Model source code")), icon=":material/code:"):
            st.code(models.model_source(selected_models[0].task.model), language="python")
