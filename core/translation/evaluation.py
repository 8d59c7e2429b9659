"""The figures of a pair of generators on test photos, each beside the baseline whose colours alone were moved.

Nothing here chose the weights but the first judge; the second judge and the distance of features come from networks that had no part in it.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints import Spec
from core.data import DataSet
from core.translation import WAYS, judges, photo

_AT_ONCE = 16  # photos


@torch.inference_mode()
def figures(network: nn.Module, spec: Spec, data: DataSet) -> dict[str, float]:
    """Cycle error always; where the domains are apples and oranges and the judges are here, for both ways `fool_rate_*` (of the first
    judge), `second_fool_rate_*`, `kid_*` with its 95 % interval, and the same of the colour baseline and of the photos as they are."""
    if not next(network.parameters()).is_cpu:
        network = copy.deepcopy(network).cpu()  # where the judges and the photos are
    domains = [torch.from_numpy(data.test_x[data.test_y == d]).float() / 255 for d in (0, 1)]
    working = spec.in_shape[-1]
    found: dict[str, float] = {}
    errors, translated = [], []
    for (way, back), photos in zip(WAYS.items(), domains, strict=True):
        parts = [photo.translate(getattr(network, way), p, working, getattr(network, back)) for p in photos.split(_AT_ONCE)]
        errors.append(torch.cat([(t.cycled - t.seen).abs().mean((1, 2, 3)) for t in parts]))
        translated.append(torch.cat([photo.applied(p, t.change) for p, t in zip(photos.split(_AT_ONCE), parts, strict=True)]))
    found["cycle_error"] = float(torch.cat(errors).mean())
    if tuple(spec.classes) != ("apple", "orange") or data.stand_in_for:
        return found
    found["colour_histogram_accuracy"] = judges.colour_histogram_accuracy(data)
    juries = [(prefix, judges.judge(name)) for prefix, name in zip(("", "second_"), judges.there(), strict=False)]
    for way, one, other, fake in zip(WAYS, domains, domains[::-1], translated, strict=True):
        made = {"": fake, "colour_": judges.moved_colours(one, other), "untranslated_": one}
        for prefix, says in juries:
            found |= {f"{prefix}fool_rate_{label}{way}": _share(says(photos), way) for label, photos in made.items()}
        if judges.features_there():
            found |= _distances(made, judges.features(other), way)
    return found


def _distances(made: dict[str, Tensor], real: np.ndarray, way: str) -> dict[str, float]:
    """KID with its interval of each kind of photos, by the label of its kind."""
    found = {}
    for label, photos in made.items():
        vectors = judges.features(photos)
        low, high = judges.kid_interval(vectors, real)
        found |= {f"kid_{label}{way}": judges.kid(vectors, real), f"kid_{label}{way}_low": low, f"kid_{label}{way}_high": high}
    return found


def _share(is_b: np.ndarray, way: str) -> float:
    """The share of photos that a judge takes for the domain that `way` leads to."""
    taken = is_b > 0.5
    return float(np.mean(taken if way == "a2b" else ~taken))
