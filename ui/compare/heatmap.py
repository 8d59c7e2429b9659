"""Grad-CAM as a colored overlay on an enlarged image, with its color bar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from plotly.colors import sample_colorscale, sequential, unlabel_rgb

from core.analysis.model_results import ModelResult
from core.messages import N_, UserError
from ui.compare.sample_images import InputImage
from ui.kit import weights
from ui.kit.i18n import _

DEFAULT_OPACITY = 0.7
_SIDE = 320  # pixels
_COLORS = np.array(
    [unlabel_rgb(c) for c in sample_colorscale(sequential.Inferno, np.linspace(0.1, 1, 256), colortype="rgb")]
)  # (256, 3), from dark purple to light yellow


@dataclass(frozen=True)
class Explanation:
    """A Grad-CAM heatmap over its image (S, S, 3) uint8, and what was predicted."""

    overlay: np.ndarray
    predicted: int
    confidence: float
    layer: str
    grid: str


def explain(result: ModelResult, image: InputImage, *, opacity: float) -> Explanation | None:
    """Predict an image and overlay the Grad-CAM heatmap of the top class; None for a model without convolutional layers."""
    computed = _cached_cam(
        str(result.weights), result.weights.stat().st_mtime_ns, image.pixels.tobytes(), image.pixels.shape
    )
    if computed is None:
        return None
    heat, layer, grid, predicted, confidence = computed
    return Explanation(
        overlay_heatmap(image.photo, heat, opacity, smooth=image.is_photo), predicted, confidence, layer, grid
    )


@st.cache_data(max_entries=256, show_spinner=False)
def _cached_cam(
    path: str, mtime: int, content: bytes, shape: tuple[int, ...]
) -> tuple[np.ndarray, str, str, int, float] | None:
    """Heatmap (H, W) of the top class, layer, size of its maps, top class and its probability."""
    from core.inference import grad_cam

    predictor = weights.load_predictor(Path(path))
    pixels = np.frombuffer(content, np.uint8).reshape(shape)
    probabilities = predictor.predict(pixels[None])[0]
    predicted = int(probabilities.argmax())
    try:
        cam = grad_cam.grad_cam(predictor, pixels, predicted)
    except UserError:
        return None
    grid = f"{cam.map_shape[1]}×{cam.map_shape[2]}"
    return cam.heatmap, cam.layer, grid, predicted, float(probabilities[predicted])


def overlay_heatmap(photo: np.ndarray, heatmap: np.ndarray, opacity: float, *, smooth: bool) -> np.ndarray:
    """Overlay a heatmap (h, w) in [0, 1] on an image (H, W, 3) uint8, enlarged to (S, S, 3).

    Where the heatmap is 0 the image shows unchanged; where it is 1, `opacity` of the color covers it. `smooth` enlarges the image
    with interpolation, for photos; pixels of small images stay squares.
    """
    base = np.asarray(enlarge(photo, smooth=smooth), float)
    large = Image.fromarray(heatmap.astype(np.float32)).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    heat = np.asarray(large).clip(0, 1)[..., None]  # (S, S, 1)
    color = _COLORS[(255 * heat[..., 0]).round().astype(int)]  # (S, S, 3)
    share = opacity * np.sqrt(heat)  # low values would hardly be seen
    return (base * (1 - share) + color * share).round().astype(np.uint8)


def enlarge(photo: np.ndarray, *, smooth: bool, side: int = _SIDE) -> Image.Image:
    """Resize an image (H, W, 3) uint8 to `side` pixels a side, with interpolation if `smooth`."""
    resample = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return Image.fromarray(photo).resize((side, side), resample)


def color_bar() -> None:
    """Show which color stands for how much."""
    bar = np.repeat(_COLORS[None].astype(np.uint8), 10, axis=0)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_(N_("no contribution")), width="content")
        st.image(bar, width=90, alt=_(N_("Color scale from dark purple, no contribution, to light yellow")))
        st.caption(_(N_("largest contribution")), width="content")
