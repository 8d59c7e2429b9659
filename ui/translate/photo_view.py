"""One photo on the translate page: what it was taken for, its translation, the way back, where it changed, how the network learned it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import streamlit as st
import torch
from PIL import Image

from core.inference.available_models import ModelChoice, verify_weights
from core.messages import N_
from core.translation import photo_translation, translator
from core.translation.translator import DomainPrediction, Translator
from ui.components.before_after import before_after
from ui.kit import cache, image_display, palette, preload
from ui.kit.i18n import _
from ui.runs import translation_panel

_MAX_EPOCHS = 12  # stages of a training in the film strip
_STRIP_IMAGE_SIDE = 128


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_cached(weights: str, changed: float) -> Translator:
    return Translator.load(Path(weights))


def load_translator(choice: ModelChoice) -> Translator:
    """The pair of generators of a choice, read once."""
    preload.wait_until_ready()
    path = verify_weights(choice)
    return _load_cached(str(path), path.stat().st_mtime)


def _modified_at(choice: ModelChoice) -> float:
    return choice.weights.stat().st_mtime


@st.cache_data(max_entries=12, show_spinner=False)
def _cached_translation(
    network: str, changed: float, digest: str, way: str, _found: Translator, _photos: torch.Tensor
) -> photo_translation.Translation:
    """A translation is made once; sliders only put it on."""
    return _found.translate(_photos, way, cycled=True)


def domain_names(found: Translator) -> dict[str, str]:
    """What the two domains are called."""
    one, other = found.spec.classes if len(found.spec.classes) == 2 else ("A", "B")
    return {"a": _(one), "b": _(other)}


def direction_name(found: Translator, way: str) -> str:
    """A direction in words."""
    called = domain_names(found)
    return f"{called[way[0]]} → {called[way[-1]]}"


def choose_direction(found: Translator, seen: DomainPrediction | None, wanted: str) -> str:
    """The direction: the one that was asked for, else away from what the photo shows."""
    if wanted != "auto":
        return wanted
    return "a2b" if seen is None or seen.b < 0.5 else "b2a"


def show_domain_prediction(found: Translator, seen: DomainPrediction | None, way: str) -> None:
    """What the classifier takes the photo for, and a warning where it is sure of neither."""
    if seen is None:
        return
    called, p = domain_names(found), max(seen.b, 1 - seen.b)
    likely = called["b" if seen.b >= 0.5 else "a"]
    if seen.domain is None:
        st.warning(
            _(
                N_(
                    "The classifier is not confident in {one} or {other} ({likely}: {percent}%). The photo "
                    "is still translated ({way}), but the result may be meaningless."
                ),
                one=called["a"],
                other=called["b"],
                likely=likely,
                percent=f"{100 * p:.0f}",
                way=direction_name(found, way),
            ),
            icon=":material/help:",
        )
    else:
        st.caption(
            _(
                N_("Classifier prediction: {likely} ({percent}%). Direction: {way}."),
                likely=likely,
                percent=f"{100 * p:.0f}",
                way=direction_name(found, way),
            )
        )


def show_photo(found: Translator, choice: ModelChoice, pixels: np.ndarray, way: str, key: str) -> None:
    """Everything about one photo (H, W, 3) uint8."""
    photos = photo_translation.to_tensor(pixels)
    with st.spinner(_(N_("Translating…"))):
        made = _cached_translation(choice.id, _modified_at(choice), key.split("-")[-1], way, found, photos)
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
            mask = made.mask(threshold)
        result = photo_translation.apply_change_tiled(pixels, made.change, strength, mask)
        st.download_button(
            _(N_("Download (PNG)")),
            lambda: _encode_png(result),
            f"{found.spec.task}-{way}.png",
            "image/png",
            icon=":material/download:",
            key=f"download-{key}",
            width="stretch",
            on_click="ignore",
        )
        with st.container(horizontal=True):
            _show_thumbnail(made.reconstruction, _(N_("Reconstruction")))
            st.image(_fit_to_square(_difference_overlay(made)), caption=_(N_("Difference map")), width=150)
            if mask is not None:
                st.image(
                    _fit_to_square(image_display.upscale_image((mask[0, 0] * 255).byte().numpy(), 1)),
                    caption=_(N_("mask")),
                    width=150,
                )
        error = float((made.reconstruction - made.seen).abs().mean())
        st.caption(
            _(
                N_("Reconstruction error (MAE): {error}%. Mean change to the photo: {change}%."),
                error=f"{100 * error:.1f}",
                change=f"{100 * float(made.change.abs().mean()):.1f}",
            )
        )
    with left:
        before_after(
            pixels,
            result,
            f"slider-{key}",
            labels=(_(N_("photo")), direction_name(found, way)),
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
                working=min(made.seen.shape[-2:]),
            )
        )
    if choice.run is not None:
        _epoch_strip(choice, photos, way, key)


def show_quality(choice: ModelChoice) -> None:
    """How the figures of this pair are to be read, with the figures themselves."""
    metrics = (
        (cache.model_card(choice.id) or {}).get("metrics", {})
        if choice.run is None
        else (choice.run.summary or {}).get("metrics", {})
    )
    if isinstance(share := metrics.get("colour_histogram_accuracy"), float):
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


def _show_thumbnail(photos: torch.Tensor, caption: str) -> None:
    st.image(_fit_to_square(photo_translation.to_pixels(photos)), caption=caption, width=150)


def _fit_to_square(image: np.ndarray) -> np.ndarray:
    """A picture in a square, so that a strip of a picture does not become a tower; its ground is see-through."""
    square = Image.new("RGBA", (max(image.shape[:2]),) * 2)
    square.paste(Image.fromarray(image), tuple((square.width - n) // 2 for n in image.shape[1::-1]))
    return np.asarray(square)


def _difference_overlay(made: photo_translation.Translation) -> np.ndarray:
    """Where the photo changed, over the photo in grey."""
    where = made.where[0, 0].numpy()
    share = np.clip(where / max(float(np.quantile(where, 0.98)), 1e-6), 0, 1)[..., None]
    grey = np.repeat(photo_translation.to_pixels(made.seen).mean(2, keepdims=True), 3, axis=2)
    return (grey * (1 - 0.8 * share) + np.array(palette.to_rgb(palette.NEGATIVE)) * 0.8 * share).astype(
        np.uint8
    )


def _epoch_strip(choice: ModelChoice, photos: torch.Tensor, way: str, key: str) -> None:
    """The photo through the weights of every kept epoch."""
    stages = translator.saved_epochs(choice.run)
    if len(stages) < 2:
        return
    place = st.expander(
        _(N_("Training progression")), icon=":material/movie:", key=f"film-{key}", on_change="rerun"
    )
    if not place.open:
        return
    with place:
        chosen = [stages[i] for i in np.unique(np.linspace(0, len(stages) - 1, _MAX_EPOCHS).astype(int))]
        strip = _translate_by_epoch(
            choice.id, tuple(epoch for epoch, _path in chosen), key.split("-")[-1], way, chosen, photos
        )
        captions = [str(epoch) for epoch, _path in chosen]
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
    way: str,
    _chosen: list[tuple[int, Path]],
    _photos: torch.Tensor,
) -> list[np.ndarray]:
    """The photo as the weights of each of some epochs translate it; the weights are read one after the other and let go."""
    strip = []
    for _epoch, path in _chosen:
        image = Image.fromarray(
            photo_translation.to_pixels(Translator.load(path).translate(_photos, way).outputs)
        )
        image.thumbnail((_STRIP_IMAGE_SIDE, _STRIP_IMAGE_SIDE))
        strip.append(_fit_to_square(np.asarray(image))[..., :3])
    return strip


def _encode_png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
