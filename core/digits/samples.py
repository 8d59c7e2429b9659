"""Sample digits that come with the project, as pen strokes: each a smoothed line through a few points."""

from __future__ import annotations

import datetime

import numpy as np

from core.digits import canvas

Points = list[tuple[float, float]]
"""A line in the unit square, y pointing down."""

DIGITS: dict[int, list[Points]] = {
    0: [
        [
            (0.52, 0.02),
            (0.22, 0.2),
            (0.14, 0.55),
            (0.3, 0.92),
            (0.6, 0.97),
            (0.82, 0.7),
            (0.84, 0.35),
            (0.66, 0.06),
            (0.5, 0.03),
        ],
    ],
    1: [
        [(0.56, 0.0), (0.53, 0.3), (0.5, 0.65), (0.46, 1.0)],
    ],
    2: [
        [(0.16, 0.24), (0.32, 0.04), (0.62, 0.02), (0.8, 0.2), (0.7, 0.45), (0.42, 0.72), (0.14, 0.96)],
        [(0.14, 0.96), (0.45, 0.93), (0.88, 0.95)],
    ],
    3: [
        [(0.2, 0.1), (0.45, 0.0), (0.74, 0.1), (0.74, 0.34), (0.42, 0.47)],
        [(0.42, 0.47), (0.78, 0.58), (0.8, 0.84), (0.5, 1.0), (0.16, 0.9)],
    ],
    4: [
        [(0.24, 0.02), (0.18, 0.3), (0.14, 0.55), (0.45, 0.56), (0.86, 0.52)],
        [(0.72, 0.0), (0.69, 0.45), (0.64, 1.0)],
    ],
    5: [
        [
            (0.28, 0.04),
            (0.25, 0.24),
            (0.24, 0.44),
            (0.5, 0.4),
            (0.76, 0.55),
            (0.76, 0.82),
            (0.5, 0.99),
            (0.18, 0.92),
        ],
        [(0.28, 0.04), (0.55, 0.05), (0.84, 0.02)],
    ],
    6: [
        [
            (0.66, 0.0),
            (0.4, 0.24),
            (0.22, 0.6),
            (0.28, 0.9),
            (0.55, 1.0),
            (0.76, 0.82),
            (0.68, 0.58),
            (0.46, 0.54),
            (0.26, 0.7),
        ],
    ],
    7: [
        [(0.12, 0.06), (0.48, 0.06), (0.86, 0.04)],
        [(0.86, 0.04), (0.66, 0.4), (0.5, 0.72), (0.42, 1.0)],
    ],
    8: [
        [
            (0.72, 0.14),
            (0.5, 0.0),
            (0.26, 0.14),
            (0.34, 0.36),
            (0.66, 0.58),
            (0.76, 0.82),
            (0.5, 1.0),
            (0.24, 0.84),
            (0.34, 0.6),
            (0.66, 0.36),
            (0.74, 0.16),
        ],
    ],
    9: [
        [(0.74, 0.2), (0.54, 0.02), (0.28, 0.14), (0.26, 0.38), (0.48, 0.5), (0.72, 0.36), (0.76, 0.18)],
        [(0.76, 0.18), (0.72, 0.55), (0.62, 1.0)],
    ],
}


def digit_points(digit: int, left: float, top: float, width: float, height: float) -> list[Points]:
    """Return the strokes of `digit` in the given box (pixels), with a point every few pixels."""
    return [
        [(left + width * x, top + height * y) for x, y in _smooth_spline(stroke)] for stroke in DIGITS[digit]
    ]


def _smooth_spline(points: Points, between: int = 5) -> Points:
    """Return a Catmull-Rom spline through `points`."""
    p = np.array([points[0], *points, points[-1]])
    t = np.linspace(0, 1, between, endpoint=False)[:, None]
    curve = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return [tuple(q) for q in np.concatenate([*curve, p[-1:]])]


_BOX = (70, 50, 140, 180)
"""Left, top, width and height of a sample on the canvas."""
_BRUSH = 20
_STEP = 3  # so that a few samples do not count up


COUNT = len(DIGITS)


def sample_of_day(day: datetime.date) -> int:
    """The sample digit of `day`: another one on the next day."""
    return day.toordinal() * _STEP % COUNT


def sample_after(digit: int) -> int:
    """The sample digit that follows `digit` in the order of the days."""
    return (digit + _STEP) % COUNT


def sample_strokes(digit: int) -> list[dict]:
    """The strokes of a sample `digit`, as the canvas reports them (see `canvas.ink_from_strokes`)."""
    return [
        {"width": _BRUSH, "points": [[round(x, 1), round(y, 1)] for x, y in stroke]}
        for stroke in digit_points(digit, *_BOX)
    ]


def sample_pixels(digit: int) -> np.ndarray:
    """A sample `digit` as model input, uint8 (28, 28)."""
    return canvas.prepare_digit(canvas.ink_from_strokes(sample_strokes(digit))).pixels
