"""Nearest neighbors of an image among MNIST's training digits, in feature space or pixel space.

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
"""Models with a wider last hidden layer are searched in pixel space."""
_BATCH_SIZE = 250
_BLOCK_SIZE = 8192
_FORMAT_VERSION = 1


@dataclass(frozen=True)
class Neighbors:
    """The k nearest training digits, nearest first.

    `index` (k,) into MNIST's training set, `labels` (k,), `images` (k, 28, 28) uint8, cosine `similarity` (k,) in [-1, 1].
    """

    space: Literal["features", "pixels"]
    index: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    similarity: np.ndarray


@dataclass(frozen=True)
class NeighborIndex:
    """Search index of MNIST's training set for one model.

    Attributes:
        predictor: The model that embeds queries.
        space: Space of the vectors.
        vectors: Features (N, D) float16 of length 1, memory-mapped; or pixels (N, P) uint8.
        norms: Lengths (N,) float32 of the vectors.
        images: Training images (N, 28, 28) uint8.
        labels: Training labels (N,).
    """

    predictor: Predictor
    space: Literal["features", "pixels"]
    vectors: np.ndarray
    norms: np.ndarray
    images: np.ndarray
    labels: np.ndarray

    @torch.inference_mode()
    def search(self, pixels: np.ndarray, k: int = 3) -> Neighbors:
        """The `k` nearest training digits of `pixels`, uint8 (28, 28)."""
        batch = np.asarray(pixels, np.uint8).reshape(1, 1, 28, 28)
        query = (
            self.predictor.embed(batch)[0]
            if self.space == "features"
            else batch.reshape(-1).astype(np.float32)
        )
        query = torch.from_numpy(query / max(float(np.linalg.norm(query)), 1e-9))
        products = []
        for start in range(0, len(self.vectors), _BLOCK_SIZE):
            # Blocks of the mapped file are converted to float32 one at a time, so that they fit into the CPU cache.
            block = torch.from_numpy(np.asarray(self.vectors[start : start + _BLOCK_SIZE])).float()
            products.append(block @ query)
        # Half-precision products can slightly exceed 1.
        similarity = np.clip(torch.cat(products).numpy() / self.norms, -1, 1)
        k = min(k, len(similarity))
        best = np.argpartition(-similarity, k - 1)[:k]
        best = best[np.argsort(-similarity[best], kind="stable")]
        return Neighbors(self.space, best, self.labels[best], np.array(self.images[best]), similarity[best])


def load_index(
    predictor: Predictor, key: str, root: str | None = None, progress: ProgressCallback | None = None
) -> NeighborIndex | None:
    """Load or build the search index for `predictor`.

    Args:
        predictor: A digit classifier.
        key: Identifies the weights (a hash, or path and modification time). Feature vectors are cached under it.
        root: Data folder to search for MNIST first.
        progress: Called with a message and the completed fraction, in [0, 1].

    Returns None if MNIST is not installed or the model takes other inputs. Raises UserError if MNIST's files cannot be read.
    """
    folder = data.find_dataset("mnist", root)
    if folder is None or tuple(predictor.spec.in_shape) != (1, 28, 28):
        return None
    if progress:
        progress(Message(N_("Loading the training set")), 0.0)
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
    """Hash of a sample of the training images, to detect another copy of the data set."""
    return hashlib.sha256(
        np.ascontiguousarray(images[:: max(1, len(images) // 500)]).tobytes()
    ).hexdigest() + str(len(images))


def _row_norms(flat: np.ndarray) -> np.ndarray:
    """Length of each row of (N, P) uint8, at least 1."""
    parts = [
        np.linalg.norm(flat[i : i + _BLOCK_SIZE].astype(np.float32), axis=1)
        for i in range(0, len(flat), _BLOCK_SIZE)
    ]
    return np.maximum(np.concatenate(parts), 1.0)


def _open_vectors(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """The vectors in `path`, or None if the file is missing or damaged."""
    try:
        vectors = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.shape == shape and vectors.dtype == np.float16 else None


def _build_vectors(
    predictor: Predictor, x: np.ndarray, width: int, path: Path, progress: ProgressCallback | None
) -> None:
    """Embed `x` (N, 1, 28, 28) and save the normalized vectors to `path`."""
    vectors = np.empty((len(x), width), np.float16)
    # A copy, because other sessions share the predictor.
    network = copy.deepcopy(predictor.network).to(memory_format=torch.channels_last)
    # With a GPU, has_native_bf16() describes the GPU, but this runs on the CPU.
    native = has_native_bf16() and not torch.cuda.is_available()
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
