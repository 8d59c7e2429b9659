"""A pair of generators ready to translate photos, and which pairs are on this machine."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from core import checkpoints, tasks
from core.checkpoints import Spec
from core.inference import networks
from core.inference.networks import Choice
from core.messages import N_, UserError
from core.training.runs import Run
from core.translation import WAYS, judges, photo
from core.translation.photo import Translation

SHIPPED = "cyclegan-apple2orange"
_SURE = 0.9  # probability of the first judge below which it has not recognised a photo


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
    def working(self) -> int:
        """The short side, in pixels, at which photos are translated: that of the training."""
        return self.spec.in_shape[-1]

    def translate(self, photos: Tensor, way: str, cycled: bool = False) -> Translation:
        """Photos (N, 3, H, W) in [0, 1] from A to B ("a2b") or from B to A ("b2a"), with `cycled` also back again."""
        there, back = getattr(self.network, way), getattr(self.network, WAYS[way])
        return photo.translate(there, photos, self.working, back if cycled else None)


def translators() -> list[Choice]:
    """The pairs of generators that are on this machine, in the order of `networks.choices`."""
    return networks.choices([t for t in tasks.TASKS if t.kind == "translation"])


def stages(run: Run) -> list[tuple[int, Path]]:
    """The epochs of which a run keeps weights, oldest first."""
    return [(epoch, run.epoch_weights(epoch)) for epoch in run.epochs_saved()]


@dataclass(frozen=True)
class Recognised:
    """What the first judge makes of a photo: probability of domain B, and the domain ("a", "b"), or None where it is not sure."""

    b: float
    domain: str | None


def recognise(photos: Tensor) -> list[Recognised] | None:
    """What the apple/orange classifier says of photos (N, 3, H, W) in [0, 1]; None where it does not ship with this copy."""
    if judges.FIRST not in judges.there():
        return None
    found = []
    for p in np.atleast_1d(_judge()(photos)):
        domain = "b" if p >= _SURE else "a" if p <= 1 - _SURE else None
        found.append(Recognised(float(p), domain))
    return found


@functools.cache
def _judge() -> judges.Judge:
    return judges.judge(judges.FIRST)
