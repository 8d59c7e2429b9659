"""Out-of-distribution detector for the digit classifiers.

A classifier assigns every input to one of its ten classes, often with high confidence. This detector is independent of the
selected classifier: it fits a Gaussian per class to the feature maps of the pretrained modern CNN's second block, averaged over
the four quadrants of the image, and scores an image by its Mahalanobis distance to the nearest class plus the log-determinant
of that class's covariance (Lee et al., NeurIPS 2018, share one covariance between classes). It uses these maps instead of the
last hidden layer, which discards information that does not separate digits. 1, 7 and 9 as people write them in many countries,
with flag and base, bar or tail, have Gaussians of their own. Images with an implausible amount of ink, and dots, are rejected as well.

Shapes: B images, N training digits, K = 13 Gaussians, F = 256 features.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import checkpoints, data, paths
from core.data import augment_digits, train_val_split
from core.digits import canvas, letters
from core.files import atomic_write, read_json, write_json
from core.inference.predictor import Predictor
from core.messages import N_, UserError

NAME = "digit-guard"
MODEL_NAME = "mnist-modern"
TARGET_REJECTION_RATE = 0.006
"""Fraction of validation digits beyond the threshold. The test set comes out slightly higher and must stay under 1%."""
_RIDGE = 0.01
_VALIDATION_SIZE = 5000
_BATCH_SIZE = 250
_POOL_SIZE = 2
_WITH_STROKES = (1, 7, 9)  # what `augment_digits.add_pen_strokes` draws on


@dataclass(frozen=True)
class OODDetector:
    """A fitted detector.

    Attributes:
        predictor: Pretrained model whose feature maps are used.
        means: Means of the Gaussians (K, F).
        whitening: Lower-triangular whitening matrices (K, F, F): a deviation from the mean times this matrix has the length of
            its Mahalanobis distance.
        log_determinants: Log-determinants of the covariances (K,).
        threshold: Largest accepted distance.
        ink_range: Smallest and largest accepted mean ink, in [0, 1].
    """

    predictor: Predictor
    means: np.ndarray
    whitening: np.ndarray
    log_determinants: np.ndarray
    threshold: float
    ink_range: tuple[float, float]

    def distance(self, x: np.ndarray) -> np.ndarray:
        """Distance of each image of `x`, uint8 (B, 28, 28), to the nearest Gaussian: float32 (B,)."""
        z = extract_features(self.predictor, x)  # (B, F)
        distances = [
            np.square((z - mean) @ root).sum(axis=1) + log_determinant
            for mean, root, log_determinant in zip(
                self.means, self.whitening, self.log_determinants, strict=True
            )
        ]
        return np.min(distances, axis=0)

    def accepts(self, x: np.ndarray) -> np.ndarray:
        """Whether each image of `x`, uint8 (B, 28, 28), looks like a digit: bool (B,)."""
        x = np.asarray(x)
        ink = x.reshape(len(x), -1).mean(axis=1) / 255
        low, high = self.ink_range
        strokes = np.array([not canvas.is_dot(image) for image in x], bool)
        return (self.distance(x) <= self.threshold) & (ink >= low) & (ink <= high) & strokes

    def save(self, path: Path, card: dict[str, Any]) -> None:
        """Save the detector in half precision to `path`, and `card` with the file's SHA-256 beside it."""
        from safetensors.numpy import save_file

        rows, columns = np.tril_indices(self.means.shape[1])
        tensors = {
            "means": self.means.astype(np.float16),
            # The lower triangle, row by row; contiguous, because safetensors writes the raw memory.
            "whiten": np.ascontiguousarray(self.whitening[:, rows, columns], np.float16),
            "volumes": self.log_determinants,
            "limits": np.array([self.threshold, *self.ink_range], np.float32),
        }
        atomic_write(path, lambda part: save_file(tensors, part))
        write_json(path.with_suffix(".json"), card | {"sha256": checkpoints.sha256(path)})

    @classmethod
    def load(cls, path: Path | None = None) -> OODDetector:
        """Load the detector in `path` (default: the pretrained one) and the model it was built for.

        Raises UserError if either is missing or damaged, or if they do not belong together.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = path or paths.checkpoints() / f"{NAME}.safetensors"
        card, model_card = read_json(path.with_suffix(".json")), checkpoints.load_card(MODEL_NAME)
        if not path.is_file() or not isinstance(card, dict) or card.get("sha256") != checkpoints.sha256(path):
            raise UserError(
                N_("{file} is missing or does not match its model card. Rebuild it with: {command}"),
                file=str(path),
                command="python -m core guard build",
            )
        if card.get("network_sha256") != model_card.content["sha256"]:
            raise UserError(
                N_("{file} was built for different weights of {network}. Rebuild it with: {command}"),
                file=str(path),
                network=MODEL_NAME,
                command="python -m core guard build",
            )
        try:
            tensors = load_file(path)
            means = tensors["means"].astype(np.float32)
            whitening = np.zeros((*means.shape, means.shape[1]), np.float32)
            rows, columns = np.tril_indices(means.shape[1])
            whitening[:, rows, columns] = tensors["whiten"]
            threshold, low, high = (float(v) for v in tensors["limits"])
        except (SafetensorError, OSError, KeyError, ValueError, IndexError) as error:
            raise UserError(
                N_("{file} cannot be read as a safetensors file ({reason})."),
                file=str(path),
                reason=str(error),
            ) from error
        predictor = Predictor.load(model_card.weights)
        return cls(predictor, means, whitening, tensors["volumes"], threshold, (low, high))


@torch.inference_mode()
def extract_features(predictor: Predictor, x: np.ndarray) -> np.ndarray:
    """Second-block feature maps of a modern CNN for `x`, uint8 (B, 28, 28), averaged over the image's quadrants: (B, F)."""
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
    """Fit a detector to digits `x`, uint8 (N, 28, 28), with labels `y` (N,): a Gaussian for each label.

    The threshold rejects the fraction `TARGET_REJECTION_RATE` of the held-out digits `validation`.
    """
    z = extract_features(predictor, x)
    means, whitening, log_determinants = [], [], []
    for c in np.unique(y):
        mean = z[y == c].mean(axis=0)
        covariance = np.cov((z[y == c] - mean).T.astype(np.float64))
        # Ridge: the smallest variances are estimated from few digits and would otherwise dominate the distance.
        covariance += _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        means.append(mean)
        whitening.append(np.linalg.cholesky(np.linalg.inv(covariance)))
        log_determinants.append(np.linalg.slogdet(covariance)[1])
    ink = np.asarray(x).reshape(len(x), -1).mean(axis=1) / 255
    detector = OODDetector(
        predictor,
        np.stack(means),
        np.stack(whitening).astype(np.float32),
        np.array(log_determinants, np.float32),
        threshold=0.0,
        ink_range=(float(ink.min()) * 0.8, float(ink.max()) * 1.2),
    )
    threshold = float(np.quantile(detector.distance(validation), 1 - TARGET_REJECTION_RATE))
    return dataclasses.replace(detector, threshold=threshold)


def add_other_hands(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Digits `x`, uint8 (N, 28, 28), and labels `y` (N,), followed by deformed copies of 1, 7 and 9 with added strokes, whose labels are
    11, 17 and 19.
    """
    chosen = np.isin(y, _WITH_STROKES)
    digits, generator = torch.from_numpy(x[chosen]).float()[:, None] / 255, torch.Generator().manual_seed(0)
    digits = augment_digits.add_pen_strokes(digits, torch.from_numpy(y[chosen]), 1.0, generator)
    digits = augment_digits.random_stroke_width(digits, 0.4, generator)
    digits = augment_digits.random_shear_elastic(digits, 10.0, 0.5, generator)
    pixels = (digits[:, 0].clamp(0, 1) * 255).round().byte().numpy()
    return np.concatenate([x, pixels]), np.concatenate([y, y[chosen] + 10])


def evaluate_detector(detector: OODDetector, digits: np.ndarray) -> dict[str, float]:
    """Rejection rates for `digits`, uint8 (B, 28, 28), rendered letters and scribbles."""
    return {
        "digits_rejected": float(1 - detector.accepts(digits).mean()),
        "letters_caught": float(1 - detector.accepts(letters.render_letters()[0]).mean()),
        "scribbles_caught": float(1 - detector.accepts(letters.draw_scribbles()).mean()),
    }


def build_detector(root: str | None = None) -> dict[str, Any]:
    """Fit a detector to MNIST's training set and save it to the checkpoints folder. Returns its card.

    Raises UserError if MNIST or the pretrained model is not installed.
    """
    folder = data.find_dataset("mnist", root)
    if folder is None:
        raise UserError(
            N_("{title} is not installed. Download it with: {command}"),
            title="MNIST",
            command="python -m core data get mnist",
        )
    started, model_card = time.perf_counter(), checkpoints.load_card(MODEL_NAME)
    mnist = data.dataset_info("mnist").load(folder)
    train, validation = train_val_split(mnist.train_y, _VALIDATION_SIZE)
    detector = fit_detector(
        Predictor.load(model_card.weights),
        *add_other_hands(mnist.train_x[train, 0], mnist.train_y[train]),
        mnist.train_x[validation, 0],
    )
    path = paths.checkpoints() / f"{NAME}.safetensors"
    card = {
        "name": NAME,
        "network": MODEL_NAME,
        "network_sha256": model_card.content["sha256"],
        "data": "MNIST",
    }
    detector.save(path, card)
    card |= {
        "command": "python -m core guard build",
        "train": len(train),
        "validation": len(validation),
        "letters": {"alphabet": letters.LETTERS, "fonts": list(letters.FONTS)},
        "metrics": evaluate_detector(OODDetector.load(path), mnist.test_x[:, 0]),
        "seconds": round(time.perf_counter() - started, 1),
    }
    detector.save(path, card)
    return read_json(path.with_suffix(".json"))
