"""From a photo or scan of one digit to ink: what was written, white on black, without the paper it was written on."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from core.images import flatten_alpha
from core.messages import N_, UserError

_MAX_SIDE = 320
"""Longest side in which a photo is looked at: many times the network's 28, and quick."""
_GRID_SIZE = 48
"""The paper is estimated in a picture of at most this size."""
_MIN_CONTRAST = 12
"""Ink that differs from its paper by fewer grey levels is taken for noise."""
_NOISE_LEVELS = 4.0
"""Ink has to differ from its paper by this many times the paper's own spread."""
_MAX_INK_SHARE = 0.75
_MIN_SEPARATION, _BORDER_SHARE = 0.85, 0.65
"""Paper is evenly lit where light and dark explain this share of the variance, and one of them fills this share of the border."""


def ink_from_photo(image: Image.Image) -> np.ndarray:
    """Ink (H, W) uint8, white on black, at most 320 pixels a side, of a photo or scan: dark on light or light on dark, any size,
    with or without transparency, evenly lit or not.

    The paper is estimated and taken away, Otsu's threshold (IEEE Trans. Systems, Man, Cybernetics 9, 1979) parts ink from paper,
    specks and what reaches in from the border are dropped. Raises UserError where nothing that could be a digit is found.
    """
    grey = _to_grayscale(image)
    paper = _uniform_background(grey)
    paper = _estimate_background(grey) if paper is None else paper
    over = grey - paper  # signed: how much lighter than the paper
    ink = -over if _is_dark_on_light(over) else over
    ink = np.maximum(ink, 0)
    threshold = _ink_threshold(ink, over)
    kept = _remove_specks(ink > threshold)
    if not 0 < kept.mean() <= _MAX_INK_SHARE:
        raise _no_ink_error()
    # Soft edges stay soft: the strokes' own pixels and one ring around them, full white where the ink is as strong as it mostly is.
    near = ndimage.binary_dilation(kept, iterations=1)
    full = np.percentile(ink[kept], 50)
    return np.rint(np.clip(ink * near / full, 0, 1) * 255).astype(np.uint8)


def _to_grayscale(image: Image.Image) -> np.ndarray:
    """Grey levels (H, W), float32, 0 to 255; what is transparent becomes what contrasts with the rest."""
    image = image.copy()
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BOX)
    if image.mode == "RGBA":
        pixels = np.asarray(image, np.float32)
        alpha = pixels[..., 3]
        light = float((pixels[..., :3].mean(-1) * alpha).sum() / max(float(alpha.sum()), 1.0))
        image = flatten_alpha(image, "white" if light < 128 else "black")
    return np.asarray(image.convert("L"), np.float32)


def _uniform_background(grey: np.ndarray) -> np.ndarray | None:
    """The one grey level of evenly lit paper, as (1, 1), or None where light and dark do not part cleanly, or the border holds
    much of both. Bold digits and pictures cropped to the ink need it: there most of what lies around a stroke is ink."""
    from skimage.filters import threshold_otsu

    if float(np.ptp(grey)) < _MIN_CONTRAST:
        raise _no_ink_error()
    lighter = grey > threshold_otsu(grey)
    share = lighter.mean()
    between = share * (1 - share) * (grey[lighter].mean() - grey[~lighter].mean()) ** 2
    border = np.concatenate([lighter[0], lighter[-1], lighter[:, 0], lighter[:, -1]]).mean()
    if between < _MIN_SEPARATION * grey.var() or max(border, 1 - border) < _BORDER_SHARE:
        return None
    return np.median(grey[lighter if border > 0.5 else ~lighter]).reshape(1, 1)


def _estimate_background(grey: np.ndarray) -> np.ndarray:
    """The paper's own grey levels (H, W): the median over wide windows, which neither strokes nor the edge of a shadow move."""
    h, w = grey.shape
    scale = min(1.0, _GRID_SIZE / max(h, w))
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    small = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))
    window = max(3, max(size) * 2 // 3)
    paper = ndimage.median_filter(small, size=window, mode="nearest")
    return np.asarray(Image.fromarray(paper).resize((w, h), Image.Resampling.BICUBIC))


def _is_dark_on_light(over: np.ndarray) -> bool:
    """Which side of the paper the ink is on: the one that departs further from it, away from the border."""
    h, w = over.shape
    inner = over[h // 16 : h - h // 16, w // 16 : w - w // 16]
    return bool((inner[inner < 0] ** 2).sum() > (inner[inner > 0] ** 2).sum())


def _ink_threshold(ink: np.ndarray, over: np.ndarray) -> float:
    """Grey levels above the paper from which on it is ink. Raises UserError where ink and paper cannot be told apart."""
    from skimage.filters import threshold_otsu

    if float(ink.max()) < _MIN_CONTRAST:
        raise _no_ink_error()
    threshold = float(threshold_otsu(ink))
    inked = ink > threshold
    spread = 1.4826 * float(np.median(np.abs(over[~inked])))  # the paper's standard deviation, were it normal
    if float(ink[inked].mean()) < max(_MIN_CONTRAST, _NOISE_LEVELS * spread):
        raise _no_ink_error()
    return threshold


def _remove_specks(inked: np.ndarray) -> np.ndarray:
    """The pieces of ink that belong to the digit: not tiny beside the largest, and not reaching in from the border where there
    is a large one that does not."""
    labels, count = ndimage.label(inked, np.ones((3, 3)))
    if not count:
        return inked
    area = np.bincount(labels.ravel())
    area[0] = 0
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    inside = area.copy()
    inside[border] = 0
    # A digit that fills the frame may touch the border; then there is no large piece inside.
    if inside.max() > 0.2 * area.max():
        area = inside
    keep = area >= max(0.04 * area.max(), 4)
    return keep[labels]


def _no_ink_error() -> UserError:
    return UserError(
        N_(
            "No digit found in this image. Use a single digit on plain paper, with high contrast, "
            "filling most of the frame."
        )
    )
