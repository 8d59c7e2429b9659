"""The difference map of the Translate page: how much each pixel changed, in colors over the photo in gray."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from core.translation.photo_translation import Translation
from ui.components.figure_row import ColorBar

_SIDE = 512  # pixels of the longer side
_SCALE_ENDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""The scale ends at the first of these that the 98th percentile of the change does not exceed."""
_COLORS = np.array([unlabel_rgb(c) for c in sample_colorscale("Plasma", np.linspace(0, 1, 256).tolist())])
_MAX_OPACITY = 0.9
_GRAY = 128.0  # what the color bar lies on


def difference_overlay(pixels: np.ndarray, translation: Translation) -> tuple[np.ndarray, ColorBar]:
    """Color the change of a photo.

    Args:
        pixels: the photo (H, W, 3) uint8.
        translation: of that one photo.

    Returns:
        The overlay (h, w, 3) uint8 and its scale.
    """
    image = Image.fromarray(pixels).convert("L")
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    gray = np.asarray(image, np.float32)[..., None]
    change = translation.change.abs().mean(1, keepdim=True)
    end = next(e for e in _SCALE_ENDS if float(torch.quantile(change, 0.98)) <= e or e == _SCALE_ENDS[-1])
    size = F.interpolate(change, size=gray.shape[:2], mode="bilinear", align_corners=False)[0, 0].numpy()
    ticks = [f"{100 * end * share:.3g}%" for share in (0, 0.5, 1)]
    ticks[-1] = f"≥ {ticks[-1]}" if end < 1 else ticks[-1]
    overlay = _blend(gray, np.clip(size / end, 0, 1))
    bar = _blend(np.full((1, 11, 1), _GRAY, np.float32), np.linspace(0, 1, 11)[None])
    return overlay, ColorBar(["rgb({}, {}, {})".format(*color) for color in bar[0].tolist()], ticks)


def _blend(gray: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colors for shares (h, w) in [0, 1] over `gray` (h, w, 1): the larger the change, the less of the photo is seen."""
    opacity = (_MAX_OPACITY * share)[..., None]
    return (gray * (1 - opacity) + _COLORS[(share * 255).astype(int)] * opacity).round().astype(np.uint8)
