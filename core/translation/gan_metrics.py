"""Test metrics of a CycleGAN, each beside the same metric of the color-transfer baseline.

The weights were chosen with the first classifier alone; the second classifier and the feature
model had no influence on it.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints import Spec
from core.data import ArrayDataset
from core.translation import REVERSE_DIRECTION, domain_classifiers, photo_translation

_BATCH_SIZE = 16  # photos


@torch.inference_mode()
def compute_metrics(network: nn.Module, spec: Spec, data: ArrayDataset) -> dict[str, float]:
    """Compute the test metrics of a translation model.

    The cycle error is always included. For apples and oranges, and if the classifiers are installed, so are for
    each direction `fool_rate_*` (first classifier), `second_fool_rate_*` and `kid_*` with its 95% interval,
    each also for the color-transfer baseline and for the original photos.
    """
    if not next(network.parameters()).is_cpu:
        network = copy.deepcopy(network).cpu()  # like the classifiers and the photos
    domains = [torch.from_numpy(data.test_x[data.test_y == d]).float() / 255 for d in (0, 1)]
    working = spec.in_shape[-1]
    found: dict[str, float] = {}
    errors, translated = [], []
    for (way, back), photos in zip(REVERSE_DIRECTION.items(), domains, strict=True):
        parts = [
            photo_translation.translate_photos(getattr(network, way), p, working, getattr(network, back))
            for p in photos.split(_BATCH_SIZE)
        ]
        errors.append(torch.cat([(t.reconstruction - t.inputs).abs().mean((1, 2, 3)) for t in parts]))
        translated.append(
            torch.cat(
                [
                    photo_translation.apply_change(p, t.change)
                    for p, t in zip(photos.split(_BATCH_SIZE), parts, strict=True)
                ]
            )
        )
    found["cycle_error"] = float(torch.cat(errors).mean())
    if tuple(spec.classes) != ("apple", "orange") or data.stand_in_for:
        return found
    found["color_histogram_accuracy"] = domain_classifiers.color_histogram_accuracy(data)
    classifiers = [
        (prefix, domain_classifiers.load_classifier(name))
        for prefix, name in zip(("", "second_"), domain_classifiers.available(), strict=False)
    ]
    for way, one, other, fake in zip(REVERSE_DIRECTION, domains, domains[::-1], translated, strict=True):
        made = {"": fake, "color_": domain_classifiers.color_transfer(one, other), "untranslated_": one}
        for prefix, classify in classifiers:
            found |= {
                f"{prefix}fool_rate_{label}{way}": _fool_rate(classify(photos), way)
                for label, photos in made.items()
            }
        if domain_classifiers.features_available():
            found |= _kid_metrics(made, domain_classifiers.extract_features(other), way)
    return found


def _kid_metrics(made: dict[str, Tensor], real: np.ndarray, way: str) -> dict[str, float]:
    """KID with its interval for each kind of photos, by the label of the kind."""
    found = {}
    for label, photos in made.items():
        vectors = domain_classifiers.extract_features(photos)
        low, high = domain_classifiers.kid_interval(vectors, real)
        found |= {
            f"kid_{label}{way}": domain_classifiers.kid(vectors, real),
            f"kid_{label}{way}_low": low,
            f"kid_{label}{way}_high": high,
        }
    return found


def _fool_rate(is_b: np.ndarray, way: str) -> float:
    """Share of photos that a classifier assigns to the target domain of direction `way`."""
    taken = is_b > 0.5
    return float(np.mean(taken if way == "a2b" else ~taken))
