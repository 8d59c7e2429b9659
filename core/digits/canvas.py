"""Preprocess drawings of digits into the 28×28 pixels of MNIST.

MNIST's preprocessing (LeCun et al., http://yann.lecun.com/exdb/mnist/): crop to the bounding box, resize to fit 20×20 pixels
with the aspect ratio kept and antialiasing, then paste into 28×28 with the center of mass in the middle. Each step can be
turned off to show its effect on a prediction.

Ink is white on black: uint8 (H, W), 0 no ink, 255 full ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

CANVAS_SIDE = 280
"""Side of the canvas in its own units, whatever its size on the screen."""
_MAX_STROKES, _MAX_POINTS, _SUPERSAMPLING = 200, 2000, 4
IMAGE_SIZE = 28
DIGIT_SIZE = 20
_INK_THRESHOLD = 32
"""Lower levels are noise or the soft edge of a stroke."""
_PEN_WIDTH = 2.0
"""Strokes thinner than this many pixels of the model input are thickened."""
MAX_THICKNESS = 0.64
"""Largest disc inside a digit over its longer side: at most 0.55 on MNIST's test set and 0.62 on its training set; 0.76 or more
for a dot of any brush size, because the preprocessing enlarges a dot to the size of a digit."""
_MIN_INK_SHARE = 2e-4
"""A drawing with less ink is blank: a dot of 4×4 pixels on 280×280."""


@dataclass(frozen=True)
class PreprocessingSteps:
    """Enabled preprocessing steps.

    Without `crop` the whole drawing is resized; without `fit` it is stretched to 28×28, ignoring its aspect ratio; without
    `center` its bounding box is centered instead of its mass.
    """

    crop: bool = True
    fit: bool = True
    center: bool = True


@dataclass(frozen=True)
class PreparedDigit:
    """A drawing after each preprocessing step, all uint8, ink white on black.

    `drawing` (H, W) is the input; `cropped` (h, w) is its bounding `box` (top, left, bottom, right); `resized` (a, b) has
    a, b ≤ 20, or 28×28 if `fit` is off; `pixels` (28, 28) is the model input. `position` (row, column) is where `resized` starts in
    `pixels`; it can be negative.
    """

    drawing: np.ndarray
    cropped: np.ndarray
    resized: np.ndarray
    pixels: np.ndarray
    box: tuple[int, int, int, int]
    position: tuple[int, int]
    steps: PreprocessingSteps


def ink_from_strokes(strokes: object) -> np.ndarray:
    """Render strokes as ink (`CANVAS_SIDE`, `CANVAS_SIDE`), uint8.

    `strokes` comes from a browser: a list of `{"width": w, "points": [[x, y], ...]}` in units of which the canvas has `CANVAS_SIDE`.
    Malformed strokes are skipped.
    """
    scale = _SUPERSAMPLING
    sheet = Image.new("L", (CANVAS_SIDE * scale, CANVAS_SIDE * scale))
    pen = ImageDraw.Draw(sheet)
    for stroke in strokes[:_MAX_STROKES] if isinstance(strokes, list) else []:
        try:
            width = scale * min(max(float(stroke["width"]), 1), CANVAS_SIDE)
            points = np.array(stroke["points"][:_MAX_POINTS], float).reshape(-1, 2)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if not len(points) or not np.isfinite([width, *points.ravel()]).all():
            continue
        corners = [tuple(p) for p in np.clip(points, -CANVAS_SIDE, 2 * CANVAS_SIDE) * scale]
        pen.line(corners, fill=255, width=round(width))
        for x, y in corners:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(sheet.resize((CANVAS_SIDE, CANVAS_SIDE), Image.Resampling.BOX))


def to_ink(ink: np.ndarray) -> np.ndarray:
    """Convert ink (H, W) to uint8; floats are expected in [0, 1]."""
    if ink.dtype == np.uint8:
        return ink
    return np.rint(np.clip(np.nan_to_num(ink), 0, 1) * 255).astype(np.uint8)


def ink_amount(ink: np.ndarray) -> float:
    """Mean ink of the image, in [0, 1]."""
    ink = to_ink(ink)
    return float(ink.mean()) / 255 if ink.size else 0.0


def is_blank(ink: np.ndarray) -> bool:
    """Whether the drawing has less ink than the smallest dot."""
    ink = to_ink(ink)
    return not ink.size or int(ink.max()) < _INK_THRESHOLD or ink_amount(ink) < _MIN_INK_SHARE


def is_dot(pixels: np.ndarray) -> bool:
    """Whether a prepared digit (28, 28), uint8, is a dot or blot instead of a stroke.

    Compares the diameter of the largest disc inside the ink with the longer side of its bounding box.
    """
    from scipy.ndimage import distance_transform_edt  # not at the top: the home page opens without it

    inked = pixels > 127
    top, left, bottom, right = _bounding_box(pixels)
    thickness = 2 * float(distance_transform_edt(inked).max()) - 1 if inked.any() else 0.0
    return thickness > MAX_THICKNESS * max(bottom - top, right - left)


def prepare_digit(ink: np.ndarray, steps: PreprocessingSteps = PreprocessingSteps()) -> PreparedDigit:  # noqa: B008 - frozen
    """Preprocess `ink` (H, W), uint8 or float in [0, 1], as MNIST was. A blank drawing results in black pixels."""
    ink = to_ink(ink)
    box = _bounding_box(ink) if steps.crop else (0, 0, *ink.shape)
    top, left, bottom, right = box
    cropped = ink[top:bottom, left:right]
    resized = (
        _resize_ink(cropped, *_fit_size(*cropped.shape))
        if steps.fit
        else _resize_ink(cropped, IMAGE_SIZE, IMAGE_SIZE)
    )
    position = (
        _center_by_mass(resized) if steps.center else tuple((IMAGE_SIZE - n) // 2 for n in resized.shape)
    )
    return PreparedDigit(ink, cropped, resized, _paste(resized, *position), box, position, steps)


def _bounding_box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Bounding box (top, left, bottom, right) of the ink; the whole drawing if it is blank."""
    inked = ink >= min(_INK_THRESHOLD, max(1, int(ink.max())))
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not rows.size:
        return 0, 0, *ink.shape
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _fit_size(height: int, width: int) -> tuple[int, int]:
    """Size with the longer side at 20 pixels and the aspect ratio kept."""
    scale = DIGIT_SIZE / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _resize_ink(ink: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Resize `ink` by area averaging, keeping thin strokes visible.

    Area averaging makes strokes much thinner than a pixel vanish. MNIST's strokes are about two pixels thick and reach full
    white, so thinner ones are blurred and brightened to match. Accuracy on MNIST's test digits redrawn with strokes of 1/9
    pixel: 95.5% without this step, 98.8% with it, 99.0% with strokes of two pixels.
    """
    small = np.asarray(Image.fromarray(ink).resize((columns, rows), Image.Resampling.BOX), np.float32)
    if not small.any():
        return small.astype(np.uint8)
    thin = min(1.0, _PEN_WIDTH - _stroke_width(ink) * max(rows / ink.shape[0], columns / ink.shape[1]))
    level = float(small.max())
    if thin > 0:
        from scipy.ndimage import gaussian_filter

        small = gaussian_filter(small, 0.7 * thin)
        level = float(np.percentile(small[small > small.max() / 4], 100 - 25 * thin))
    return np.rint(np.minimum(small * (float(ink.max()) / level), 255)).astype(np.uint8)


def _stroke_width(ink: np.ndarray) -> float:
    """Mean stroke thickness in pixels: twice the area over the outline length."""
    inked = ink > ink.max() // 2
    edges = np.count_nonzero(inked[1:] != inked[:-1]) + np.count_nonzero(inked[:, 1:] != inked[:, :-1])
    # Pixel edges overestimate the outline length by 4/pi on average over all directions (Cauchy–Crofton formula).
    return 2 * np.count_nonzero(inked) / max(edges * np.pi / 4, 1.0)


def _center_by_mass(small: np.ndarray) -> tuple[int, int]:
    """Position (row, column) that centers the mass of `small` in 28×28, keeping all of it inside if it fits."""
    total = float(small.sum())
    position = []
    for axis, n in enumerate(small.shape):
        along = small.sum(axis=1 - axis, dtype=np.float64)
        mass = float((along * np.arange(n)).sum()) / total if total else (n - 1) / 2
        # The center of mass of MNIST digits is pixel 14, not 13.5.
        start = round(IMAGE_SIZE / 2 - mass)
        position.append(min(max(start, 0), IMAGE_SIZE - n) if n <= DIGIT_SIZE else start)
    return position[0], position[1]


def _paste(small: np.ndarray, top: int, left: int) -> np.ndarray:
    pixels = np.zeros((3 * IMAGE_SIZE, 3 * IMAGE_SIZE), np.uint8)
    rows, columns = small.shape
    pixels[IMAGE_SIZE + top : IMAGE_SIZE + top + rows, IMAGE_SIZE + left : IMAGE_SIZE + left + columns] = (
        small
    )
    return pixels[IMAGE_SIZE : 2 * IMAGE_SIZE, IMAGE_SIZE : 2 * IMAGE_SIZE].copy()
