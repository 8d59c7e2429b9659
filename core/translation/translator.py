"""Translation models (both generators) ready for inference, and the models available on this machine."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from core import checkpoints, tasks
from core.checkpoints import Spec
from core.inference import available_models
from core.inference.available_models import ModelChoice
from core.kinds import get_kind
from core.messages import N_, UserError
from core.runs.store import Run
from core.translation import REVERSE_DIRECTION, domain_classifiers, photo_translation
from core.translation.photo_translation import Translation

PRETRAINED_NAME = "cyclegan-apple2orange"
_MIN_CONFIDENCE = 0.9  # smallest probability at which the domain classifier names a domain


@dataclass(frozen=True)
class Translator:
    """Both generators of a translation model with their spec."""

    network: nn.Module
    spec: Spec

    @classmethod
    def load(cls, path: Path) -> Translator:
        """Load a weights file. Raises UserError if it cannot be used or is not a translation model."""
        network, spec = checkpoints.load_weights(path)
        if get_kind(spec.kind).model_role != "translator":
            raise UserError(N_("{file} does not contain an image translation model."), file=str(path))
        return cls(network, spec)

    @property
    def input_size(self) -> int:
        """Short side, in pixels, at which photos are translated: the image size of the training."""
        return self.spec.in_shape[-1]

    def translate(self, photos: Tensor, direction: str, reconstruct: bool = False) -> Translation:
        """Translate photos (N, 3, H, W) in [0, 1] from A to B ("a2b") or from B to A ("b2a"); optionally reconstruct them."""
        generator = getattr(self.network, direction)
        reverse = getattr(self.network, REVERSE_DIRECTION[direction]) if reconstruct else None
        return photo_translation.translate_photos(generator, photos, self.input_size, reverse)


def list_translators() -> list[ModelChoice]:
    """The translation models on this machine, in the order of `available_models.list_models`."""
    return available_models.list_models(
        [t for t in tasks.TASKS if get_kind(t.kind).model_role == "translator"]
    )


def saved_epochs(run: Run) -> list[tuple[int, Path]]:
    """Epochs with saved weights and their files, oldest first."""
    return [(epoch, run.epoch_weights_path(epoch)) for epoch in run.saved_epochs()]


@dataclass(frozen=True)
class DomainPrediction:
    """Prediction of the domain classifier: the probability of domain B, and the domain ("a" or "b"), or None if it is not confident."""

    probability_b: float
    domain: str | None


def predict_domains(photos: Tensor) -> list[DomainPrediction] | None:
    """Classify photos (N, 3, H, W) in [0, 1] as apples (A) or oranges (B). Returns None if the classifier is not installed."""
    if domain_classifiers.PRIMARY not in domain_classifiers.available():
        return None
    predictions = []
    for p in np.atleast_1d(_load_classifier()(photos)):
        domain = "b" if p >= _MIN_CONFIDENCE else "a" if p <= 1 - _MIN_CONFIDENCE else None
        predictions.append(DomainPrediction(float(p), domain))
    return predictions


@functools.cache
def _load_classifier() -> domain_classifiers.DomainClassifier:
    return domain_classifiers.load_classifier(domain_classifiers.PRIMARY)
