"""A network with everything between an array as it comes (uint8 pixels, raw features) and a readable answer.

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
from core.training.batches import normalization


def predict_outputs(network: nn.Module, spec: Spec, x: Tensor) -> Tensor:
    """Logits or standardised predictions (B, K) of normalised inputs, as the spec says: of the input alone, or the mean with those of
    its mirror image, and half of that with the input moved by one pixel, up left and down right, its border mirrored into the gap."""
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
    """A network in evaluation mode with its spec."""

    network: nn.Module
    spec: Spec

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """From a weights file of this project. Raises UserError where it cannot be used."""
        return cls(*checkpoints.load_weights(path))

    def normalize(self, x: np.ndarray) -> Tensor:
        """Network inputs (B, C, H, W) or (B, F) of images (values from 0 to 255) or features of the same shape."""
        value = torch.from_numpy(np.array(x)).float()
        gain, offset = normalization(self.spec.mean, self.spec.std, value.ndim == 4)
        return torch.addcmul(offset, value, gain)

    @torch.inference_mode()
    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities (B, K), or predictions (B,) in the target's unit."""
        out = predict_outputs(self.network, self.spec, self.normalize(x))
        if self.spec.kind == "classification":
            return out.softmax(1).numpy()
        return (out[:, 0] * self.spec.output_std + self.spec.output_mean).numpy()

    @torch.inference_mode()
    def embed(self, x: np.ndarray) -> np.ndarray:
        """The last hidden vectors (B, D)."""
        return self.network.embed(self.normalize(x)).float().numpy()
