"""Predictions, Grad-CAM heatmaps and feature maps of all selected models for one image.

No warning tells that an image shows none of the ten classes: no score that we measured does. With thresholds below which 5% of 2,000
CIFAR-10 test images fall, the best score of four (highest probability, energy, highest logit, entropy) found 17% (plain CNN) and 26%
(MobileNetV1) of 158 test photos of apples and oranges. So a sentence says it, whatever the image.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st
from PIL import Image

from core.analysis.model_results import ModelResult
from core.data import ArrayDataset
from core.inference import square_crop
from core.inference.class_samples import COFFEE, ClassSample, load_samples
from core.messages import N_
from ui.compare import heatmap, sample_images
from ui.compare.model_picker import DATASET, is_installed, load_test_dataset, model_name
from ui.compare.sample_images import INPUT_SIDE, InputImage
from ui.components.film_strip import FilmPages, FilmTile, film_strip
from ui.kit import charts, image_display, shared_image, uploads, url, weights
from ui.kit.downloads import dataset_download_button
from ui.kit.i18n import _, escape_markdown, translate_all

_UPLOAD_KEY = "compare-given"
_OPACITY_KEY = "heatmap-opacity"
_TOP_K = 5
_MAX_MAPS = 24
_CARD_WIDTH, _MAX_CARDS = 150, 4  # pixels, at least; in a row
_BAR_ROOM = 190  # percent of the longest bar, with its label; two cards stand side by side on a phone
_UPLOAD = "photo"
_STRIP_PAGE, _STRIP_LENGTH, _TILE_SIDE = "_compare-strip-page", 9, 96  # pixels
_CONFIDENT_FRUIT = (
    0.69  # fraction of the photos of apples and oranges to which the ResNet gave a class over 50%; see above
)


def predict_probabilities(result: ModelResult, pixels: np.ndarray) -> np.ndarray:
    """Class probabilities (K,) of an image (C, H, W) uint8."""
    return weights.load_predictor(result.weights).predict(pixels[None])[0]


def choose_image(results: list[ModelResult]) -> InputImage | None:
    """Let the visitor choose a test image or a bundled photo, or upload one. Returns None if there is none yet.

    The bundled photos also stand in for the test images while those are being decoded.
    """
    dataset = load_test_dataset(results)
    if dataset is not None:
        return _upload_photo() if _test_strip(dataset) else _chosen_test_image(dataset)
    samples = {sample.name: sample for sample in load_samples()}
    chosen = st.query_params.get("sample", "")
    sample = samples.get(chosen) or next(iter(samples.values()))
    if _strip(
        [
            FilmTile(s.name, _sample_label(s), encode_tile(s.photo), selected=s is sample)
            for s in samples.values()
        ]
    ):
        return _upload_photo()
    # A caption is too pale for links.
    st.markdown(f":small[**{_sample_label(sample)}** · [{sample.credit}]({sample.url}) · {sample.license}]")
    if not is_installed():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_(N_("The 10,000 test images are not installed.")), width="content")
            dataset_download_button(DATASET)
    return sample_images.from_sample(sample, results[0].classes)


def _test_strip(dataset: ArrayDataset) -> bool:
    """Show a page of test images to choose from; return whether an upload was chosen instead."""
    count = len(dataset.test_x)
    last = (count - 1) // _STRIP_LENGTH
    page = min(st.session_state.get(_STRIP_PAGE, 0), last)
    chosen = url.read_number("image", count) or 0
    shown = sample_images.strip_indices(count, page, _STRIP_LENGTH)
    indices = shown if chosen in shown else [chosen, *shown[1:]]
    tiles = [
        FilmTile(
            str(i),
            _(N_("Test image {index}: {label}"), index=i, label=_(dataset.classes[int(dataset.test_y[i])])),
            _test_tile(dataset.origin, i, dataset.test_x),
            selected=i == chosen,
        )
        for i in indices
    ]
    first = page * _STRIP_LENGTH
    pages = FilmPages(
        _(N_("{first}–{last} of {count}"), first=first + 1, last=first + len(shown), count=f"{count:,}"),
        _(N_("Previous images")),
        _(N_("Next images")),
        page > 0,
        page < last,
    )

    def turn(step: int) -> None:
        st.session_state[_STRIP_PAGE] = max(0, min(last, page + step))
        st.query_params["image"] = str(sample_images.strip_indices(count, page + step, _STRIP_LENGTH)[0])

    return _strip(tiles, pages, turn)


def _strip(
    tiles: list[FilmTile], pages: FilmPages | None = None, on_turn: Callable[[int], None] | None = None
) -> bool:
    """Show a tile for an upload, then `tiles`; return whether the first one is chosen."""
    is_upload = st.query_params.get("image_source") == _UPLOAD
    own = FilmTile(_UPLOAD, _(N_("Upload a photo")), icon="upload", selected=is_upload)
    film_strip(
        [own, *(replace(tile, selected=tile.selected and not is_upload) for tile in tiles)],
        "compare-strip",
        _choose,
        alt=_(N_("Images")),
        pages=pages,
        on_turn=on_turn,
    )
    return is_upload


def _choose(name: str) -> None:
    if name == _UPLOAD:
        st.query_params["image_source"] = _UPLOAD
        return
    st.query_params.pop("image_source", None)
    st.query_params["image" if name.isdigit() else "sample"] = name


def _chosen_test_image(dataset: ArrayDataset) -> InputImage:
    index = url.read_number("image", len(dataset.test_x)) or 0
    image = sample_images.from_test_set(dataset, index)
    label = _(dataset.classes[image.label])
    st.caption(_(N_("Test image {index}: {label}"), index=index, label=f"**{label}**"))
    return image


@st.cache_data(max_entries=400, show_spinner=False)
def _test_tile(origin: str, index: int, _x: np.ndarray) -> bytes:
    return encode_tile(np.asarray(_x[index]).transpose(1, 2, 0))


def encode_tile(photo: np.ndarray) -> bytes:
    """JPEG file of an image (H, W, 3) uint8, as a tile of the strip."""
    buffer = io.BytesIO()
    heatmap.enlarge(photo, smooth=photo.shape[0] > INPUT_SIDE, side=_TILE_SIDE).save(
        buffer, "JPEG", quality=88
    )
    return buffer.getvalue()


def _sample_label(sample: ClassSample) -> str:
    return _(sample.label) if sample.label else _(COFFEE)


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
        st.session_state[_UPLOAD_KEY] = square_crop.crop_square(image, INPUT_SIDE)
    elif shared := shared_image.get():
        return _show_preprocessing(square_crop.crop_square(Image.fromarray(shared[1]), INPUT_SIDE))
    crop = st.session_state.get(_UPLOAD_KEY)
    return None if crop is None else _show_preprocessing(crop)


def _show_preprocessing(crop: square_crop.SquareCrop) -> InputImage:
    """Show the preprocessing of a photo. Returns the model input."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for caption, pixels in (
            (_(N_("original photo")), crop.photo),
            (_(N_("center crop")), crop.cropped),
            (
                _(N_("model input: 32×32")),
                image_display.upscale_image(crop.pixels.transpose(1, 2, 0), 5),
            ),
        ):
            st.image(pixels, width=150, caption=caption, alt=caption)
    return sample_images.from_crop(crop)


def show_predictions(results: list[ModelResult], image: InputImage) -> None:
    """Show the Grad-CAM heatmap and the top five classes of each model."""
    opacity = st.session_state.get(_OPACITY_KEY, round(100 * heatmap.DEFAULT_OPACITY)) / 100
    with st.grid(min(_MAX_CARDS, len(results)), min_column_width=_CARD_WIDTH, gap="small"):
        for result in results:
            with st.container(border=True, height="stretch"):
                _show_prediction(result, image, opacity)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.slider(
            _(N_("Heatmap opacity (%)")),
            0,
            100,
            round(100 * heatmap.DEFAULT_OPACITY),
            5,
            key=_OPACITY_KEY,
            persist_state="session",
            width=220,
        )
        heatmap.color_bar()
    st.info(
        _(
            N_(
                "These models know ten classes only: {classes}. They choose one of them for every image, "
                "and their confidence does not tell whether it fits: for {share} of 158 photos of apples "
                "and oranges, the ResNet was more than 50% confident."
            ),
            classes=", ".join(translate_all(results[0].classes)),
            share=f"{_CONFIDENT_FRUIT:.0%}",
        ),
        icon=":material/category:",
    )
    st.caption(
        _(
            N_(
                "The heatmap shows which regions contributed most to the top prediction (Grad-CAM). "
                "Its resolution is that of the layer named below it; values in between are "
                "interpolated."
            )
        )
    )


def _show_prediction(result: ModelResult, image: InputImage, opacity: float) -> None:
    probabilities = predict_probabilities(result, image.pixels)
    top, names = np.argsort(-probabilities)[:_TOP_K], translate_all(result.classes)
    title, rank = f"**{escape_markdown(model_name(result))}**", None
    if image.label is not None and image.classes == result.classes:
        if top[0] == image.label:
            title += f" · :green[:material/check: {_(N_('correct'))}]"
        else:
            title += " · :red[:material/close: " + _(N_("wrong")) + "]"
        rank = next((int(i) for i in np.flatnonzero(top == image.label)), None)
    st.markdown(title)
    shown = heatmap.explain(result, image, opacity=opacity)
    if shown is None:
        plain = np.asarray(heatmap.enlarge(image.photo, smooth=image.is_photo))
        caption = _(N_("Grad-CAM not available: no convolutional layers"))
        st.image(plain, width="stretch", caption=caption, alt=names[int(top[0])])
    else:
        caption = _(
            N_("Grad-CAM for “{label}” · layer {layer}, {size} grid"),
            label=names[shown.predicted],
            layer=shown.layer,
            size=shown.grid,
        )
        st.image(shown.overlay, width="stretch", caption=caption, alt=caption)
    figure = charts.probability_bars(probabilities[top], [names[i] for i in top], truth=rank, height=150)
    figure.update_xaxes(range=[0, _BAR_ROOM])
    st.plotly_chart(figure, key=f"top-{result.id}", config=charts.CONFIG, alt=_(N_("Top five classes")))


def show_feature_maps(results: list[ModelResult], pixels: np.ndarray) -> None:
    """Show the feature maps of a convolutional layer of one model."""
    from ui.kit import feature_maps

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
