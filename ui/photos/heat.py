"""Grad-CAM over a photo: the horse, or the meadow?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from core.messages import UserError
from ui.compare.heatmap import DEFAULT_OPACITY, overlay_heatmap
from ui.kit import weights


@st.cache_data(max_entries=256, show_spinner=False)
def predict(path: str, changed: float, _pixels: np.ndarray, digest: str) -> np.ndarray:
    """Probabilities (K,) of an image (C, H, W) uint8; `digest` names it."""
    return weights.load_predictor(Path(path)).predict(_pixels[None])[0]


@st.cache_data(max_entries=256, show_spinner=False)
def overlay(
    path: str, changed: float, _pixels: np.ndarray, _photo: np.ndarray, digest: str, target: int
) -> np.ndarray | None:
    """The photo (H, W, 3) uint8 under the heatmap of class `target` of its model input (C, h, w); None for a model without feature maps.

    `digest` names the photo.
    """
    from core.inference import grad_cam

    try:
        cam = grad_cam.grad_cam(weights.load_predictor(Path(path)), _pixels, target)
    except UserError:
        return None
    return overlay_heatmap(_photo, cam.heatmap, DEFAULT_OPACITY, smooth=True)


def forget() -> None:
    """Forget what was computed from photos."""
    predict.clear()
    overlay.clear()
