"""One picture through all chosen networks: what each answers, where it looks, what its layers see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from core import checkpoints, images
from core.analysis.model_results import ModelResult
from core.inference import explain, grad_cam, square_crop
from core.inference.predictor import Predictor
from core.messages import N_, UserError
from ui.compare.table import load_test_dataset, model_name
from ui.kit import charts, image_display, preload, shared_image, url
from ui.kit.i18n import _, escape_markdown, translate_all, translate_message

_UPLOAD_KEY = "compare-given"
_TOP_K = 5
_MAX_MAPS = 24
_HEATMAP_SIDE = 224


@st.cache_resource(max_entries=24, show_spinner=False)
def _load_cached(weights: str, changed: float) -> Predictor:
    from pathlib import Path

    return Predictor(*checkpoints.load_weights(Path(weights)))


def load_predictor(one: ModelResult) -> Predictor:
    """The contender's network, read once."""
    preload.wait_until_ready()
    return _load_cached(str(one.weights), one.weights.stat().st_mtime)


def predict_probabilities(one: ModelResult, pixels: np.ndarray) -> np.ndarray:
    """Probabilities (K,) of a picture uint8 (C, H, W)."""
    return load_predictor(one).predict(pixels[None])[0]


@dataclass(frozen=True)
class InputImage:
    """A picture (3, 32, 32) uint8 for all networks; of a test image its `label` among `classes` is known."""

    pixels: np.ndarray
    label: int | None = None
    classes: tuple[str, ...] = ()


def choose_image(found: list[ModelResult]) -> InputImage | None:
    """The picture that the visitor chooses or gives; None while there is none."""
    source = url.choose_one(
        st.segmented_control,
        _(N_("Image source")),
        ["test", "photo"],
        key="picture",
        default="test",
        required=True,
        label_visibility="collapsed",
        format_func=lambda s: _(N_("Test image")) if s == "test" else _(N_("Upload a photo")),
    )
    if source == "photo":
        return _upload_photo()
    dataset = load_test_dataset(found)
    if dataset is None:
        st.info(
            _(
                N_(
                    "CIFAR-10 is not installed, so no test image can be shown. Upload a photo, or download "
                    "the dataset: {command}"
                ),
                command="`python -m core data get cifar10`",
            )
        )
        return None
    count = len(dataset.test_x)
    st.button(_(N_("Pick another image")), icon=":material/shuffle:", on_click=_next_image, args=(count,))
    index = url.read_number("image", count) or 0
    pixels = np.array(dataset.test_x[index])
    st.image(
        image_display.upscale_image(pixels.transpose(1, 2, 0), 6),
        width=192,
        caption=_(
            N_("Test image {index}: {label}"),
            index=index,
            label=_(dataset.classes[int(dataset.test_y[index])]),
        ),
    )
    return InputImage(pixels, int(dataset.test_y[index]), dataset.classes)


def _next_image(count: int) -> None:
    st.query_params["image"] = str(np.random.default_rng().integers(count))


def _upload_photo() -> InputImage | None:
    upload = st.file_uploader(
        _(N_("Photo of one of the ten classes")),
        type=list(images.SUFFIXES),
        key="compare-photo",
        help=_(N_("Any size. The image stays on the machine running this app.")),
    )
    if upload is not None:
        try:
            # The upload box forgets while another view is shown; the photo shall still be there when one comes back.
            st.session_state[_UPLOAD_KEY] = square_crop.crop_square(
                images.decode_image(upload.getvalue(), upload.name), 32
            )
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/image_not_supported:")
            return None
    elif given := shared_image.get():
        return _show_preprocessing(square_crop.crop_square(Image.fromarray(given[1]), 32))
    made = st.session_state.get(_UPLOAD_KEY)
    return None if made is None else _show_preprocessing(made)


def _show_preprocessing(made: square_crop.SquareCrop) -> InputImage:
    """Show how a photo becomes what the networks take; return that."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.image(made.photo, width=192, caption=_(N_("original photo")))
        st.image(made.cropped, width=192, caption=_(N_("center crop")))
        st.image(
            image_display.upscale_image(made.pixels.transpose(1, 2, 0), 6),
            width=192,
            caption=_(N_("model input: 32×32")),
        )
    return InputImage(made.pixels)


def show_predictions(found: list[ModelResult], shown: InputImage) -> None:
    """Top five and Grad-CAM of every network."""
    columns = 4
    for row in range(0, len(found), columns):
        for column, one in zip(st.columns(columns), found[row : row + columns], strict=False):
            with column, st.container(border=True, height="stretch"):
                _show_prediction(one, shown)
    st.caption(
        _(
            N_(
                "The heatmap shows which regions contributed most to the top prediction (Grad-CAM). "
                "Its resolution is that of the layer named below it; values in between are "
                "interpolated."
            )
        )
    )


def _show_prediction(one: ModelResult, shown: InputImage) -> None:
    network, pixels = load_predictor(one), shown.pixels
    chances = network.predict(pixels[None])[0]
    best, names = np.argsort(-chances)[:_TOP_K], translate_all(one.classes)
    title, place = f"**{escape_markdown(model_name(one))}**", None
    if shown.label is not None and shown.classes == one.classes:
        right, words = best[0] == shown.label, (_(N_("correct")), _(N_("wrong")))
        title += (
            f" · :green[:material/check: {words[0]}]" if right else f" · :red[:material/close: {words[1]}]"
        )
        place = next((int(i) for i in np.flatnonzero(best == shown.label)), None)
    st.markdown(title)
    figure = charts.probability_bars(chances[best], [names[i] for i in best], truth=place, height=150)
    st.plotly_chart(figure, key=f"top-{one.id}", config=charts.CONFIG)
    try:
        found = grad_cam.grad_cam(network, pixels, int(best[0]))
    except UserError:
        caption = _(N_("Grad-CAM not available: no convolutional layers"))
        st.image(image_display.upscale_image(pixels.transpose(1, 2, 0), 7), width="stretch", caption=caption)
        return
    caption = _(
        N_("Grad-CAM for “{label}” · layer {layer}, {size} grid"),
        label=names[int(best[0])],
        layer=found.layer,
        size=f"{found.maps[1]}x{found.maps[2]}",
    )
    st.image(blend_heatmap(pixels, found.heatmap), width="stretch", caption=caption)


def blend_heatmap(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A picture uint8 (3, H, W) with heat (H, W) in [0, 1] over it, (S, S, 3): where it is cold the picture is dimmed, where it is
    hot it stays
    bright under a warm tint."""
    side = _HEATMAP_SIDE
    base = np.asarray(
        Image.fromarray(pixels.transpose(1, 2, 0)).resize((side, side), Image.Resampling.NEAREST), float
    )
    fine = (
        np.asarray(
            Image.fromarray((255 * heat).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC),
            float,
        )[..., None]
        / 255
    )
    grey = base.mean(2, keepdims=True)
    cold = 0.45 * grey
    warm_tint = np.array([230.0, 159.0, 0.0])
    hot = 0.75 * base + 0.25 * warm_tint
    return np.clip(cold * (1 - fine) + hot * fine, 0, 255).astype(np.uint8)


def show_feature_maps(found: list[ModelResult], pixels: np.ndarray) -> None:
    """The feature maps of one network, layer by layer."""
    by_id = {one.id: one for one in found}
    left, right = st.columns(2)
    with left:
        chosen = url.choose_one(
            st.selectbox,
            _(N_("Model")),
            list(by_id),
            key="maps",
            default=next(iter(by_id)),
            format_func=lambda n: model_name(by_id[n]),
        )
    network = load_predictor(by_id[chosen])
    layers = [entry for entry in explain.list_feature_layers(network) if entry.kind == "Conv2d"]
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
    shapes = {entry.name: entry for entry in layers}
    with right:
        layer = url.choose_one(
            st.select_slider,
            _(N_("Layer (input to output)")),
            list(shapes),
            key="maps-layer",
            default=next(iter(shapes)),
            format_func=lambda n: f"{n} · {'x'.join(map(str, shapes[n].shape))}",
        )
    values = explain.feature_maps(network, pixels, layer)[:_MAX_MAPS]
    low, high = float(values.min()), float(values.max())
    grey = [((v - low) / (high - low or 1.0) * 255).astype(np.uint8) for v in values]
    st.image(
        image_display.tile_images(grey, 8, max(1, 64 // grey[0].shape[0])),
        width="stretch",
        caption=_(
            N_(
                "Feature maps of {layer}: {shown} of {count}. Brighter means higher activation; all "
                "maps share one scale."
            ),
            shown=len(values),
            count=shapes[layer].shape[0],
            layer=layer,
        ),
    )
