"""Draw a digit: the network's answer after every stroke, what it sees, and why it answers so."""

from __future__ import annotations

import streamlit as st

from core import models
from core.inference import available_models
from core.inference.available_models import ModelChoice
from core.messages import N_, UserError
from ui.draw import analysis, input_picker, ood_check, prediction
from ui.kit import preload, url
from ui.kit.frame import page
from ui.kit.i18n import _, translate_message

DEFAULT_MODEL = "mnist-modern"


def choose_models() -> tuple[list[ModelChoice], list[ModelChoice]]:
    """All networks, and the one or two that answer."""
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
    return known, [by_id[i] for i in (first, second) if i]


def show_predictions(digit: input_picker.DigitInput, chosen: list[ModelChoice]) -> list:
    """The answers of the chosen networks side by side."""
    accepted = ood_check.looks_like_digit(digit)
    found = []
    for column, choice in zip(st.columns(len(chosen)), chosen, strict=True):
        with column:
            try:
                found.append((choice, prediction.show_prediction(digit, choice, accepted, choice.id)))
            except UserError as error:
                st.error(translate_message(error.message), icon=":material/error:")
    return found


VIEWS = {
    "why": N_("Pixel attribution"),
    "maps": N_("Feature maps"),
    "nearest": N_("Similar training digits"),
    "slide": N_("Shift test"),
    "epochs": N_("Predictions by epoch"),
    "set": N_("My handwriting"),
}


def show_explanations(digit: input_picker.DigitInput | None, found: list, known: list[ModelChoice]) -> None:
    """What the curious switch on; one view at a time, so that an answer never waits for the others."""
    view = url.choose_one(
        st.segmented_control,
        _(N_("Explain")),
        list(VIEWS),
        key="view",
        default="why",
        required=True,
        format_func=lambda v: _(VIEWS[v]),
    )
    if view == "set":
        analysis.handwriting_set(known)
        return
    if digit is None or not found:
        st.caption(_(N_("Draw a digit first.")))
        return
    choice, probabilities = found[0]
    match view:
        case "why":
            prediction.show_attribution(digit, choice, probabilities)
        case "maps":
            prediction.show_feature_maps(digit, choice)
        case "nearest":
            analysis.nearest_neighbors(digit, choice)
        case "slide":
            analysis.shift_sensitivity(digit, [c for c, _p in found])
        case "epochs":
            analysis.epoch_replay(digit, choice)


with page("draw"):
    preload.wait_until_ready()
    container = (
        st.container()
    )  # first on the page, the choice of networks below it: on a phone one sees the answer while one draws
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
            analysis.save_example(digit, analysis.choose_owner())
    if digit is not None:
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
    st.subheader(_(N_("Why this prediction?")))
    show_explanations(digit, predictions, model_choices)
    if selected_models:
        with st.expander(_(N_("Model source code")), icon=":material/code:"):
            st.code(models.model_source(selected_models[0].task.model), language="python")
