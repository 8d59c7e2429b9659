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
from core.translation import judges, photo

WAYS = ("a2b", "b2a")
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
    for way, back, photos in zip(WAYS, WAYS[::-1], domains, strict=True):
        parts = [photo.translate(getattr(network, way), p, working, getattr(network, back)) for p in photos.split(_AT_ONCE)]
        errors.append(torch.cat([(t.cycled - t.seen).abs().mean((1, 2, 3)) for t in parts]))
        translated.append(torch.cat([photo.applied(p, t.change) for p, t in zip(photos.split(_AT_ONCE), parts, strict=True)]))
    found["cycle_error"] = float(torch.cat(errors).mean())
    if tuple(spec.classes) != ("apple", "orange") or data.stand_in_for:
        return found
    found["colour_histogram_accuracy"] = judges.colour_histogram_accuracy(data)
    for number, name in enumerate(judges.there()):
        says = judges.judge(name)
        prefix = "" if number == 0 else "second_"
        for way, one, other, fake in _ways(domains, translated):
            found[f"{prefix}fool_rate_{way}"] = _share(says(fake), way)
            found[f"{prefix}fool_rate_colour_{way}"] = _share(says(judges.moved_colours(one, other)), way)
            found[f"{prefix}fool_rate_untranslated_{way}"] = _share(says(one), way)
    if judges.features_there():
        for way, one, other, fake in _ways(domains, translated):
            real = judges.features(other)
            for label, photos in (("", fake), ("colour_", judges.moved_colours(one, other)), ("untranslated_", one)):
                vectors = judges.features(photos)
                found[f"kid_{label}{way}"] = judges.kid(vectors, real)
                low, high = judges.kid_interval(vectors, real)
                found[f"kid_{label}{way}_low"], found[f"kid_{label}{way}_high"] = low, high
    return found


def _ways(domains: list[Tensor], translated: list[Tensor]) -> list[tuple[str, Tensor, Tensor, Tensor]]:
    """For each way: its name, the photos that were translated, the photos of the other domain, the translations."""
    return [("a2b", domains[0], domains[1], translated[0]), ("b2a", domains[1], domains[0], translated[1])]


def _share(is_b: np.ndarray, way: str) -> float:
    """The share of photos that a judge takes for the domain that `way` leads to."""
    taken = is_b > 0.5
    return float(np.mean(taken if way == "a2b" else ~taken))
