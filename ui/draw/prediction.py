"""The answer to a digit, what the network sees, and why it answers so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from core.digits.canvas import PreprocessingSteps
from core.digits.ood_detector import NAME
from core.inference import explain
from core.inference.available_models import ModelChoice, verify_weights
from core.inference.predictor import Predictor
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.draw.input_picker import DigitInput
from ui.kit import cache, charts, image_display
from ui.kit.i18n import _, escape_markdown

_MAX_MAPS = 32  # feature maps shown
_IMAGE_SIDE = 224  # pixels


@st.cache_resource(max_entries=24, show_spinner=False)
def load_network(path: str, changed: float) -> Predictor:
    """The network in a weights file, loaded once; `changed` renews it."""
    return Predictor.load(Path(path))


def load_predictor(choice: ModelChoice) -> Predictor:
    """The network of a choice, loaded once. Raises UserError where its weights cannot be used."""
    path = verify_weights(choice)
    return load_network(str(path), path.stat().st_mtime)


def model_title(choice: ModelChoice) -> str:
    """A network's name on the page."""
    return f"{_(choice.task.title)} · {choice.run.label}" if choice.run else _(choice.task.title)


def show_prediction(digit: DigitInput, choice: ModelChoice, accepted: bool, key: str) -> np.ndarray:
    """The top digit, large, and the probabilities of all ten. Returns them, (10,)."""
    network = load_predictor(choice)
    probabilities = network.predict(digit.pixels[None, None])[0]
    top = int(probabilities.argmax())
    st.caption(escape_markdown(model_title(choice)))
    if accepted:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.metric(_(N_("Prediction")), network.spec.classes[top], width="content")
            st.metric(_(N_("Confidence")), charts.format_percent(probabilities[top]), width="content")
    else:
        st.warning(_(N_("This does not look like a digit.")), icon=":material/help:")
        measured = (cache.model_card(NAME) or {}).get("metrics", {})
        if measured:
            st.caption(
                _(
                    N_(
                        "Measured: this check rejects {letters} of printed letters, and wrongly rejects "
                        "{digits} of MNIST test digits."
                    ),
                    digits=f"{100 * measured['digits_rejected']:.1f} %",
                    letters=f"{100 * measured['letters_caught']:.0f} %",
                )
            )
        st.caption(_(N_("Best guess:")))
    if digit.label is not None:
        right = top == digit.label
        st.badge(
            _(N_("correct")) if right else _(N_("wrong: the label is {truth}"), truth=digit.label),
            icon=":material/check:" if right else ":material/close:",
            color="green" if right else "red",
        )
    figure = charts.probability_bars(probabilities, network.spec.classes, truth=digit.label, vertical=True)
    live_chart(figure, f"probabilities-{key}", alt=_(N_("Predicted probabilities of the ten digits")))
    return probabilities


def preprocessing_switches() -> PreprocessingSteps:
    """One switch for every step between the drawing and the network, so that one sees accuracy break without it."""
    st.caption(
        _(
            N_(
                "MNIST digits went through the same preprocessing. Turn a step off and watch the "
                "prediction change."
            )
        )
    )
    with st.container(horizontal=True):
        crop = st.toggle(_(N_("Crop to bounding box")), True, key="step-crop", bind="query-params")
        fit = st.toggle(_(N_("Resize to 20×20")), True, key="step-fit", bind="query-params")
        centre = st.toggle(_(N_("Center by mass")), True, key="step-centre", bind="query-params")
    return PreprocessingSteps(crop, fit, centre)


def preprocessing_steps() -> PreprocessingSteps:
    """The switches as they stand, before they are drawn."""
    return PreprocessingSteps(
        *(st.session_state.get(f"step-{name}", True) for name in ("crop", "fit", "centre"))
    )


def show_preprocessing(digit: DigitInput) -> None:
    """The pictures after every step, in one row."""
    names, images = [_(N_("28×28 (model input)"))], [digit.pixels]
    if digit.prepared:
        way = digit.prepared
        size = f"{way.resized.shape[0]}x{way.resized.shape[1]}"
        names = [_(N_("original image")), _(N_("cropped")), size, *names]
        images = [way.drawing, way.cropped, way.resized, *images]
    gap = np.zeros((224, 16, 4), np.uint8)
    parts = [part for image in images for part in (_fit_to_square(image), gap)][:-1]
    st.image(np.concatenate(parts, axis=1), caption=" → ".join(names))


def _fit_to_square(image: np.ndarray, side: int = 224) -> np.ndarray:
    """`image` (h, w) enlarged without smoothing (or reduced) into a grey square, so that all steps stand at the same height."""
    from PIL import Image

    scale = side / max(image.shape)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    square = Image.new("L", (side, side), 60)
    square.paste(Image.fromarray(image).resize(size, method), ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square.convert("RGBA"))


def show_attribution(digit: DigitInput, choice: ModelChoice, probabilities: np.ndarray) -> None:
    """Which pixels speak for an answer, and which against it."""
    network = load_predictor(choice)
    left, right = st.columns([1, 2])
    with right:
        target = st.segmented_control(
            _(N_("Class to explain")),
            list(range(len(probabilities))),
            default=int(probabilities.argmax()),
            required=True,
            wrap=True,
            format_func=lambda k: network.spec.classes[k],
            key=f"target-{int(probabilities.argmax())}",
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
        st.markdown(
            _(
                N_(
                    "Blue pixels are evidence for **{digit}**, orange pixels evidence against it. Color on "
                    "the black background marks missing strokes: select another digit to see what your "
                    "drawing lacks."
                ),
                digit=network.spec.classes[target],
            )
        )
    with left:
        values = explain.compute_attribution(network, digit.pixels, target, method)
        st.image(image_display.overlay_attribution(digit.pixels, values), width=_IMAGE_SIDE)


def show_feature_maps(digit: DigitInput, choice: ModelChoice) -> None:
    """The feature maps of one layer."""
    network = load_predictor(choice)
    layers = explain.list_feature_layers(network)
    if not layers:
        st.info(
            _(
                N_(
                    "This model has no feature maps because it flattens its input. Choose a convolutional "
                    "model."
                )
            )
        )
        return
    by_name = {layer.name: layer for layer in layers}
    name = st.selectbox(
        _(N_("Layer")),
        list(by_name),
        key=f"layer-{choice.id}",
        format_func=lambda n: f"{n} · {by_name[n].kind} · {' x '.join(map(str, by_name[n].shape))}",
    )
    values = explain.feature_maps(network, digit.pixels, name)[:_MAX_MAPS]
    low, high = float(values.min()), float(values.max())
    grey = [((v - low) / (high - low or 1.0) * 255).astype(np.uint8) for v in values]
    factor = max(2, 56 // grey[0].shape[0])
    st.image(
        image_display.tile_images(grey, 8, factor),
        width="stretch",
        caption=_(
            N_(
                "Feature maps of {layer}: {shown} of {count}. Brighter means higher activation; all "
                "maps share one scale."
            ),
            shown=len(values),
            count=by_name[name].shape[0],
            layer=name,
        ),
    )
