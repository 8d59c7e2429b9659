"""A model with its preprocessing: from arrays as loaded (uint8 pixels, raw features) to readable predictions.

Shapes: B batch, C H W image, F features, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from core import checkpoints
from core.checkpoints import Spec
from core.kinds import get_kind
from core.training.batches import normalization


def predict_outputs(network: nn.Module, spec: Spec, x: Tensor) -> Tensor:
    """Raw outputs (B, K) of normalized inputs, with the spec's test-time augmentation.

    `tta_flip` averages with the outputs of the flipped input. `tta_shift` gives half of the weight to the input shifted by one
    pixel, up left and down right, padded by reflection.
    """
    if not spec.tta_shift:
        return _average_with_flip(network, x) if spec.tta_flip else network(x).float()
    once = _average_with_flip if spec.tta_flip else lambda net, v: net(v).float()
    h, w = x.shape[-2:]
    wide = F.pad(x, (1, 1, 1, 1), "reflect")
    moved = once(network, wide[..., :h, :w]) + once(network, wide[..., 2:, 2:])
    return once(network, x) / 2 + moved / 4


def _average_with_flip(network: nn.Module, x: Tensor) -> Tensor:
    return (network(x).float() + network(x.flip(-1)).float()) / 2


@dataclass(frozen=True)
class Predictor:
    """A model in evaluation mode with its spec."""

    network: nn.Module
    spec: Spec

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Load a weights file of this project. Raises UserError if it cannot be used."""
        return cls(*checkpoints.load_weights(path))

    def normalize(self, x: np.ndarray) -> Tensor:
        """Model inputs (B, C, H, W) or (B, F) from images (values from 0 to 255) or features of the same shape."""
        value = torch.from_numpy(np.array(x)).float()
        gain, offset = normalization(self.spec.mean, self.spec.std, value.ndim == 4)
        return torch.addcmul(offset, value, gain)

    @torch.inference_mode()
    def predict(self, x: np.ndarray) -> np.ndarray:
        """Readable predictions, as the kind defines them: probabilities (B, K) or values (B,) in the target's unit."""
        outputs = predict_outputs(self.network, self.spec, self.normalize(x))
        return get_kind(self.spec.kind).predictions(outputs, self.spec).numpy()

    @torch.inference_mode()
    def embed(self, x: np.ndarray) -> np.ndarray:
        """The last hidden vectors (B, D)."""
        return self.network.embed(self.normalize(x)).float().numpy()
