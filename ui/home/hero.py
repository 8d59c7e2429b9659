"""The canvas of the home page with its prediction. It is that of the Draw page: a drawing goes along from one to the other."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import data, paths
from core.digits import canvas
from core.inference import available_models
from core.messages import N_, UserError
from ui.components.digit_readout import digit_readout
from ui.draw import drawing
from ui.draw.drawing import Drawing
from ui.home import stored
from ui.kit import preload, weights
from ui.kit.frame import PAGES, with_error_boundary
from ui.kit.i18n import _, translate_message

_POLL_SECONDS = 1.0


def show_hero() -> None:
    """Show the canvas beside the predicted digit. A stroke reruns this part of the page alone.

    The sample digit comes with its stored prediction, so the page opens before torch is there.
    """
    st.fragment(_hero)()


@with_error_boundary
def _hero() -> None:
    left, right = st.columns([42, 58], gap="medium")
    # Above the canvas, so that on a phone the prediction is visible while drawing.
    with left, st.container(gap=None):
        line = st.container(gap=None)
        drawn = drawing.show_canvas()
    probabilities, accepted = None, True
    with right:
        place = st.container()
        with st.container(horizontal=True, vertical_alignment="center"):
            draw = PAGES["draw"]
            st.page_link(
                draw.path, label=_(N_("See why")), icon=":material/arrow_forward:", icon_position="right"
            )
            if not preload.is_ready():
                st.fragment(_wait_for_model, run_every=_POLL_SECONDS)()
        with place:
            try:
                probabilities, accepted = _predict(drawn)
            except UserError as error:
                st.error(translate_message(error.message), icon=":material/error:")
            _readout("home-prediction", probabilities, accepted)
    with line:
        _readout("home-line", probabilities, accepted, line=True)


def _predict(drawn: Drawing | None) -> tuple[Sequence[float] | None, bool]:
    """Probabilities of what is on the canvas, None if it is empty, and whether it looks like a digit."""
    if drawn is None:
        return None, True
    if drawn.sample is not None:
        return stored.load_predictions()["probabilities"][drawn.sample], True
    preload.wait_until_ready()
    from ui.draw.input_picker import DigitInput
    from ui.draw.ood_check import looks_like_digit

    prepared = canvas.prepare_digit(drawn.ink)
    digit = DigitInput(prepared.pixels, "drawing", prepared)
    predictor = weights.load_predictor(paths.checkpoints() / f"{stored.CHECKPOINT}.safetensors")
    return predictor.predict(digit.pixels[None, None])[0], looks_like_digit(digit)


def _readout(key: str, probabilities: Sequence[float] | None, accepted: bool, *, line: bool = False) -> None:
    digit_readout(
        key,
        probabilities,
        data.dataset_info(available_models.DATASET).classes,
        line=line,
        doubled=not line,
        note="" if accepted else _(N_("This does not look like a digit.")),
        doubtful=not accepted,
    )


def _wait_for_model() -> None:
    """Say that a drawing has to wait, until torch is imported."""
    if preload.is_ready():
        st.rerun()
    st.caption(_(N_("Getting the model ready for your strokes…")))
