"""Test metrics of a translation model, each with a color transfer baseline.

The first domain classifier also selects the best epoch; the second classifier and the features of KID were not used in training.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints import Spec
from core.data import ArrayDataset, ProgressCallback
from core.messages import Message, N_
from core.translation import REVERSE_DIRECTION, domain_classifiers, photo_translation

_BATCH_SIZE = 16  # photos


@torch.inference_mode()
def compute_metrics(
    network: nn.Module, spec: Spec, data: ArrayDataset, progress: ProgressCallback | None = None
) -> dict[str, float]:
    """Compute the test metrics of both generators.

    Args:
        network: The generators `a2b` and `b2a`.
        spec: Spec of their weights.
        data: Data set with test photos of both domains.
        progress: Called with a message and the share of photos that are translated.

    Returns `cycle_error`; for real apples and oranges also, per direction, `fool_rate_*`, `second_fool_rate_*` and `kid_*` with
    its 95% interval, each for translations, for the color transfer baseline and for the original photos.
    """
    if not next(network.parameters()).is_cpu:
        network = copy.deepcopy(network).cpu()  # The classifiers and the photos are on the CPU.
    domains = [torch.from_numpy(data.test_x[data.test_y == d]).float() / 255 for d in (0, 1)]
    input_size = spec.in_shape[-1]
    metrics: dict[str, float] = {}
    errors, translated, num_done = [], [], 0
    for (direction, reverse), photos in zip(REVERSE_DIRECTION.items(), domains, strict=True):
        generator, reverse_generator = getattr(network, direction), getattr(network, reverse)
        parts = []
        for batch in photos.split(_BATCH_SIZE):
            parts.append(photo_translation.translate_photos(generator, batch, input_size, reverse_generator))
            num_done += len(batch)
            if progress:
                progress(Message(N_("Translating the test photos")), num_done / sum(map(len, domains)))
        errors.append(torch.cat([(t.reconstruction - t.inputs).abs().mean((1, 2, 3)) for t in parts]))
        translated.append(
            torch.cat(
                [
                    photo_translation.apply_change(p, t.change)
                    for p, t in zip(photos.split(_BATCH_SIZE), parts, strict=True)
                ]
            )
        )
    metrics["cycle_error"] = float(torch.cat(errors).mean())
    if tuple(spec.classes) != ("apple", "orange") or data.stand_in_for:
        return metrics
    metrics["color_histogram_accuracy"] = domain_classifiers.color_histogram_accuracy(data)
    classifiers = [
        (prefix, domain_classifiers.load_classifier(name))
        for prefix, name in zip(("", "second_"), domain_classifiers.available(), strict=False)
    ]
    for direction, source, target, outputs in zip(
        REVERSE_DIRECTION, domains, domains[::-1], translated, strict=True
    ):
        images_by_kind = {
            "": outputs,
            "color_": domain_classifiers.color_transfer(source, target),
            "untranslated_": source,
        }
        for prefix, predict_proba in classifiers:
            metrics |= {
                f"{prefix}fool_rate_{kind}{direction}": _fooling_rate(predict_proba(photos), direction)
                for kind, photos in images_by_kind.items()
            }
        if domain_classifiers.features_available():
            metrics |= _kid_metrics(images_by_kind, domain_classifiers.extract_features(target), direction)
    return metrics


def _kid_metrics(images_by_kind: dict[str, Tensor], real: np.ndarray, direction: str) -> dict[str, float]:
    """KID to the features `real` (N, D), with its interval, of each kind of images."""
    metrics = {}
    for kind, photos in images_by_kind.items():
        features = domain_classifiers.extract_features(photos)
        low, high = domain_classifiers.kid_interval(features, real)
        metrics |= {
            f"kid_{kind}{direction}": domain_classifiers.kid(features, real),
            f"kid_{kind}{direction}_low": low,
            f"kid_{kind}{direction}_high": high,
        }
    return metrics


def _fooling_rate(probability_b: np.ndarray, direction: str) -> float:
    """Share of photos that a classifier assigns to the target domain of `direction`."""
    is_b = probability_b > 0.5
    return float(np.mean(is_b if direction == "a2b" else ~is_b))
