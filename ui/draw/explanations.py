"""Choice of the explanation, and of the model that it explains, on the Draw page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.inference.available_models import ModelChoice
from core.messages import N_
from ui.components.scroll import scroll_into_view
from ui.draw import analysis, handwriting_view, prediction
from ui.draw.input_picker import DigitInput
from ui.kit import charts, url
from ui.kit.i18n import _, escape_markdown

VIEWS = {
    "why": N_("Pixel attribution"),
    "maps": N_("Feature maps"),
    "nearest": N_("Similar training digits"),
    "slide": N_("Shift test"),
    "epochs": N_("Predictions by epoch"),
    "set": N_("My handwriting"),
}
SECTION = "draw-why"
"""Key of the container of this part of the page."""
_LINKED = "_draw.linked"
Predictions = list[tuple[ModelChoice, np.ndarray]]
"""Selected models with their probabilities, (10,)."""


def choose_explained(predictions: Predictions) -> tuple[ModelChoice, np.ndarray]:
    """The prediction to explain; with two models, the visitor selects which."""
    by_id = {choice.id: (choice, probabilities) for choice, probabilities in predictions}
    if len(by_id) == 1:
        return predictions[0]
    explained = url.choose_one(
        st.segmented_control,
        _(N_("Model to explain")),
        list(by_id),
        key="explained",
        default=next(iter(by_id)),
        required=True,
        wrap=True,
        format_func=lambda i: prediction.model_title(by_id[i][0]),
    )
    return by_id[explained]


def show_explanations(
    digit: DigitInput | None,
    explained: tuple[ModelChoice, np.ndarray] | None,
    predictions: Predictions,
    known: list[ModelChoice],
) -> None:
    """Show the selected explanation of one prediction, or, in the shift test, of all; only one at a time is computed.

    A link to an explanation, as on the home page, leads to it, not to the top of the page.
    """
    named = st.query_params.get("view")
    if named in VIEWS and named != st.session_state.get("_url.view"):
        st.session_state[_LINKED] = named
    view = url.choose_one(
        st.pills,
        _(N_("Explain")),
        list(VIEWS),
        key="view",
        default="why",
        required=True,
        wrap=True,
        format_func=lambda v: _(VIEWS[v]),
    )
    if view == "set":
        handwriting_view.show_handwriting_set(known)
    elif digit is None or explained is None:
        st.caption(_(N_("Draw a digit first.")))
    elif view == "slide":
        analysis.shift_sensitivity(digit, [choice for choice, _probabilities in predictions])
    else:
        choice, probabilities = explained
        st.markdown(
            _(
                N_("**{model}** predicts **{digit}** with {confidence} confidence."),
                model=escape_markdown(prediction.model_title(choice)),
                digit=int(probabilities.argmax()),
                confidence=charts.format_probability(float(probabilities.max())),
            )
        )
        match view:
            case "why":
                analysis.show_attribution(digit, choice, probabilities)
            case "maps":
                analysis.show_feature_maps(digit, choice)
            case "nearest":
                analysis.nearest_neighbors(digit, choice)
            case "epochs":
                analysis.epoch_replay(digit, choice)
    if linked := st.session_state.get(_LINKED):
        scroll_into_view(SECTION, linked)
