"""A photo on the Translate page: before and after, the controls, reconstruction and difference, and the training progression."""

from __future__ import annotations

import io

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
from ui.components.figure_row import Figure, figure_row
from ui.kit import cache, url
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _
from ui.kit.terms import link_terms
from ui.runs import translation_panel
from ui.translate import difference
from ui.translate.photo_input import InputPhoto
from ui.translate.progression import show_progression

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
def show_photo(model: Translator, choice: ModelChoice, photo: InputPhoto) -> None:
    """Show everything about one photo.

    A fragment, so that its sliders do not rerun the film strip.
    """
    photos = photo_translation.to_tensor(photo.pixels)
    prediction = None
    if not photo.domain and can_detect_domain(model):
        prediction = _predict_domain(photo, photos)
    stage, controls = st.columns([7, 3], gap="medium")  # on a phone the photo comes first
    with controls:
        direction = _choose_direction(model, photo, prediction)
    with stage, st.spinner(_(N_("Translating…"))):
        translation = _cached_translation(
            str(choice.weights), choice.weights.stat().st_mtime, photo.digest, direction, model, photos
        )
    with controls:
        result, mask = _apply_controls(model, photo, translation, direction)
        _show_domain_prediction(model, prediction, direction)
    with stage:
        before_after(
            photo.pixels,
            result,
            "stage",
            labels=(_(N_("photo")), direction_name(model, direction)),
            handle=_(N_("Before/after slider")),
        )
    _show_figures(model, photo, translation, direction, mask)
    if choice.run is not None:
        show_progression(choice, photos, photo.digest, direction)


def _choose_direction(model: Translator, photo: InputPhoto, prediction: DomainPrediction | None) -> str:
    """Draw the direction switch. "auto" is away from the photo's own or predicted domain."""
    away = _DIRECTION_FROM.get(photo.domain) or (
        "a2b" if prediction is None or prediction.probability_b < 0.5 else "b2a"
    )
    detects = bool(photo.domain) or can_detect_domain(model)
    directions = ["auto", "a2b", "b2a"] if detects else ["a2b", "b2a"]
    names = domain_names(model)
    requested = url.choose_one(
        st.segmented_control,
        _(N_("Direction")),
        directions,
        key="way",
        default=directions[0],
        required=True,
        width="stretch",
        wrap=True,
        format_func=lambda d: _(N_("Auto")) if d == "auto" else f"→ {names[d[-1]]}",  # fits a phone
    )
    return away if requested == "auto" else requested


def _apply_controls(
    model: Translator,
    photo: InputPhoto,
    translation: photo_translation.Translation,
    direction: str,
) -> tuple[np.ndarray, torch.Tensor | None]:
    """Draw the controls; return the translated photo (H, W, 3) and the mask of the change, if there is one."""
    key, mask = photo.digest, None
    strength = st.slider(_(N_("Strength")), 0.0, 1.5, 1.0, 0.05, key=f"strength-{key}")
    keep = st.toggle(
        _(N_("Keep background")),
        key=f"keep-{key}",
        help=_(N_("Applies the change only where it is strongest. The threshold below sets the cutoff.")),
    )
    if keep:
        threshold = st.slider(_(N_("Threshold")), 0.05, 1.0, 0.4, 0.05, key=f"threshold-{key}")
        mask = translation.change_mask(threshold)
    result = photo_translation.apply_change_tiled(photo.pixels, translation.change, strength, mask)
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
    return result, mask


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


def _show_figures(
    model: Translator,
    photo: InputPhoto,
    translation: photo_translation.Translation,
    direction: str,
    mask: torch.Tensor | None,
) -> None:
    """Show reconstruction and difference at equal size, with what was measured on this photo."""
    names = domain_names(model)
    there, back = names[direction[-1]], names[direction[0]]
    error = float((translation.reconstruction - translation.inputs).abs().mean())
    heat, bar = difference.difference_overlay(photo.pixels, translation)
    figures = [
        Figure(
            photo_translation.to_pixels(translation.reconstruction),
            _(N_("Reconstruction: {way}"), way=f"{back} → {there} → {back}"),
            _(
                N_(
                    "Not a photo, but computed: a second generator translates the result back. The closer to the photo, the less "
                    "information was lost."
                )
            ),
            _(N_("The photo, translated and translated back")),
        ),
        Figure(
            heat,
            _(N_("Difference map")),
            _(
                N_(
                    "Where and how much the translation changed the photo: mean change of the color channels, in % of the value range."
                )
            ),
            _(N_("Where the translation changed the photo")),
            bar,
        ),
    ]
    if mask is not None:
        figures.append(
            Figure(
                np.repeat((mask[0, 0] * 255).byte().numpy()[..., None], 3, axis=2),
                _(N_("Mask")),
                _(N_("White: the change is applied. Black: the photo is kept.")),
                _(N_("Mask of the applied change")),
            )
        )
    st.header(_(N_("What the model changed")))
    st.markdown(
        link_terms(
            _(
                N_(
                    "In training, the model was rewarded for translations that can be undone (cycle consistency). Can it "
                    "undo this one?"
                )
            ),
            "cycle-consistency",
        )
    )
    figure_row(figures, "figures")
    st.caption(
        _(
            N_(
                "Mean difference from the photo (MAE): {error}% for the reconstruction, {change}% for the translation."
            ),
            error=f"{100 * error:.1f}",
            change=f"{100 * float(translation.change.abs().mean()):.1f}",
        )
        + " "
        + _(
            N_(
                "{width}×{height} pixels. Translated at {working} pixels; the change was upsampled and "
                "applied to the original photo."
            ),
            width=photo.pixels.shape[1],
            height=photo.pixels.shape[0],
            working=min(translation.inputs.shape[-2:]),
        )
    )


def show_quality(choice: ModelChoice) -> None:
    """Show the test metrics of a model and how to read them."""
    metrics = (
        (cache.model_card(choice.id) or {}).get("metrics", {})
        if choice.run is None
        else (choice.run.summary or {}).get("metrics", {})
    )
    if metrics:
        with st.expander(
            _(N_("Metrics on the test photos")), icon=":material/gavel:", key="translation-metrics"
        ):
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
            translation_panel.show_results(metrics)


def _encode_png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
