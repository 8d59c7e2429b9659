"""Explanations of a prediction on the Draw page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.inference.available_models import ModelChoice
from core.messages import N_, UserError
from ui.components.figure_row import ColorBar, Figure, figure_row
from ui.components.live_chart import live_chart
from ui.draw.input_picker import DigitInput
from ui.draw.prediction import model_title
from ui.kit import cache, charts, downloads, feature_maps, image_display, weights
from ui.kit.i18n import _, translate_message

if TYPE_CHECKING:
    from core.digits.neighbor_index import NeighborIndex

_NUM_NEIGHBORS = 8
_MAX_MAPS = 32
_MAX_INDEXES = 4  # neighbor indexes kept in memory
_MAX_CURVES = 4  # classes in the chart of predictions by epoch
_SCALE_GRAY = 128  # gray level below the colors of the scale
_ATTRIBUTION_UNITS = {
    "integrated-gradients": N_("Contribution of each pixel to the logit of {digit}."),
    "saliency": N_("Change of the logit of {digit} when the pixel gets brighter."),
    "occlusion": N_("Drop of the logit of {digit} when the 4×4 pixels around it turn black."),
}
_ATTRIBUTION_HINTS = {
    "integrated-gradients": N_(
        "Blue pixels are evidence for **{digit}**, orange pixels evidence against it. The method compares your drawing with a "
        "black image, so only ink has color. To see which strokes are missing, select Saliency."
    ),
    "saliency": N_(
        "More ink on blue pixels raises the logit of **{digit}**, on orange pixels it lowers it. Blue on the black background marks "
        "missing strokes: select another digit to see what your drawing lacks."
    ),
    "occlusion": N_(
        "Covering blue regions lowers the logit of **{digit}**: they are evidence for it. Covering orange regions raises it. "
        "Without ink there is nothing to cover, so the background far from the strokes stays black."
    ),
}
_SHARE_RANGE = [0, 1.05]  # fixed, so that 99.98% and 100% look alike


def show_attribution(digit: DigitInput, choice: ModelChoice, probabilities: np.ndarray) -> None:
    """Show which pixels are evidence for a class and which are evidence against it."""
    from core.inference import explain

    predictor = weights.load_predictor(choice.weights)
    top = int(probabilities.argmax())
    left, right = st.columns([45, 55], gap="medium")
    with right:
        target = st.segmented_control(
            _(N_("Class to explain")),
            list(range(len(probabilities))),
            default=top,
            required=True,
            wrap=True,
            format_func=lambda k: predictor.spec.classes[k],
            key=f"target-{top}",
        )
        names = {
            "integrated-gradients": _(N_("Integrated gradients")),
            "saliency": _(N_("Saliency")),
            "occlusion": _(N_("Occlusion")),
        }
        method = st.segmented_control(
            _(N_("Method")),
            list(explain.METHODS),
            default="integrated-gradients",
            required=True,
            format_func=names.get,
            key="method",
        )
        st.markdown(_(_ATTRIBUTION_HINTS[method], digit=predictor.spec.classes[target]))
    with left:
        values = explain.compute_attribution(predictor, digit.pixels, target, method)
        digit_name = predictor.spec.classes[target]
        figure_row(
            [
                Figure(
                    image_display.overlay_attribution(digit.pixels, values, factor=1),
                    _(N_("Evidence for and against {digit}"), digit=digit_name),
                    _(_ATTRIBUTION_UNITS[method], digit=digit_name),
                    _(N_("Pixels that are evidence for and against {digit}"), digit=digit_name),
                    _attribution_scale(values, digit_name),
                    is_pixelated=True,
                )
            ],
            "attribution",
        )


def _attribution_scale(values: np.ndarray, digit: str) -> ColorBar:
    """The colors of an attribution from the strongest evidence against `digit` to the strongest for it."""
    bound = image_display.attribution_bound(values)
    ramp = np.linspace(-1, 1, 9)[None]
    gray = np.full((1, 9), _SCALE_GRAY, np.uint8)
    colors = image_display.overlay_attribution(gray, ramp, factor=1)[0]
    ticks = [
        f"−{bound:.2g} " + _(N_("against {digit}"), digit=digit),
        "0",
        f"+{bound:.2g} " + _(N_("for {digit}"), digit=digit),
    ]
    return ColorBar(["rgb({}, {}, {})".format(*color) for color in colors.tolist()], ticks)


def show_feature_maps(digit: DigitInput, choice: ModelChoice) -> None:
    """Show the feature maps of a layer."""
    predictor = weights.load_predictor(choice.weights)
    layers = feature_maps.layers_with_maps(predictor)
    if not layers:
        return
    name = st.selectbox(
        _(N_("Layer")),
        list(layers),
        key=f"layer-{choice.id}",
        format_func=lambda n: f"{n} · {layers[n].kind} · {'×'.join(map(str, layers[n].shape))}",
    )
    feature_maps.show_feature_maps(predictor, digit.pixels, layers[name], limit=_MAX_MAPS, tile_side=56)


def nearest_neighbors(digit: DigitInput, choice: ModelChoice) -> None:
    """Show the most similar training digits."""
    index = _neighbor_index(choice)
    if index is None:
        st.info(
            _(
                N_(
                    "The 60,000 training digits of MNIST are not installed, so there is nothing to compare "
                    "with."
                )
            )
        )
        downloads.dataset_download_button("mnist")
        return
    with st.spinner(_(N_("Comparing with 60,000 training digits…"))):
        neighbors = index.search(digit.pixels, _NUM_NEIGHBORS)
    captions = [
        f"{label}  {100 * similarity:.0f}%"
        for label, similarity in zip(neighbors.labels, neighbors.similarity, strict=True)
    ]
    st.image(
        cache.tiles_png(list(neighbors.images), _NUM_NEIGHBORS // 2, 4, captions=captions),
        alt=f"{_(N_('Similar training digits'))}: {', '.join(captions)}",
    )
    st.caption(
        _(
            N_(
                "Nearest neighbors among the 60,000 training images in the model's feature space, with "
                "label and cosine similarity."
            )
        )
        if neighbors.space == "features"
        else _(
            N_(
                "Nearest neighbors among the 60,000 training images in pixel space, with label and "
                "cosine similarity."
            )
        )
    )


@st.cache_resource(show_spinner=False)
def _loaded_indexes() -> dict[str, NeighborIndex]:
    return {}


def _neighbor_index(choice: ModelChoice) -> NeighborIndex | None:
    """The index of a model, loaded once, with a progress bar; None if MNIST is not installed."""
    from core.digits import neighbor_index

    # Not by st.cache_resource itself: a cached function cannot draw into a progress bar outside of it.
    loaded, key = _loaded_indexes(), f"{choice.weights}-{choice.weights.stat().st_mtime}"
    if key not in loaded:
        bar = st.progress(0.0, _(N_("Loading the training set")))
        index = neighbor_index.load_index(
            weights.load_predictor(choice.weights),
            key,
            progress=lambda message, share: bar.progress(share, translate_message(message)),
        )
        bar.empty()
        if index is None:
            return None
        while len(loaded) >= _MAX_INDEXES:
            loaded.pop(next(iter(loaded)))
        loaded[key] = index
    return loaded[key]


def shift_sensitivity(digit: DigitInput, choices: list[ModelChoice]) -> None:
    """Show the confidence in the predicted class while the image is shifted left and right."""
    from core.digits import shift_test

    series = []
    for role, choice in enumerate(choices):
        predictor = weights.load_predictor(choice.weights)
        offsets, probabilities = shift_test.predict_shifted(predictor, digit.pixels)
        top = digit.label if digit.label is not None else int(probabilities[shift_test.MAX_SHIFT].argmax())
        name = f"{model_title(choice)}: {predictor.spec.classes[top]}"
        series.append(charts.Series(name, offsets, probabilities[:, top], role=role))
    live_chart(
        _confidence_chart(series, _(N_("shift to the right (pixels)"))),
        "sliding",
        alt=_(N_("Confidence by shift")),
    )
    st.caption(
        _(
            N_(
                "A shift-invariant model would give a flat line. Training with shift augmentation "
                "flattens the curve."
            )
        )
    )


def _confidence_chart(series: list[charts.Series], x_label: str) -> go.Figure:
    """Confidence, on an axis from 0% to 100%."""
    figure = charts.line_chart(series, x_label, _(N_("Confidence")), y_format=".0%", height=280)
    figure.update_yaxes(range=_SHARE_RANGE)
    return figure


def epoch_replay(digit: DigitInput, choice: ModelChoice) -> None:
    """Show the predictions of each saved epoch of a run."""
    saved = choice.run.saved_epochs() if choice.run else []
    if not saved:
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
    rows, epochs = [], []
    for epoch in saved:
        try:
            predictor = weights.load_predictor(choice.run.epoch_weights_path(epoch))
        except (UserError, OSError):
            continue  # A run in progress deletes and replaces epochs.
        rows.append(predictor.predict(digit.pixels[None, None])[0])
        epochs.append(epoch)
    if not rows:
        return
    probabilities = np.stack(rows)  # (E, K)
    classes = weights.load_predictor(choice.weights).spec.classes
    shown = np.argsort(-probabilities.max(0))[:_MAX_CURVES]
    series = [
        charts.Series(classes[k], epochs, probabilities[:, k], role=role) for role, k in enumerate(shown)
    ]
    live_chart(_confidence_chart(series, _(N_("Epochs"))), "replay", alt=_(N_("Confidence by epoch")))
    predictions = " ".join(classes[k] for k in probabilities.argmax(1))
    st.caption(_(N_("Predictions by epoch: {answers}"), answers=predictions))
