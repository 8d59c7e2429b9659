"""Features of a frozen network, computed once and kept below the cache folder.

Shapes: N examples, F features.
"""

from __future__ import annotations

import hashlib
import io
import logging
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor, nn

from core import paths
from core.files import write_bytes
from core.training.batches import Batches

logger = logging.getLogger("manabi.features")


@torch.inference_mode()
def extract_features(
    network: nn.Module,
    batches: Batches,
    mirrored: bool = False,
    autocast: AbstractContextManager | None = None,
) -> Tensor:
    """Return `network.embed` of all examples, float32 (N, F), in evaluation mode and without augmentation.

    Args:
        network: model with `embed`.
        batches: the examples.
        mirrored: whether images are flipped left to right.
        autocast: context of the forward passes; full precision by default.
    """
    network.eval()
    parts = []
    with autocast or nullcontext():
        for part in batches.parts(network):
            x = batches.inputs(part)
            parts.append(network.embed(x.flip(-1) if mirrored else x).float())
    return torch.cat(parts).cpu() if parts else torch.empty(0, 0)


def cached_features(
    network: nn.Module,
    batches: Batches,
    mirrored: bool = False,
    autocast: AbstractContextManager | None = None,
    precision: str = "32-true",
    owner: str = "",
) -> Tensor:
    """As `extract_features`, read from the cache if they are there, else computed and written. `precision` names what `autocast` does,
    `owner` begins the name of the file: the data set, so that what was computed from a user's photos is deleted with them.

    Files that are damaged, of another shape, or that cannot be written are passed over.
    """
    path = paths.cache() / "features" / f"{owner}-{_key(network, batches, mirrored, precision)}.npy"
    try:
        found = torch.from_numpy(np.load(path))
        if found.ndim == 2 and len(found) == len(batches):
            return found
    except (OSError, ValueError, EOFError):
        logger.debug("no features in %s", path)
    features = extract_features(network, batches, mirrored, autocast)
    buffer = io.BytesIO()
    np.save(buffer, features.numpy())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, buffer.getbuffer())
    except OSError as error:
        logger.warning("features are not cached: %s", error)
    return features


def _key(network: nn.Module, batches: Batches, mirrored: bool, precision: str) -> str:
    """Hash of everything that the features depend on: the examples, their normalization, the weights and the precision."""
    digest = hashlib.sha256(f"{type(network).__name__} {mirrored} {precision} {torch.__version__}".encode())
    tensors = {k: v for k, v in network.state_dict().items() if not k.startswith("head.")}
    for name, value in {**tensors, "gain": batches.gain, "offset": batches.offset, "x": batches.x}.items():
        digest.update(f"{name} {tuple(value.shape)}".encode())
        digest.update(np.ascontiguousarray(value.detach().cpu().numpy()))
    return digest.hexdigest()[:24]
