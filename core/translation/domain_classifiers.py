"""Domain classifiers trained on real photos, and the kernel inception distance (KID), to evaluate translations.

A fooling rate needs a baseline: a color histogram alone separates apples from oranges, so color transfer fools a classifier that
relies on color. Hence two classifiers, the second trained without true colors, and a color transfer baseline.

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


def _to_inputs(predictor: Predictor, photos: Tensor) -> Tensor:
    """Resize and normalize photos for a model."""
    x = F.interpolate(
        photos.float(), size=predictor.spec.in_shape[1:], mode="bilinear", antialias=True, align_corners=False
    )
    return predictor.normalize((255 * x.clamp(0, 1)).numpy())


def load_classifier(name: str) -> DomainClassifier:
    """Load a pretrained classifier: a function from photos to the probability (N,) of the second class, orange.

    Raises UserError if the checkpoint `name` is not installed.
    """
    predictor = _load_pretrained(name)

    @torch.inference_mode()
    def predict_proba(photos: Tensor) -> np.ndarray:
        parts = [
            predict_outputs(predictor.network, predictor.spec, _to_inputs(predictor, part)).softmax(1)[:, 1]
            for part in photos.cpu().split(64)
        ]
        return torch.cat(parts).numpy()

    return predict_proba


def for_dataset(data: ArrayDataset) -> DomainClassifier | None:
    """The classifier that ranks the epochs of a run on `data`; None unless these are real apples and oranges."""
    is_fruit = tuple(data.classes) == ("apple", "orange") and not data.stand_in_for
    return load_classifier(PRIMARY) if is_fruit and PRIMARY in available() else None


def available() -> list[str]:
    """Names of the installed classifiers."""
    installed = set(checkpoints.pretrained_names())
    return [name for name in (PRIMARY, SECONDARY) if name in installed]


def features_available() -> bool:
    """Whether the model whose features KID compares is installed."""
    return FEATURE_MODEL in checkpoints.pretrained_names()


@torch.inference_mode()
def extract_features(photos: Tensor) -> np.ndarray:
    """Last hidden layer (N, D) of `FEATURE_MODEL`, which was not trained on these photos. Raises UserError if it is not installed."""
    predictor = _load_pretrained(FEATURE_MODEL)
    return torch.cat(
        [predictor.network.embed(_to_inputs(predictor, part)).float() for part in photos.split(64)]
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
    """Test accuracy of logistic regression on color histograms (`bins`³ cells, square roots of the shares)."""
    from sklearn.linear_model import LogisticRegression

    def histograms(photos: np.ndarray) -> np.ndarray:
        cells = (photos // (256 // bins)).astype(np.int64)  # (N, 3, H, W)
        index = (cells[:, 0] * bins + cells[:, 1]) * bins + cells[:, 2]
        counts = np.stack([np.bincount(i.ravel(), minlength=bins**3) for i in index])
        return np.sqrt(counts / counts.sum(1, keepdims=True))

    model = LogisticRegression(C=10.0, max_iter=2000).fit(histograms(data.train_x), data.train_y)
    return float(model.score(histograms(data.test_x), data.test_y))


def color_transfer(photos: Tensor, reference: Tensor) -> Tensor:
    """Match mean and standard deviation of each channel to those of all `reference` photos.

    Reinhard et al., Color transfer between images, IEEE Computer Graphics and Applications 21(5), 2001.
    """
    mean, std = reference.mean((0, 2, 3), keepdim=True), reference.std((0, 2, 3), keepdim=True)
    photo_mean, photo_std = photos.mean((2, 3), keepdim=True), photos.std((2, 3), keepdim=True)
    return ((photos - photo_mean) / photo_std.clamp_min(1e-3) * std + mean).clamp(0, 1)
