"""A pair of generators ready to translate photos, and which pairs are on this machine."""

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
from core.messages import N_, UserError
from core.runs.store import Run
from core.translation import REVERSE_DIRECTION, domain_classifiers, photo_translation
from core.translation.photo_translation import Translation

PRETRAINED_NAME = "cyclegan-apple2orange"
_MIN_CONFIDENCE = 0.9  # probability of the first judge below which it has not recognised a photo


@dataclass(frozen=True)
class Translator:
    """Both generators with what their weights say of themselves."""

    network: nn.Module
    spec: Spec

    @classmethod
    def load(cls, path: Path) -> Translator:
        """From a weights file of this project. Raises UserError where it cannot be used or holds no generators."""
        network, spec = checkpoints.load_weights(path)
        if spec.kind != "translation":
            raise UserError(N_("{file} does not contain an image translation model."), file=str(path))
        return cls(network, spec)

    @property
    def input_size(self) -> int:
        """The short side, in pixels, at which photos are translated: that of the training."""
        return self.spec.in_shape[-1]

    def translate(self, photos: Tensor, way: str, cycled: bool = False) -> Translation:
        """Photos (N, 3, H, W) in [0, 1] from A to B ("a2b") or from B to A ("b2a"), with `cycled` also back again."""
        there, back = getattr(self.network, way), getattr(self.network, REVERSE_DIRECTION[way])
        return photo_translation.translate_photos(there, photos, self.input_size, back if cycled else None)


def list_translators() -> list[ModelChoice]:
    """The pairs of generators that are on this machine, in the order of `networks.choices`."""
    return available_models.list_models([t for t in tasks.TASKS if t.kind == "translation"])


def saved_epochs(run: Run) -> list[tuple[int, Path]]:
    """The epochs of which a run keeps weights, oldest first."""
    return [(epoch, run.epoch_weights_path(epoch)) for epoch in run.saved_epochs()]


@dataclass(frozen=True)
class DomainPrediction:
    """What the first judge makes of a photo: probability of domain B, and the domain ("a", "b"), or None where it is not sure."""

    b: float
    domain: str | None


def predict_domains(photos: Tensor) -> list[DomainPrediction] | None:
    """What the apple/orange classifier says of photos (N, 3, H, W) in [0, 1]; None where it does not ship with this copy."""
    if domain_classifiers.PRIMARY not in domain_classifiers.available():
        return None
    found = []
    for p in np.atleast_1d(_load_classifier()(photos)):
        domain = "b" if p >= _MIN_CONFIDENCE else "a" if p <= 1 - _MIN_CONFIDENCE else None
        found.append(DomainPrediction(float(p), domain))
    return found


@functools.cache
def _load_classifier() -> domain_classifiers.DomainClassifier:
    return domain_classifiers.load_classifier(domain_classifiers.PRIMARY)
