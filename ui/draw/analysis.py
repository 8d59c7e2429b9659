"""More about a digit on the draw page: its nearest relatives, how it fares when it slides, how a run learned it, one's own set."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.digits import handwriting, neighbor_index, shift_test
from core.digits.handwriting import HandwritingSet
from core.inference.available_models import ModelChoice
from core.messages import Message, N_, UserError
from ui.components.live_chart import live_chart
from ui.draw.input_picker import DigitInput
from ui.draw.prediction import load_network, load_predictor, model_title
from ui.kit import charts, image_display
from ui.kit.frame import flash, try_action
from ui.kit.i18n import _, translate_message

_NUM_NEIGHBORS = 8


def nearest_neighbors(digit: DigitInput, choice: ModelChoice) -> None:
    """The nearest training digits."""
    place = st.empty()
    key = f"{choice.weights}-{choice.weights.stat().st_mtime}"
    index = neighbor_index.load_index(
        load_predictor(choice),
        key,
        progress=lambda what, share: place.progress(share, translate_message(what)),
    )
    place.empty()
    if index is None:
        st.info(
            _(
                N_(
                    "MNIST is not installed, so the training digits cannot be shown. Run {command} to "
                    "download it."
                ),
                command="`python -m core data get mnist`",
            )
        )
        return
    found = index.nearest(digit.pixels, _NUM_NEIGHBORS)
    captions = [f"{label}  {100 * s:.0f}%" for label, s in zip(found.labels, found.similarity, strict=True)]
    st.image(image_display.tile_images(list(found.images), _NUM_NEIGHBORS // 2, 4, captions=captions))
    st.caption(
        _(
            N_(
                "Nearest neighbors among the 60,000 training images in the model's feature space, with "
                "label and cosine similarity."
            )
        )
        if found.by == "features"
        else _(
            N_(
                "Nearest neighbors among the 60,000 training images in pixel space, with label and "
                "cosine similarity."
            )
        )
    )


def shift_sensitivity(digit: DigitInput, choices: list[ModelChoice]) -> None:
    """The answer while the picture slides to the left and to the right."""
    series = []
    for place, choice in enumerate(choices):
        network = load_predictor(choice)
        offsets, probabilities = shift_test.predict_shifted(network, digit.pixels)
        top = digit.label if digit.label is not None else int(probabilities[shift_test.MAX_SHIFT].argmax())
        name = f"{model_title(choice)}: {network.spec.classes[top]}"
        series.append(charts.Series(name, offsets, probabilities[:, top], role=place))
    figure = charts.line_chart(
        series, _(N_("shift to the right (pixels)")), _(N_("Confidence")), y_format=".0%", height=280
    )
    live_chart(figure, "sliding")
    st.caption(
        _(
            N_(
                "A shift-invariant model would give a flat line. Training with shift augmentation "
                "flattens the curve."
            )
        )
    )


def epoch_replay(digit: DigitInput, choice: ModelChoice) -> None:
    """The same picture through every saved epoch of a run."""
    epochs = choice.run.saved_epochs() if choice.run else []
    if not epochs:
        st.info(
            _(
                N_(
                    "Select one of your runs as the model to see its prediction for this image at each "
                    "saved epoch."
                )
            )
        )
        st.page_link("pages/train.py", label=_(N_("Train your own model")), icon=":material/model_training:")
        return
    rows, kept = [], []
    for epoch in epochs:
        path = choice.run.epoch_weights_path(epoch)
        try:
            rows.append(load_network(str(path), path.stat().st_mtime).predict(digit.pixels[None, None])[0])
            kept.append(epoch)
        except (UserError, OSError):
            continue  # thinned or being written just now
    if not rows:
        return
    table = np.stack(rows)  # (E, K)
    classes = load_predictor(choice).spec.classes
    interesting = np.argsort(-table.max(0))[:4]
    series = [charts.Series(classes[k], kept, table[:, k], role=place) for place, k in enumerate(interesting)]
    figure = charts.line_chart(series, _(N_("Epochs")), _(N_("Confidence")), y_format=".0%", height=280)
    live_chart(figure, "replay")
    answers = " ".join(classes[k] for k in table.argmax(1))
    st.caption(_(N_("Predictions by epoch: {answers}"), answers=answers))


def save_example(digit: DigitInput, owner: str) -> None:
    """Save a misclassified drawing to the visitor's set with its correct label."""
    if digit.source == "test":
        return

    def add() -> None:
        label = st.session_state.get("keep-label")
        if label is not None:
            kept = try_action(lambda: HandwritingSet(owner).add(digit.pixels, int(label)))
            st.session_state["keep-label"] = None
            if kept:
                flash(_saved_message(label), "success")

    st.segmented_control(
        _(N_("Wrong? Save it to your set with the correct label:")),
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


def _saved_message(label: str) -> Message:
    return Message(N_("Saved with label {label}."), {"label": label})


def choose_owner() -> str:
    """The name of the visitor's set, from the URL or the field below it."""
    return st.session_state.get("set") or st.query_params.get("set") or "me"


def handwriting_set(choices: list[ModelChoice]) -> None:
    """One's own handwriting: look, score all networks on it, take it along, remove."""
    owner = st.text_input(
        _(N_("Set name")),
        "me",
        key="set",
        bind="query-params",
        max_chars=40,
        help=_(N_("On a shared machine, use a unique name.")),
    )
    try:
        mine = HandwritingSet(owner)
        examples = mine.examples()
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
    st.image(
        image_display.tile_images(
            [e.pixels for e in examples[-48:]], 12, 2, captions=[str(e.label) for e in examples[-48:]]
        )
    )
    with st.container(horizontal=True):
        st.download_button(
            _(N_("Export ZIP ({count})"), count=len(examples)),
            mine.export(),
            f"{owner}.zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(
            _(N_("Remove last digit")),
            icon=":material/undo:",
            on_click=try_action,
            args=(mine.remove, examples[-1].id),
            key="remove-last",
        )
        go = st.button(_(N_("Evaluate all models")), icon=":material/leaderboard:", key="score-all")
    if go:
        rows = []
        for choice in choices:
            try:
                scored = handwriting.score_examples(load_predictor(choice), examples)
            except UserError as error:
                rows.append((model_title(choice), translate_message(error.message), ""))
                continue
            wrong = [
                f"{e.label}→{a}"
                for e, a, ok in zip(examples, scored.answers, scored.right, strict=True)
                if not ok
            ]
            share = f"{100 * scored.accuracy:.1f} % ({int(scored.right.sum())} / {len(examples)})"
            rows.append((model_title(choice), share, ", ".join(wrong[:12])))
        names = (_(N_("model")), _(N_("correct")), _(N_("errors (label → prediction)")))
        st.dataframe([dict(zip(names, row, strict=True)) for row in rows], hide_index=True)
