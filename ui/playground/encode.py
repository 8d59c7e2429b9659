"""Frames and points of the playground as the component `playground_view` reads them: one byte per grid point or weight.

Shapes: G grid points per side, N points.
"""

from __future__ import annotations

import base64
import math

import numpy as np

from core.lessons.playground.data_sets import PointSet, make_features
from core.lessons.playground.settings import FEATURES, Settings
from core.lessons.playground.training import Frame, grid_points

_MAX_POINT = 4.0  # coordinates are sent as shares of this
_MANY_UNITS = 24  # above which their maps are sent in fewer points
_FINE, _COARSE = 25, 13


def to_base64(values: np.ndarray) -> str:
    """Return the bytes of `values` in base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def to_bytes(values: np.ndarray, *, signed: bool) -> np.ndarray:
    """Map 0..1, or -1..1 if `signed`, to 0..255 (uint8). What is not finite becomes the middle."""
    share = (
        (np.nan_to_num(values, nan=0.0, posinf=1, neginf=-1) + 1) / 2
        if signed
        else np.nan_to_num(values, nan=0.5)
    )
    return (share.clip(0, 1) * 255).round().astype(np.uint8)


def _relative(maps: np.ndarray) -> np.ndarray:
    """Divide each of (U, G, G) maps by its largest absolute value."""
    maps = np.nan_to_num(maps, nan=0.0, posinf=0.0, neginf=0.0)
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True)
    return maps / np.where(largest > 0, largest, 1)


def format_norm(value: float | None) -> str | None:
    """Format a gradient norm with two digits; None stays None."""
    if value is None:
        return None
    return f"{value:.2g}" if math.isfinite(value) else "∞"


def encode_points(points: PointSet) -> dict:
    """Return the points: places as int16, targets (or, of three classes, their numbers) and whether they are test points as bytes."""
    is_test = np.zeros(len(points.points), np.uint8)
    is_test[points.test] = 1
    places = (points.points / _MAX_POINT).clip(-1, 1) * 32767
    return {
        "places": to_base64(places.astype("<i2")),
        "values": to_base64(
            points.targets.astype(np.uint8)
            if points.num_classes > 2
            else to_bytes(points.targets, signed=points.is_regression)
        ),
        "classes": points.num_classes,
        "tests": to_base64(is_test),
    }


def encode_frame(frame: Frame, settings: Settings, points: PointSet) -> dict:
    """Return the network, the output and the history of a frame for the component."""
    side = _COARSE if sum(settings.hidden) > _MANY_UNITS else _FINE
    inputs = _relative(make_features(grid_points(side), settings.features).T.reshape(-1, side, side))
    norms = frame.gradient_norms or (None,) * len(frame.weights)
    layers = []
    for maps, dead, norm in zip(frame.units, frame.dead_units, norms, strict=False):
        thin = maps[:, ::2, ::2] if side == _COARSE else maps
        flat = np.ptp(np.nan_to_num(maps), axis=(1, 2)) < 1e-6
        if not dead:
            flat[:] = False
        layers.append(
            {
                "count": len(maps),
                "maps": to_base64(to_bytes(_relative(thin), signed=True)),
                "dead": flat.tolist(),
                "gradient": format_norm(norm),
            }
        )
    return {
        "side": side,
        "step": frame.step,
        "regression": points.is_regression,
        "inputs": {
            "names": [FEATURES[f] for f in settings.features],
            "maps": to_base64(to_bytes(inputs, signed=True)),
        },
        "layers": layers,
        "weights": [{"values": to_base64(_weight_bytes(w))} for w in frame.weights],
        "outputGradient": format_norm(norms[-1]),
        "outputSide": frame.output.shape[-1],
        "output": to_base64(to_bytes(frame.output, signed=points.is_regression)),
        "points": encode_points(points),
        "history": [[round(e, 2), _round(a), _round(b)] for e, a, b in frame.history],
    }


def encode_empty(settings: Settings) -> dict:
    """Return a frame without network and output, for a plane that has too few points yet."""
    inputs = _relative(make_features(grid_points(_FINE), settings.features).T.reshape(-1, _FINE, _FINE))
    return {
        "side": _FINE,
        "step": 0,
        "regression": False,
        "inputs": {
            "names": [FEATURES[f] for f in settings.features],
            "maps": to_base64(to_bytes(inputs, signed=True)),
        },
        "layers": [],
        "weights": [],
        "outputGradient": None,
        "outputSide": 0,
        "output": "",
        "points": {"places": "", "values": "", "tests": "", "classes": 2},
        "history": [],
        "figures": [],
    }


def _weight_bytes(weight: np.ndarray) -> np.ndarray:
    weight = np.nan_to_num(weight, nan=0.0, posinf=1.0, neginf=-1.0)
    return (127 * weight / max(float(np.abs(weight).max()), 1e-12)).round().astype(np.int8)


def _round(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
