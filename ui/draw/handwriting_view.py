"""The visitor's handwriting set on the Draw page."""

from __future__ import annotations

import streamlit as st

from core.digits import handwriting
from core.digits.handwriting import Example, HandwritingSet
from core.inference.available_models import ModelChoice
from core.messages import Message, N_, UserError
from ui.draw.input_picker import DigitInput
from ui.draw.prediction import model_title
from ui.kit import image_display, weights
from ui.kit.frame import flash, try_action
from ui.kit.i18n import _, translate_message

_MAX_SHOWN = 48  # drawings
_MAX_ERRORS = 12  # errors listed per model


def set_name() -> str:
    """Name of the visitor's set, from the text field or the URL."""
    return st.session_state.get("set") or st.query_params.get("set") or "me"


def save_example(digit: DigitInput, owner: str) -> None:
    """Let the visitor save a drawing or photo to the set of `owner` with its label."""
    if digit.source in ("sample", "test"):
        return

    def add() -> None:
        label = st.session_state.get("keep-label")
        if label is None:
            return
        example = try_action(lambda: HandwritingSet(owner).add(digit.pixels, int(label)))
        st.session_state["keep-label"] = None
        if example:
            flash(Message(N_("Saved with label {label}."), {"label": label}), "success")

    with st.popover(
        _(N_("Wrong? Save it to your set")),
        icon=":material/bookmark_add:",
        type="tertiary",
        key="save-example",
    ):
        st.segmented_control(
            _(N_("Correct label")),
            list(handwriting.LABELS),
            key="keep-label",
            on_change=add,
            wrap=True,
            help=_(
                N_(
                    "Saved on the machine running this app, in the set named below. You can also save "
                    "digits that were predicted correctly."
                )
            ),
        )


def show_handwriting_set(choices: list[ModelChoice]) -> None:
    """Show the visitor's set: its drawings, export, removal, and evaluation of all models."""
    owner = st.text_input(
        _(N_("Set name")),
        "me",
        key="set",
        bind="query-params",
        max_chars=40,
        help=_(N_("On a shared machine, use a unique name.")),
    )
    try:
        handwriting_set = HandwritingSet(owner)
        examples = handwriting_set.examples()
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/error:")
        return
    if not examples:
        st.info(
            _(
                N_(
                    "Your set is empty. Draw digits, save them with their labels, and see which model "
                    "recognizes your handwriting best."
                )
            )
        )
        return
    latest = examples[-_MAX_SHOWN:]
    captions = [str(e.label) for e in latest]
    st.image(
        image_display.tile_images([e.pixels for e in latest], 12, 2, captions=captions),
        alt=f"{_(N_('My handwriting'))}: {', '.join(captions)}",
    )
    with st.container(horizontal=True):
        st.download_button(
            _(N_("Export ZIP ({count})"), count=len(examples)),
            handwriting_set.export(),
            f"{owner}.zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(
            _(N_("Remove last digit")),
            icon=":material/undo:",
            on_click=try_action,
            args=(handwriting_set.remove, examples[-1].id),
            key="remove-last",
        )
        evaluate = st.button(_(N_("Evaluate all models")), icon=":material/leaderboard:", key="score-all")
    if evaluate:
        _show_scores(choices, examples)


def _show_scores(choices: list[ModelChoice], examples: list[Example]) -> None:
    bar, rows = st.progress(0.0), []
    for i, choice in enumerate(choices):
        bar.progress(i / len(choices), model_title(choice))
        try:
            score = handwriting.score_examples(weights.load_predictor(choice.weights), examples)
        except UserError as error:
            rows.append((model_title(choice), translate_message(error.message), ""))
            continue
        errors = [
            f"{e.label}→{prediction}"
            for e, prediction, correct in zip(examples, score.predictions, score.correct, strict=True)
            if not correct
        ]
        accuracy = f"{100 * score.accuracy:.1f}% ({int(score.correct.sum())} / {len(examples)})"
        rows.append((model_title(choice), accuracy, ", ".join(errors[:_MAX_ERRORS])))
    bar.empty()
    names = (_(N_("model")), _(N_("correct")), _(N_("errors (label → prediction)")))
    st.dataframe([dict(zip(names, row, strict=True)) for row in rows], hide_index=True)
