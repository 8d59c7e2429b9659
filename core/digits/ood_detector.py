"""The judge that says "this does not look like a digit to me", whatever network answers.

A network that knows ten classes puts everything into one of them, and often with confidence. So somebody else is asked: for each
class a Gaussian over the maps of the shipped modern CNN's second block, averaged over four quarters of the picture. The distance
of a picture is that to the nearest class (Mahalanobis', with a covariance per class and its volume; Lee, Lee, Lee, Shin, NeurIPS
2018, take one covariance for all). The maps are used and not the last hidden vector, because the latter has already forgotten
what does not tell digits apart. Pictures with less or more ink than any digit are refused before.

Shapes: B pictures, N training digits, K = 10 classes, F = 256 features.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import checkpoints, data, paths
from core.data import train_val_split
from core.digits import letters
from core.files import atomic_write, read_json, write_json
from core.inference.predictor import Predictor
from core.messages import N_, UserError

NAME = "digit-guard"
MODEL_NAME = "mnist-modern"
TARGET_REJECTION_RATE = 0.006
"""The share of validation digits beyond the threshold; on the test digits a little more are, and it must stay under 1 %."""
_RIDGE = 0.02
_VALIDATION_SIZE = 5000
_BATCH_SIZE = 250
_POOL_SIZE = 2


@dataclass(frozen=True)
class OODDetector:
    """`means` (K, F); `whiten` (K, F, F), lower triangular, whose product with a deviation from the mean has the squared length of
    its Mahalanobis distance; `volumes` (K,), the logarithms of the covariances' determinants; `threshold` on the distance; `ink`
    the least and the most mean ink, in [0, 1], of a digit."""

    predictor: Predictor
    means: np.ndarray
    whiten: np.ndarray
    log_determinants: np.ndarray
    threshold: float
    ink: tuple[float, float]

    def score(self, x: np.ndarray) -> np.ndarray:
        """How far each picture of `x`, uint8 (B, 28, 28), is from the nearest class of digits: float32 (B,); beyond
        `self.threshold` it is taken for none."""
        z = extract_features(self.predictor, x)  # (B, F)
        distances = [
            np.square((z - mean) @ root).sum(axis=1) + volume
            for mean, root, volume in zip(self.means, self.whiten, self.log_determinants, strict=True)
        ]
        return np.min(distances, axis=0)

    def accepts(self, x: np.ndarray) -> np.ndarray:
        """Whether each picture of `x`, uint8 (B, 28, 28), looks like a digit: bool (B,)."""
        x = np.asarray(x)
        ink = x.reshape(len(x), -1).mean(axis=1) / 255
        return (self.score(x) <= self.threshold) & (ink >= self.ink[0]) & (ink <= self.ink[1])

    def save(self, path: Path, card: dict[str, Any]) -> None:
        """Write the guard, in half precision, to `path` and `card` beside it, with the file's sha256."""
        from safetensors.numpy import save_file

        rows, columns = np.tril_indices(self.means.shape[1])
        tensors = {
            "means": self.means.astype(np.float16),
            # The lower triangle, row by row. safetensors writes an array's memory as it lies: it has to lie in order.
            "whiten": np.ascontiguousarray(self.whiten[:, rows, columns], np.float16),
            "volumes": self.log_determinants,
            "limits": np.array([self.threshold, *self.ink], np.float32),
        }
        atomic_write(path, lambda part: save_file(tensors, part))
        write_json(path.with_suffix(".json"), card | {"sha256": checkpoints.sha256(path)})

    @classmethod
    def load(cls, path: Path | None = None) -> OODDetector:
        """The guard in `path` (default: the shipped one) with the shipped network that it looks through.

        Raises UserError where one of them is missing, damaged, or they do not belong together.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = path or paths.checkpoints() / f"{NAME}.safetensors"
        card, network = read_json(path.with_suffix(".json")), checkpoints.load_card(MODEL_NAME)
        if not path.is_file() or not isinstance(card, dict) or card.get("sha256") != checkpoints.sha256(path):
            raise UserError(
                N_("{file} is missing or does not match its model card. Rebuild it with: {command}"),
                file=str(path),
                command="python -m core guard build",
            )
        if card.get("network_sha256") != network.content["sha256"]:
            raise UserError(
                N_("{file} was built for different weights of {network}. Rebuild it with: {command}"),
                file=str(path),
                network=MODEL_NAME,
                command="python -m core guard build",
            )
        try:
            tensors = load_file(path)
            means = tensors["means"].astype(np.float32)
            whiten = np.zeros((*means.shape, means.shape[1]), np.float32)
            rows, columns = np.tril_indices(means.shape[1])
            whiten[:, rows, columns] = tensors["whiten"]
            threshold, low, high = (float(v) for v in tensors["limits"])
        except (SafetensorError, OSError, KeyError, ValueError, IndexError) as error:
            raise UserError(
                N_("{file} cannot be read as a safetensors file ({reason})."),
                file=str(path),
                reason=str(error),
            ) from error
        return cls(Predictor.load(network.weights), means, whiten, tensors["volumes"], threshold, (low, high))


@torch.inference_mode()
def extract_features(predictor: Predictor, x: np.ndarray) -> np.ndarray:
    """The maps of the second block of a modern CNN for `x`, uint8 (B, 28, 28), each averaged over the picture's quarters: (B, F)."""
    network, parts = predictor.network, []
    for start in range(0, len(x), _BATCH_SIZE):
        batch = predictor.normalize(np.asarray(x[start : start + _BATCH_SIZE])[:, None])  # (B, 1, 28, 28)
        maps = network.block2(
            network.block1(batch.contiguous(memory_format=torch.channels_last))
        )  # -> (B, 64, 7, 7)
        parts.append(
            torch.nn.functional.adaptive_avg_pool2d(maps, _POOL_SIZE).flatten(1).numpy()
        )  # -> (B, 64*4)
    return np.concatenate(parts)


def fit_detector(predictor: Predictor, x: np.ndarray, y: np.ndarray, validation: np.ndarray) -> OODDetector:
    """The guard of digits like `x`, uint8 (N, 28, 28), with labels `y` (N,), whose threshold refuses the share REJECTED of
    `validation`, digits that are not in `x`."""
    z = extract_features(predictor, x)
    means, whiten, volumes = [], [], []
    for c in np.unique(y):
        mean = z[y == c].mean(axis=0)
        spread = np.cov((z[y == c] - mean).T.astype(np.float64))
        # A floor under the variances: the smallest come from a handful of digits, and would decide nearly alone.
        spread += _RIDGE * np.trace(spread) / len(spread) * np.eye(len(spread))
        means.append(mean)
        whiten.append(np.linalg.cholesky(np.linalg.inv(spread)))
        volumes.append(np.linalg.slogdet(spread)[1])
    shape = {
        "means": np.stack(means),
        "whiten": np.stack(whiten).astype(np.float32),
        "log_determinants": np.array(volumes, np.float32),
    }
    ink = np.asarray(x).reshape(len(x), -1).mean(axis=1) / 255
    limits = (float(ink.min()) * 0.8, float(ink.max()) * 1.2)
    threshold = float(
        np.quantile(
            OODDetector(predictor, **shape, threshold=0.0, ink=limits).score(validation),
            1 - TARGET_REJECTION_RATE,
        )
    )
    return OODDetector(predictor, **shape, threshold=threshold, ink=limits)


def evaluate_detector(guard: OODDetector, digits: np.ndarray) -> dict[str, float]:
    """The share of `digits`, uint8 (B, 28, 28), that is refused, and the shares of rendered letters and scribbles that are caught."""
    return {
        "digits_rejected": float(1 - guard.accepts(digits).mean()),
        "letters_caught": float(1 - guard.accepts(letters.render_letters()[0]).mean()),
        "scribbles_caught": float(1 - guard.accepts(letters.draw_scribbles()).mean()),
    }


def build_detector(root: str | None = None) -> dict[str, Any]:
    """Fit the guard on MNIST's training part and write it beside the checkpoints; gives its card, measured as it ships.

    Raises UserError where MNIST or the shipped network is not there.
    """
    folder = data.find_dataset("mnist", root)
    if folder is None:
        raise UserError(
            N_("{title} is not installed. Download it with: {command}"),
            title="MNIST",
            command="python -m core data get mnist",
        )
    started, network = time.perf_counter(), checkpoints.load_card(MODEL_NAME)
    mnist = data.dataset_info("mnist").load(folder)
    train, held = train_val_split(mnist.train_y, _VALIDATION_SIZE)
    guard = fit_detector(
        Predictor.load(network.weights), mnist.train_x[train, 0], mnist.train_y[train], mnist.train_x[held, 0]
    )
    path = paths.checkpoints() / f"{NAME}.safetensors"
    card = {"name": NAME, "network": MODEL_NAME, "network_sha256": network.content["sha256"], "data": "MNIST"}
    guard.save(path, card)
    card |= {
        "command": "python -m core guard build",
        "train": len(train),
        "validation": len(held),
        "letters": {"alphabet": letters.LETTERS, "fonts": list(letters.FONTS)},
        "metrics": evaluate_detector(OODDetector.load(path), mnist.test_x[:, 0]),
        "seconds": round(time.perf_counter() - started, 1),
    }
    guard.save(path, card)
    return read_json(path.with_suffix(".json"))
