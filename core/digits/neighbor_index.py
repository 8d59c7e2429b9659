"""The training digits that are nearest to a picture: what the network has seen that looks like it, to it or to us.

Shapes: N training digits, D features, P = 784 pixels.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from core import data, paths
from core.data import ProgressCallback
from core.files import atomic_write
from core.inference.predictor import Predictor
from core.messages import Message, N_
from core.runs.system_info import has_native_bf16

MAX_FEATURES = 512
"""A network whose last hidden vector is wider is compared by pixels."""
_BATCH_SIZE = 250
_BLOCK_SIZE = 8192
_FORMAT_VERSION = 1


@dataclass(frozen=True)
class Neighbors:
    """The nearest training digits, nearest first: `index` (k,) into MNIST's training part, `labels` (k,), `images` (k, 28, 28)
    uint8, cosine `similarity` (k,) in [-1, 1], found `by` the network's features or by pixels."""

    by: Literal["features", "pixels"]
    index: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    similarity: np.ndarray


@dataclass(frozen=True)
class NeighborIndex:
    """MNIST's training part, ready to be searched by the vectors of one network."""

    predictor: Predictor
    by: Literal["features", "pixels"]
    vectors: np.ndarray  # (N, D) float16 of length 1, memory-mapped; or the pixels themselves, (N, P) uint8
    norms: np.ndarray  # (N,) float32, of pixel vectors; features: ones
    images: np.ndarray  # (N, 28, 28) uint8
    labels: np.ndarray  # (N,)

    @torch.inference_mode()
    def nearest(self, pixels: np.ndarray, k: int = 3) -> Neighbors:
        """The `k` training digits nearest to `pixels`, uint8 (28, 28)."""
        batch = np.asarray(pixels, np.uint8).reshape(1, 1, 28, 28)
        query = (
            self.predictor.embed(batch)[0] if self.by == "features" else batch.reshape(-1).astype(np.float32)
        )
        query = torch.from_numpy(query / max(float(np.linalg.norm(query)), 1e-9))
        products = []
        for start in range(0, len(self.vectors), _BLOCK_SIZE):
            # A block of what is mapped, widened where it fits into the processor's cache.
            block = torch.from_numpy(np.asarray(self.vectors[start : start + _BLOCK_SIZE])).float()
            products.append(block @ query)
        similarity = np.clip(
            torch.cat(products).numpy() / self.norms, -1, 1
        )  # half precision is a little over
        k = min(k, len(similarity))
        best = np.argpartition(-similarity, k - 1)[:k]
        best = best[np.argsort(-similarity[best], kind="stable")]
        return Neighbors(self.by, best, self.labels[best], np.array(self.images[best]), similarity[best])


def load_index(
    predictor: Predictor, key: str, root: str | None = None, progress: ProgressCallback | None = None
) -> NeighborIndex | None:
    """The index for `predictor`, or None where MNIST is not on this machine or the network takes other pictures.

    `key` names the weights (a hash of them, or path and time): vectors are kept in the cache under it, and made anew, in seconds,
    where it is new. Raises UserError where MNIST's files are there but cannot be read.
    """
    folder = data.find_dataset("mnist", root)
    if folder is None or tuple(predictor.spec.in_shape) != (1, 28, 28):
        return None
    mnist = data.dataset_info("mnist").load(folder)
    images, labels = mnist.train_x[:, 0], mnist.train_y
    width = predictor.embed(mnist.train_x[:1]).shape[1]
    if width > MAX_FEATURES:
        flat = images.reshape(len(images), -1)
        return NeighborIndex(predictor, "pixels", flat, _row_norms(flat), images, labels)
    name = hashlib.sha256(f"{_FORMAT_VERSION} {key} {width} {_fingerprint(images)}".encode()).hexdigest()[:24]
    path = paths.cache() / "nearest" / f"{name}.npy"
    vectors = _open_vectors(path, (len(images), width))
    if vectors is None:
        _build_vectors(predictor, mnist.train_x, width, path, progress)
        vectors = _open_vectors(path, (len(images), width))
    return NeighborIndex(predictor, "features", vectors, np.ones(len(images), np.float32), images, labels)


def _fingerprint(images: np.ndarray) -> str:
    """Tells one copy of the training part from another without reading all of it."""
    return hashlib.sha256(
        np.ascontiguousarray(images[:: max(1, len(images) // 500)]).tobytes()
    ).hexdigest() + str(len(images))


def _row_norms(flat: np.ndarray) -> np.ndarray:
    """The length of every row of (N, P) uint8, at least 1."""
    parts = [
        np.linalg.norm(flat[i : i + _BLOCK_SIZE].astype(np.float32), axis=1)
        for i in range(0, len(flat), _BLOCK_SIZE)
    ]
    return np.maximum(np.concatenate(parts), 1.0)


def _open_vectors(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """The vectors in `path`, or None where they are absent or damaged."""
    try:
        vectors = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.shape == shape and vectors.dtype == np.float16 else None


def _build_vectors(
    predictor: Predictor, x: np.ndarray, width: int, path: Path, progress: ProgressCallback | None
) -> None:
    """Embed `x` (N, 1, 28, 28) and write the vectors, length 1, to `path`."""
    vectors = np.empty((len(x), width), np.float16)
    network = copy.deepcopy(predictor.network).to(
        memory_format=torch.channels_last
    )  # the other one is shared
    native = (
        has_native_bf16() and not torch.cuda.is_available()
    )  # with a GPU it is the GPU that was asked about
    for start in range(0, len(x), _BATCH_SIZE):
        inputs = predictor.normalize(x[start : start + _BATCH_SIZE]).contiguous(
            memory_format=torch.channels_last
        )
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=native):
            part = network.embed(inputs).float().numpy()
        vectors[start : start + _BATCH_SIZE] = part / np.maximum(
            np.linalg.norm(part, axis=1, keepdims=True), 1e-9
        )
        if progress:
            progress(Message(N_("Computing training set features")), min(1.0, (start + _BATCH_SIZE) / len(x)))
    path.parent.mkdir(parents=True, exist_ok=True)

    def write(part: Path) -> None:
        with part.open("wb") as f:
            np.save(f, vectors)

    atomic_write(path, write)
