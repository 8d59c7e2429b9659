"""Draw a digit: the network's answer after every stroke, what it sees, and why it answers so."""

from __future__ import annotations

import streamlit as st

from core import models
from core.inference import networks
from core.inference.networks import Choice
from core.messages import N_, UserError
from ui import digit_guard, digit_input, digit_more, digit_view, url, warm
from ui.frame import page
from ui.i18n import _, tell

DEFAULT = "mnist-modern"


def choose_networks() -> tuple[list[Choice], list[Choice]]:
    """All networks, and the one or two that answer."""
    known = networks.digit_networks()
    by_id = {c.id: c for c in known}
    if not known:
        return [], []
    left, right = st.columns(2)
    default = networks.find(known, None, DEFAULT).id
    with left:
        first = url.choice(
            st.selectbox, _(N_("Model")), list(by_id), key="network", default=default, format_func=lambda i: digit_view.title(by_id[i])
        )
    with right:
        second = url.choice(
            st.selectbox, _(N_("Compare with")), ["", *by_id], key="beside", default="",
            format_func=lambda i: digit_view.title(by_id[i]) if i else _(N_("none")),
        )  # fmt: skip
    return known, [by_id[i] for i in (first, second) if i]


def answers(digit: digit_input.Digit, chosen: list[Choice]) -> list:
    """The answers of the chosen networks side by side."""
    accepted = digit_guard.accepts(digit)
    found = []
    for column, choice in zip(st.columns(len(chosen)), chosen, strict=True):
        with column:
            try:
                found.append((choice, digit_view.answer(digit, choice, accepted, choice.id)))
            except UserError as error:
                st.error(tell(error.message), icon=":material/error:")
    return found


VIEWS = {
    "why": N_("Pixel attribution"),
    "maps": N_("Feature maps"),
    "nearest": N_("Similar training digits"),
    "slide": N_("Shift test"),
    "epochs": N_("Predictions by epoch"),
    "set": N_("My handwriting"),
}


def explanations(digit: digit_input.Digit | None, found: list, known: list[Choice]) -> None:
    """What the curious switch on; one view at a time, so that an answer never waits for the others."""
    view = url.choice(
        st.segmented_control, _(N_("Explain")), list(VIEWS), key="view", default="why", required=True, format_func=lambda v: _(VIEWS[v])
    )
    if view == "set":
        digit_more.my_set(known)
        return
    if digit is None or not found:
        st.caption(_(N_("Draw a digit first.")))
        return
    choice, probabilities = found[0]
    match view:
        case "why":
            digit_view.attribution(digit, choice, probabilities)
        case "maps":
            digit_view.maps(digit, choice)
        case "nearest":
            digit_more.relatives(digit, choice)
        case "slide":
            digit_more.sliding(digit, [c for c, _p in found])
        case "epochs":
            digit_more.replay(digit, choice)


with page("draw"):
    warm.wait()
    drawing = st.container()  # first on the page, the choice of networks below it: on a phone one sees the answer while one draws
    known, chosen = choose_networks()
    if not known:
        st.warning(_(N_("No digit classifier found: the checkpoints folder is empty and there are no MNIST "
        "runs yet.")))
        st.page_link("pages/train.py", label=_(N_("Train a model")), icon=":material/model_training:")
    left, right = drawing.columns([330, 470], gap="medium")
    with left:
        digit = digit_input.choose(digit_view.steps_taken())
    found = []
    with right:
        if digit is None and st.session_state.get("source") == "drawing":
            with st.container(border=True):
                heading = _(N_("Draw a digit from 0 to 9"))
                st.markdown(f"#### {heading}")
                st.markdown(
                    _(N_("Use a mouse, stylus or finger. The prediction updates after every stroke."))
                )
        elif digit and chosen:
            with st.spinner(_(N_("Running inference…")), show_time=False):
                found = answers(digit, chosen)
            digit_more.keep(digit, digit_more.owner_name())
    if digit is not None:
        st.subheader(_(N_("Model input")))
        if digit.prepared:
            digit_view.switches()
        else:
            st.caption(_(N_("Test images are already 28×28. The MNIST authors applied these preprocessing steps to "
        "them.")))
        digit_view.seen(digit)
    st.subheader(_(N_("Why this prediction?")))
    explanations(digit, found, known)
    if chosen:
        with st.expander(_(N_("Model source code")), icon=":material/code:"):
            st.code(models.source(chosen[0].task.model), language="python")
