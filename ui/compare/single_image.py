"""Predictions, Grad-CAM heatmaps and feature maps of all selected models for one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from core.analysis.model_results import ModelResult
from core.inference import grad_cam, square_crop
from core.messages import N_, UserError
from ui.compare.model_picker import load_test_dataset, model_name
from ui.kit import charts, feature_maps, image_display, shared_image, uploads, url, weights
from ui.kit.i18n import _, escape_markdown, translate_all

_UPLOAD_KEY = "compare-given"
_TOP_K = 5
_MAX_MAPS = 24
_HEATMAP_SIDE = 224  # pixels
_INPUT_SIDE = 32  # pixels
_COLUMNS = 4


def predict_probabilities(result: ModelResult, pixels: np.ndarray) -> np.ndarray:
    """Class probabilities (K,) of an image (C, H, W) uint8."""
    return weights.load_predictor(result.weights).predict(pixels[None])[0]


@dataclass(frozen=True)
class InputImage:
    """An image (3, 32, 32) uint8; for a test image, its `label` is an index into `classes`."""

    pixels: np.ndarray
    label: int | None = None
    classes: tuple[str, ...] = ()


def choose_image(results: list[ModelResult]) -> InputImage | None:
    """Let the visitor choose a test image or upload a photo. Returns None if there is none yet."""
    source = url.choose_one(
        st.segmented_control,
        _(N_("Image source")),
        ["test", "photo"],
        key="image_source",
        default="test",
        required=True,
        label_visibility="collapsed",
        format_func=lambda s: _(N_("Test image")) if s == "test" else _(N_("Upload a photo")),
    )
    if source == "photo":
        return _upload_photo()
    dataset = load_test_dataset(results)
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
    upload = uploads.image_uploader(
        _(N_("Photo of one of the ten classes")),
        key="compare-photo",
        help=_(N_("Any size. The image stays on the machine running this app.")),
    )
    if upload is not None:
        image = uploads.decode_upload(upload)
        if image is None:
            return None
        # Kept, because the upload box is emptied while another view is shown.
        st.session_state[_UPLOAD_KEY] = square_crop.crop_square(image, _INPUT_SIDE)
    elif shared := shared_image.get():
        return _show_preprocessing(square_crop.crop_square(Image.fromarray(shared[1]), _INPUT_SIDE))
    crop = st.session_state.get(_UPLOAD_KEY)
    return None if crop is None else _show_preprocessing(crop)


def _show_preprocessing(crop: square_crop.SquareCrop) -> InputImage:
    """Show the preprocessing of a photo. Returns the model input."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.image(crop.photo, width=192, caption=_(N_("original photo")))
        st.image(crop.cropped, width=192, caption=_(N_("center crop")))
        st.image(
            image_display.upscale_image(crop.pixels.transpose(1, 2, 0), 6),
            width=192,
            caption=_(N_("model input: 32×32")),
        )
    return InputImage(crop.pixels)


def show_predictions(results: list[ModelResult], image: InputImage) -> None:
    """Show the top five classes and the Grad-CAM heatmap of each model."""
    for row in range(0, len(results), _COLUMNS):
        for column, result in zip(st.columns(_COLUMNS), results[row : row + _COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch"):
                _show_prediction(result, image)
    st.caption(
        _(
            N_(
                "The heatmap shows which regions contributed most to the top prediction (Grad-CAM). "
                "Its resolution is that of the layer named below it; values in between are "
                "interpolated."
            )
        )
    )


def _show_prediction(result: ModelResult, image: InputImage) -> None:
    predictor, pixels = weights.load_predictor(result.weights), image.pixels
    probabilities = predictor.predict(pixels[None])[0]
    top, names = np.argsort(-probabilities)[:_TOP_K], translate_all(result.classes)
    title, rank = f"**{escape_markdown(model_name(result))}**", None
    if image.label is not None and image.classes == result.classes:
        if top[0] == image.label:
            title += f" · :green[:material/check: {_(N_('correct'))}]"
        else:
            title += " · :red[:material/close: " + _(N_("wrong")) + "]"
        rank = next((int(i) for i in np.flatnonzero(top == image.label)), None)
    st.markdown(title)
    figure = charts.probability_bars(probabilities[top], [names[i] for i in top], truth=rank, height=150)
    st.plotly_chart(figure, key=f"top-{result.id}", config=charts.CONFIG)
    try:
        cam = grad_cam.grad_cam(predictor, pixels, int(top[0]))
    except UserError:
        caption = _(N_("Grad-CAM not available: no convolutional layers"))
        st.image(image_display.upscale_image(pixels.transpose(1, 2, 0), 7), width="stretch", caption=caption)
        return
    caption = _(
        N_("Grad-CAM for “{label}” · layer {layer}, {size} grid"),
        label=names[int(top[0])],
        layer=cam.layer,
        size=f"{cam.map_shape[1]}×{cam.map_shape[2]}",
    )
    st.image(blend_heatmap(pixels, cam.heatmap), width="stretch", caption=caption)


def blend_heatmap(pixels: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Overlay a heatmap (H, W) in [0, 1] on an image (3, H, W) uint8: (S, S, 3).

    Low values are dimmed and gray, high values bright with a warm tint.
    """
    side = _HEATMAP_SIDE
    base = np.asarray(
        Image.fromarray(pixels.transpose(1, 2, 0)).resize((side, side), Image.Resampling.NEAREST), float
    )
    fine = (
        np.asarray(
            Image.fromarray((255 * heatmap).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC),
            float,
        )[..., None]
        / 255
    )
    gray = base.mean(2, keepdims=True)
    cold = 0.45 * gray
    warm_tint = np.array([230.0, 159.0, 0.0])
    hot = 0.75 * base + 0.25 * warm_tint
    return np.clip(cold * (1 - fine) + hot * fine, 0, 255).astype(np.uint8)


def show_feature_maps(results: list[ModelResult], pixels: np.ndarray) -> None:
    """Show the feature maps of a convolutional layer of one model."""
    by_id = {result.id: result for result in results}
    left, right = st.columns(2)
    with left:
        selected = url.choose_one(
            st.selectbox,
            _(N_("Model")),
            list(by_id),
            key="maps",
            default=next(iter(by_id)),
            format_func=lambda i: model_name(by_id[i]),
        )
    predictor = weights.load_predictor(by_id[selected].weights)
    layers = feature_maps.layers_with_maps(predictor, "Conv2d")
    if not layers:
        return
    with right:
        layer = url.choose_one(
            st.select_slider,
            _(N_("Layer (input to output)")),
            list(layers),
            key="maps-layer",
            default=next(iter(layers)),
            format_func=lambda n: f"{n} · {'×'.join(map(str, layers[n].shape))}",
        )
    feature_maps.show_feature_maps(predictor, pixels, layers[layer], limit=_MAX_MAPS, tile_side=64)
