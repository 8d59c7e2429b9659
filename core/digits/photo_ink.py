"""Extract the ink of a digit, white on black, from a photo or scan."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from core.images import flatten_alpha
from core.messages import N_, UserError

_MAX_SIDE = 320
"""Photos are reduced to this longest side, in pixels."""
_GRID_SIZE = 48
"""The background is estimated on an image of at most this size."""
_MIN_CONTRAST = 12
"""Smaller differences between ink and background, in gray levels, are treated as noise."""
_NOISE_LEVELS = 4.0
"""Smallest contrast of ink, in standard deviations of the background."""
_MAX_INK_SHARE = 0.75
_MIN_SEPARATION, _BORDER_SHARE = 0.85, 0.65
"""A background is uniform if Otsu's classes explain this share of the variance and one of them fills this share of the border."""


def ink_from_photo(image: Image.Image) -> np.ndarray:
    """Extract the ink (H, W) uint8, white on black, at most 320 pixels a side.

    Accepts dark on light or light on dark, any size, transparency and uneven lighting. Subtracts the estimated background,
    applies Otsu's threshold (IEEE Trans. Systems, Man, Cybernetics 9, 1979), and removes specks and objects at the border.
    Raises UserError if no digit is found.
    """
    gray = _to_grayscale(image)
    background = _uniform_background(gray)
    background = _estimate_background(gray) if background is None else background
    difference = gray - background  # positive: lighter than the background
    ink = -difference if _is_dark_on_light(difference) else difference
    ink = np.maximum(ink, 0)
    threshold = _ink_threshold(ink, difference)
    digit = _remove_specks(ink > threshold)
    if not 0 < digit.mean() <= _MAX_INK_SHARE:
        raise _no_ink_error()
    # Keep antialiased edges: the strokes and one ring of pixels around them, scaled so that the median ink is full white.
    strokes = ndimage.binary_dilation(digit, iterations=1)
    full = np.percentile(ink[digit], 50)
    return np.rint(np.clip(ink * strokes / full, 0, 1) * 255).astype(np.uint8)


def _to_grayscale(image: Image.Image) -> np.ndarray:
    """Gray levels (H, W), float32, 0 to 255. Transparent areas are filled with the contrasting color."""
    image = image.copy()
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BOX)
    if image.mode == "RGBA":
        pixels = np.asarray(image, np.float32)
        alpha = pixels[..., 3]
        light = float((pixels[..., :3].mean(-1) * alpha).sum() / max(float(alpha.sum()), 1.0))
        image = flatten_alpha(image, "white" if light < 128 else "black")
    return np.asarray(image.convert("L"), np.float32)


def _uniform_background(gray: np.ndarray) -> np.ndarray | None:
    """Gray level (1, 1) of a uniform background, or None if Otsu's classes overlap or the border contains both.

    Needed for bold digits and tight crops, where most of a stroke's neighborhood is ink.
    """
    from skimage.filters import threshold_otsu

    if float(np.ptp(gray)) < _MIN_CONTRAST:
        raise _no_ink_error()
    lighter = gray > threshold_otsu(gray)
    share = lighter.mean()
    between = share * (1 - share) * (gray[lighter].mean() - gray[~lighter].mean()) ** 2
    border = np.concatenate([lighter[0], lighter[-1], lighter[:, 0], lighter[:, -1]]).mean()
    if between < _MIN_SEPARATION * gray.var() or max(border, 1 - border) < _BORDER_SHARE:
        return None
    return np.median(gray[lighter if border > 0.5 else ~lighter]).reshape(1, 1)


def _estimate_background(gray: np.ndarray) -> np.ndarray:
    """Gray levels (H, W) of an unevenly lit background: a median over wide windows, robust to strokes and edges of shadows."""
    h, w = gray.shape
    scale = min(1.0, _GRID_SIZE / max(h, w))
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    small = np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BOX))
    window = max(3, max(size) * 2 // 3)
    background = ndimage.median_filter(small, size=window, mode="nearest")
    return np.asarray(Image.fromarray(background).resize((w, h), Image.Resampling.BICUBIC))


def _is_dark_on_light(difference: np.ndarray) -> bool:
    """Whether the ink is darker than the background: the larger deviation away from the border decides."""
    h, w = difference.shape
    inner = difference[h // 16 : h - h // 16, w // 16 : w - w // 16]
    return bool((inner[inner < 0] ** 2).sum() > (inner[inner > 0] ** 2).sum())


def _ink_threshold(ink: np.ndarray, difference: np.ndarray) -> float:
    """Otsu's threshold, in gray levels above the background. Raises UserError if the contrast is too low."""
    from skimage.filters import threshold_otsu

    if float(ink.max()) < _MIN_CONTRAST:
        raise _no_ink_error()
    threshold = float(threshold_otsu(ink))
    inked = ink > threshold
    spread = 1.4826 * float(
        np.median(np.abs(difference[~inked]))
    )  # robust standard deviation of the background
    if float(ink[inked].mean()) < max(_MIN_CONTRAST, _NOISE_LEVELS * spread):
        raise _no_ink_error()
    return threshold


def _remove_specks(inked: np.ndarray) -> np.ndarray:
    """Keep the connected components that belong to the digit.

    Drops components much smaller than the largest, and those at the border if there is a large one inside.
    """
    labels, count = ndimage.label(inked, np.ones((3, 3)))
    if not count:
        return inked
    area = np.bincount(labels.ravel())
    area[0] = 0
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    inside = area.copy()
    inside[border] = 0
    # A digit that fills the frame touches the border; then no large component is inside.
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
