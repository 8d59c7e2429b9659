"""Classifiers that evaluate translations, and the kernel inception distance (KID) between feature
distributions.

A fooling rate means little without a baseline: a color histogram alone separates these fruit, so color transfer
fools a classifier that relies on color. Hence there are two classifiers, and the same metrics for color
transfer alone.

Shapes: N photos, (N, 3, H, W) float in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from core import checkpoints
from core.data import ArrayDataset
from core.inference.predictor import Predictor, predict_outputs

PRIMARY, SECONDARY, FEATURE_MODEL = "fruit-classifier", "fruit-classifier-gray", "cifar10-fast"
DomainClassifier = Callable[[Tensor], np.ndarray]


def _load_pretrained(name: str) -> Predictor:
    return Predictor.load(checkpoints.load_card(name).weights)


def _to_inputs(found: Predictor, photos: Tensor) -> Tensor:
    """Photos at the model's input size, normalized like its training set."""
    x = F.interpolate(
        photos.float(), size=found.spec.in_shape[1:], mode="bilinear", antialias=True, align_corners=False
    )
    return found.normalize((255 * x.clamp(0, 1)).numpy())


def load_classifier(name: str) -> DomainClassifier:
    """Load a pretrained classifier: a function that maps photos to the probability (N,) of the second class
    (an orange). Raises UserError if the checkpoint `name` is not found."""
    found = _load_pretrained(name)

    @torch.inference_mode()
    def classify(photos: Tensor) -> np.ndarray:
        parts = [
            predict_outputs(found.network, found.spec, _to_inputs(found, part)).softmax(1)[:, 1]
            for part in photos.cpu().split(64)
        ]
        return torch.cat(parts).numpy()

    return classify


def for_dataset(data: ArrayDataset) -> DomainClassifier | None:
    """Return the classifier that ranks the epochs of a run on `data`: the first one for real photos of apples
    and oranges, None for other data."""
    suits = tuple(data.classes) == ("apple", "orange") and not data.stand_in_for
    return load_classifier(PRIMARY) if suits and PRIMARY in available() else None


def available() -> list[str]:
    """List the domain classifiers that are installed."""
    shipped = set(checkpoints.pretrained_names())
    return [name for name in (PRIMARY, SECONDARY) if name in shipped]


def features_available() -> bool:
    """Return whether the model that extracts features for KID is installed."""
    return FEATURE_MODEL in checkpoints.pretrained_names()


@torch.inference_mode()
def extract_features(photos: Tensor) -> np.ndarray:
    """Last hidden vectors (N, D) of the photos in `FEATURE_MODEL`, which was not trained on them. Raises
    UserError if it is not found."""
    found = _load_pretrained(FEATURE_MODEL)
    return torch.cat(
        [found.network.embed(_to_inputs(found, part)).float() for part in photos.split(64)]
    ).numpy()


def kid(x: np.ndarray, y: np.ndarray) -> float:
    """Return the kernel inception distance of features (N, D) and (M, D); smaller is closer, and chance can make it negative.

    This is the unbiased estimator of the squared maximum mean discrepancy with the kernel (x·y/D + 1)³ over all photos
    (Bińkowski et al., arXiv 1801.01401). torchmetrics averages random subsets of equal size in float32, so its value
    depends on the seed. The definition uses Inception features; values on those of `FEATURE_MODEL` are not comparable to
    published ones.
    """
    d = x.shape[1]

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a.astype(np.float64) @ b.T.astype(np.float64) / d + 1) ** 3

    n, m = len(x), len(y)
    xx, yy = kernel(x, x), kernel(y, y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * kernel(x, y).mean())


def kid_interval(x: np.ndarray, y: np.ndarray, draws: int = 200, seed: int = 0) -> tuple[float, float]:
    """Return a 95% interval of `kid` from `draws` random halves of both feature sets; NaN for fewer than four photos.

    Halves are drawn without replacement, because a photo drawn twice would look like two similar ones. Two halves share
    half of their photos, so the interval is too wide rather than too narrow.
    """
    if min(len(x), len(y)) < 4:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        i, j = (rng.choice(len(v), size=len(v) // 2, replace=False) for v in (x, y))
        values.append(kid(x[i], y[j]))
    center, spread = kid(x, y), np.std(values)
    return float(center - 1.96 * spread), float(center + 1.96 * spread)


def color_histogram_accuracy(data: ArrayDataset, bins: int = 8) -> float:
    """Test accuracy of a logistic regression on color histograms (`bins`³ cells, square roots of frequencies)."""
    from sklearn.linear_model import LogisticRegression

    def histograms(photos: np.ndarray) -> np.ndarray:
        cells = (photos // (256 // bins)).astype(np.int64)  # (N, 3, H, W)
        place = (cells[:, 0] * bins + cells[:, 1]) * bins + cells[:, 2]
        counts = np.stack([np.bincount(p.ravel(), minlength=bins**3) for p in place])
        return np.sqrt(counts / counts.sum(1, keepdims=True))

    model = LogisticRegression(C=10.0, max_iter=2000).fit(histograms(data.train_x), data.train_y)
    return float(model.score(histograms(data.test_x), data.test_y))


def color_transfer(photos: Tensor, towards: Tensor) -> Tensor:
    """Baseline: shift and scale each channel of each photo to the mean and standard deviation of all photos of
    `towards` (Reinhard et al., Color transfer between images, 2001)."""
    mean, spread = towards.mean((0, 2, 3), keepdim=True), towards.std((0, 2, 3), keepdim=True)
    own, own_spread = photos.mean((2, 3), keepdim=True), photos.std((2, 3), keepdim=True)
    return ((photos - own) / own_spread.clamp_min(1e-3) * spread + mean).clamp(0, 1)
