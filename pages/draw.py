"""Draw page: classify a digit after each stroke and explain the prediction."""

from __future__ import annotations

import streamlit as st

from core import models
from core.inference import available_models
from core.inference.available_models import ModelChoice
from core.messages import N_, UserError
from core.migration import migrate_draw_link
from ui.draw import explanations, forward_pass, handwriting_view, input_picker, ood_check, prediction
from ui.draw.explanations import Predictions
from ui.draw.input_picker import DigitInput
from ui.kit import preload, url
from ui.kit.frame import page
from ui.kit.i18n import _, escape_markdown, translate_message

DEFAULT_MODEL = "mnist-modern"


def choose_models(known: list[ModelChoice]) -> list[ModelChoice]:
    """Let the visitor select one or two of the `known` models, in one row. Returns the selected ones."""
    by_id = {c.id: c for c in known}
    for parameter in ("network", "beside"):
        if unknown := url.unknown_value(parameter, list(by_id)):
            st.warning(
                _(
                    N_("Model “{name}” from the link was not found. Select another one."),
                    name=escape_markdown(unknown),
                )
            )
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
    return [by_id[i] for i in dict.fromkeys((first, second)) if i]


def predict_all(digit: DigitInput | None, selected: list[ModelChoice]) -> Predictions:
    """Predictions of the selected models. Those that cannot be loaded are left out, with the reason."""
    predictions = []
    for choice in selected if digit else []:
        try:
            predictions.append((choice, prediction.predict(digit, choice)))
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/error:")
    return predictions


def show_predictions(
    digit: DigitInput | None, selected: list[ModelChoice], predictions: Predictions, *, accepted: bool
) -> None:
    """Show the predictions side by side, without a digit their empty frames."""
    shown = predictions if digit else [(choice, None) for choice in selected]
    if not shown:
        return
    for column, (choice, probabilities) in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            prediction.show_prediction(digit, choice, probabilities, accepted=accepted, alone=len(shown) == 1)


def show_missing_models() -> None:
    """Say that there is no digit classifier, and how to get one."""
    st.warning(
        _(N_("No digit classifier found: the checkpoints folder is empty and there are no MNIST runs yet."))
    )
    st.page_link("pages/train.py", label=_(N_("Train a model")), icon=":material/model_training:")


with page("draw"):
    url.migrate_parameters("", migrate_draw_link)
    input_column, prediction_column = st.columns([44, 56], gap="medium")
    model_choices = available_models.list_digit_models()
    with prediction_column:
        selected_models = choose_models(model_choices) if model_choices else []
    with input_column:
        source = input_picker.choose_source()
        # Above the canvas, so that on a phone the prediction is visible while drawing.
        with st.container(gap=None):
            line = st.container(gap=None)
            digit = input_picker.show_input(source, prediction.preprocessing_steps())
    with prediction_column:
        preload.wait_until_ready()  # after the canvas, which needs no torch
        # Made first: what loading a model shows must not move the prediction, which would then begin anew.
        readouts = st.container()
        predictions = predict_all(digit, selected_models)
        accepted = digit is None or ood_check.looks_like_digit(digit)
        with readouts:
            show_predictions(digit, selected_models, predictions, accepted=accepted)
        if not model_choices:
            show_missing_models()
        elif digit:
            handwriting_view.save_example(digit, handwriting_view.set_name())
    with line:
        if selected_models:
            first = predictions[0][1] if predictions else None
            prediction.show_line(digit, first, accepted=accepted)
    explained = explanations.choose_explained(predictions) if predictions else None
    if digit is not None and explained:
        forward_pass.show_forward_pass(digit, explained[0])
    with st.container(key=explanations.SECTION):
        st.header(_(N_("Why this prediction?")))
        explanations.show_explanations(digit, explained, predictions, model_choices)
    if digit is not None:
        prediction.show_model_input(digit)
    if selected_models:
        with st.expander(_(N_("Model source code")), icon=":material/code:", key="model-source"):
            st.code(models.model_source(selected_models[0].task.model), language="python")
