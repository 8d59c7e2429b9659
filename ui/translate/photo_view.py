"""A photo on the Translate page: its predicted domain, translation, reconstruction, difference map, and training progression."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import streamlit as st
import torch
from PIL import Image

from core import paths
from core.inference.available_models import ModelChoice
from core.messages import N_
from core.translation import domain_classifiers, photo_translation, translator
from core.translation.translator import DomainPrediction, Translator
from ui.components.before_after import before_after
from ui.kit import cache, image_display, palette
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _
from ui.runs import translation_panel
from ui.translate.photo_input import InputPhoto

_MAX_EPOCHS = 12  # epochs in the training progression
_STRIP_IMAGE_SIDE = 128  # pixels
_THUMBNAIL_SIDE = 150  # pixels
_DIRECTION_FROM = {"a": "a2b", "b": "b2a"}


@st.cache_data(max_entries=12, show_spinner=False)
def _cached_translation(
    weights_path: str, mtime: float, digest: str, direction: str, _model: Translator, _photos: torch.Tensor
) -> photo_translation.Translation:
    """The translation of a photo, computed once; the sliders only apply it."""
    return _model.translate(_photos, direction, reconstruct=True)


@st.cache_data(max_entries=32, show_spinner=False)
def _cached_domain(classifier_mtime: float, digest: str, _photos: torch.Tensor) -> DomainPrediction | None:
    """The predicted domain of a photo, computed once; None if the classifier is not installed."""
    predictions = translator.predict_domains(_photos)
    return predictions[0] if predictions else None


def _predict_domain(photo: InputPhoto, photos: torch.Tensor) -> DomainPrediction | None:
    path = paths.checkpoints() / f"{domain_classifiers.PRIMARY}.safetensors"
    return _cached_domain(path.stat().st_mtime if path.exists() else 0.0, photo.digest, photos)


def domain_names(model: Translator) -> dict[str, str]:
    """Translated names of the domains "a" and "b"."""
    one, other = model.spec.classes if len(model.spec.classes) == 2 else ("A", "B")
    return {"a": _(one), "b": _(other)}


def direction_name(model: Translator, direction: str) -> str:
    """A direction in words, such as "apple → orange"."""
    names = domain_names(model)
    return f"{names[direction[0]]} → {names[direction[-1]]}"


def can_detect_domain(model: Translator) -> bool:
    """Whether the domain classifier was trained on the domains of `model`."""
    return model.spec.classes == ("apple", "orange")


@st.fragment
@with_error_boundary
def show_photo(model: Translator, choice: ModelChoice, photo: InputPhoto, requested: str, key: str) -> None:
    """Show everything about one photo. `requested` is a direction or "auto"; `key` is unique on the page.

    A fragment, so that the sliders of one photo do not rerun the others.
    """
    photos = photo_translation.to_tensor(photo.pixels)
    prediction = None
    if not photo.domain and can_detect_domain(model):
        prediction = _predict_domain(photo, photos)
    direction = _choose_direction(photo, prediction, requested)
    _show_domain_prediction(model, prediction, direction)
    _show_translation(model, choice, photo, photos, direction, key)


def _choose_direction(photo: InputPhoto, prediction: DomainPrediction | None, requested: str) -> str:
    """The requested direction; with "auto", away from the photo's own or predicted domain."""
    if requested != "auto":
        return requested
    if photo.domain:
        return _DIRECTION_FROM[photo.domain]
    return "a2b" if prediction is None or prediction.probability_b < 0.5 else "b2a"


def _show_domain_prediction(model: Translator, prediction: DomainPrediction | None, direction: str) -> None:
    """Show the predicted domain, or a warning if the classifier is not confident."""
    if prediction is None:
        return
    names = domain_names(model)
    p = max(prediction.probability_b, 1 - prediction.probability_b)
    likely = names["b" if prediction.probability_b >= 0.5 else "a"]
    if prediction.domain is None:
        st.warning(
            _(
                N_(
                    "The classifier is not confident in {one} or {other} ({likely}: {percent}%). The photo "
                    "is still translated ({way}), but the result may be meaningless."
                ),
                one=names["a"],
                other=names["b"],
                likely=likely,
                percent=f"{100 * p:.0f}",
                way=direction_name(model, direction),
            ),
            icon=":material/help:",
        )
    else:
        st.caption(
            _(
                N_("Classifier prediction: {likely} ({percent}%). Direction: {way}."),
                likely=likely,
                percent=f"{100 * p:.0f}",
                way=direction_name(model, direction),
            )
        )


def _show_translation(
    model: Translator,
    choice: ModelChoice,
    photo: InputPhoto,
    photos: torch.Tensor,
    direction: str,
    key: str,
) -> None:
    """Show the translation with its controls. `photos` is the model input of `photo`."""
    pixels = photo.pixels
    with st.spinner(_(N_("Translating…"))):
        translation = _cached_translation(
            str(choice.weights), choice.weights.stat().st_mtime, photo.digest, direction, model, photos
        )
    left, right = st.columns([3, 2], gap="large")
    with right:
        strength = st.slider(_(N_("Strength")), 0.0, 1.5, 1.0, 0.05, key=f"strength-{key}")
        keep = st.toggle(
            _(N_("Keep background")),
            key=f"keep-{key}",
            help=_(N_("Applies the change only where it is strongest. The threshold below sets the cutoff.")),
        )
        mask = None
        if keep:
            threshold = st.slider(_(N_("Threshold")), 0.05, 1.0, 0.4, 0.05, key=f"threshold-{key}")
            mask = translation.change_mask(threshold)
        result = photo_translation.apply_change_tiled(pixels, translation.change, strength, mask)
        st.download_button(
            _(N_("Download (PNG)")),
            lambda: _encode_png(result),
            f"{model.spec.task}-{direction}.png",
            "image/png",
            icon=":material/download:",
            key=f"download-{key}",
            width="stretch",
            on_click="ignore",
        )
        with st.container(horizontal=True):
            reconstruction = photo_translation.to_pixels(translation.reconstruction)
            _show_thumbnail(reconstruction, _(N_("Reconstruction")))
            _show_thumbnail(_difference_overlay(translation), _(N_("Difference map")))
            if mask is not None:
                gray = image_display.upscale_image((mask[0, 0] * 255).byte().numpy(), 1)
                _show_thumbnail(gray, _(N_("mask")))
        error = float((translation.reconstruction - translation.inputs).abs().mean())
        st.caption(
            _(
                N_("Reconstruction error (MAE): {error}%. Mean change to the photo: {change}%."),
                error=f"{100 * error:.1f}",
                change=f"{100 * float(translation.change.abs().mean()):.1f}",
            )
        )
    with left:
        before_after(
            pixels,
            result,
            f"slider-{key}",
            labels=(_(N_("photo")), direction_name(model, direction)),
            handle=_(N_("Before/after slider")),
        )
        h, w = pixels.shape[:2]
        st.caption(
            _(
                N_(
                    "{width}×{height} pixels. Translated at {working} pixels; the change was upsampled and "
                    "applied to the original photo."
                ),
                width=w,
                height=h,
                working=min(translation.inputs.shape[-2:]),
            )
        )
    if choice.run is not None:
        _show_progression(choice, photos, photo.digest, direction, key)


def show_quality(choice: ModelChoice) -> None:
    """Show the test metrics of a model and how to read them."""
    metrics = (
        (cache.model_card(choice.id) or {}).get("metrics", {})
        if choice.run is None
        else (choice.run.summary or {}).get("metrics", {})
    )
    if isinstance(share := metrics.get("color_histogram_accuracy"), float):
        st.caption(
            _(
                N_(
                    "Color alone separates real apples from real oranges: a color histogram classifies "
                    "{percent}% of the test photos correctly. The second classifier was trained without "
                    "true colors and relies on shape and texture. Color transfer alone can still fool it. "
                    "The metrics below show how often."
                ),
                percent=f"{100 * share:.1f}",
            )
        )
    if metrics:
        with st.expander(_(N_("Metrics on the test photos")), icon=":material/gavel:"):
            translation_panel.show_results(metrics)


def _show_thumbnail(image: np.ndarray, caption: str) -> None:
    st.image(_fit_to_square(image), caption=caption, width=_THUMBNAIL_SIDE)


def _fit_to_square(image: np.ndarray) -> np.ndarray:
    """Pad an image to a square with transparent borders, so that narrow images do not become tall: (S, S, 4)."""
    square = Image.new("RGBA", (max(image.shape[:2]),) * 2)
    square.paste(Image.fromarray(image), tuple((square.width - n) // 2 for n in image.shape[1::-1]))
    return np.asarray(square)


def _difference_overlay(translation: photo_translation.Translation) -> np.ndarray:
    """The difference map, colored, over the photo in gray: (h, w, 3) uint8."""
    change = translation.difference_map[0, 0].numpy()
    share = 0.8 * np.clip(change / max(float(np.quantile(change, 0.98)), 1e-6), 0, 1)[..., None]
    gray = np.repeat(photo_translation.to_pixels(translation.inputs).mean(2, keepdims=True), 3, axis=2)
    return (gray * (1 - share) + np.array(palette.to_rgb(palette.NEGATIVE)) * share).astype(np.uint8)


def _show_progression(
    choice: ModelChoice, photos: torch.Tensor, digest: str, direction: str, key: str
) -> None:
    """Show the translations by saved epochs of a run, in an expander that computes them when it is opened."""
    saved = translator.saved_epochs(choice.run)
    if len(saved) < 2:
        return
    expander = st.expander(
        _(N_("Training progression")), icon=":material/movie:", key=f"film-{key}", on_change="rerun"
    )
    if not expander.open:
        return
    with expander:
        shown = [saved[i] for i in np.unique(np.linspace(0, len(saved) - 1, _MAX_EPOCHS).astype(int))]
        with st.spinner(_(N_("Translating…"))):
            strip = _translate_by_epoch(
                choice.id, tuple(epoch for epoch, _path in shown), digest, direction, shown, photos
            )
        captions = [str(epoch) for epoch, _path in shown]
        st.image(
            image_display.tile_images(strip, 6, 1, captions=captions),
            caption=_(N_("training epochs")),
            width="stretch",
        )


@st.cache_data(max_entries=12, show_spinner=False)
def _translate_by_epoch(
    run: str,
    epochs: tuple[int, ...],
    digest: str,
    direction: str,
    _epoch_weights: list[tuple[int, Path]],
    _photos: torch.Tensor,
) -> list[np.ndarray]:
    """The translation of a photo by the weights of each epoch, (S, S, 3) uint8. Only one model at a time is in memory."""
    strip = []
    for _epoch, path in _epoch_weights:
        outputs = Translator.load(path).translate(_photos, direction).outputs
        image = Image.fromarray(photo_translation.to_pixels(outputs))
        image.thumbnail((_STRIP_IMAGE_SIDE, _STRIP_IMAGE_SIDE))
        strip.append(_fit_to_square(np.asarray(image))[..., :3])
    return strip


def _encode_png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
