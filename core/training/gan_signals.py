"""Signals of CycleGAN training, measured on validation photos after every epoch.

GAN losses do not decrease steadily, so they do not show whether the training works. Shapes: N photos, (N, 3, H, W) in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from core.training.cyclegan_recipe import REVERSE_DIRECTION

if TYPE_CHECKING:
    from torch import Tensor

SIGNALS = (
    "val/cycle_error",
    *(
        f"val/{kind}_{direction}"
        for kind in ("change", "likeness", "diversity", "fooled")
        for direction in REVERSE_DIRECTION
    ),
)


def measure_signals(
    a: dict[str, Tensor], b: dict[str, Tensor], classifier: Callable[[Tensor], np.ndarray] | None
) -> dict[str, float]:
    """Measure signals on validation photos of both domains.

    Args:
        a: Photos of domain A ("real"), their translations ("translated") and reconstructions ("cycled").
        b: The same for domain B.
        classifier: Returns the probability of domain B for photos, or None.

    Returns the log columns `SIGNALS`: `cycle_error`, the mean absolute reconstruction error; `change`, the mean absolute
    difference made by the translation; `likeness`, the correlation of brightness before and after; `diversity`, the mean
    difference between two translations over that between two photos (omitted for one photo); `fooled`, the share of translations
    that `classifier` assigns to the target domain (omitted without a classifier).
    """
    signals = {
        "val/cycle_error": float(np.mean([_mean_abs_difference(x["cycled"], x["real"]) for x in (a, b)]))
    }
    for direction, x in zip(REVERSE_DIRECTION, (a, b), strict=True):
        real, translated = x["real"], x["translated"]
        signals[f"val/change_{direction}"] = _mean_abs_difference(translated, real)
        signals[f"val/likeness_{direction}"] = _correlation(real, translated)
        if len(real) > 1:
            signals[f"val/diversity_{direction}"] = _diversity(translated) / max(_diversity(real), 1e-6)
        if classifier is not None:
            is_b = classifier(translated) > 0.5
            signals[f"val/fooled_{direction}"] = float(np.mean(is_b if direction == "a2b" else ~is_b))
    return signals


def _mean_abs_difference(x: Tensor, y: Tensor) -> float:
    return float((x - y).abs().mean())


def _correlation(x: Tensor, y: Tensor) -> float:
    """Mean over photos of the correlation of their brightness, in [-1, 1]."""
    x, y = (v.mean(1).flatten(1) for v in (x, y))  # (N, H*W)
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    return float(((x * y).sum(1) / (x.norm(dim=1) * y.norm(dim=1)).clamp_min(1e-6)).mean())


def _diversity(x: Tensor) -> float:
    """Mean absolute difference between each photo and the next."""
    return _mean_abs_difference(x, x.roll(1, 0))
