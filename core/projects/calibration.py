"""Calibration of a run: whether a confidence of 90% is right nine times in ten, and the temperature that mends it.

Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks (arXiv 1706.04599). Shapes: N photos, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis import evaluation_report
from core.analysis.evaluation_report import ClassificationReport
from core.messages import N_, UserError
from core.projects.results import Score
from core.projects.run_photos import load_run_photos
from core.runs.store import Run

NUM_BINS = 10
_TEMPERATURES = (0.05, 20.0)
_MIN_PROBABILITY = 1e-12
_BATCH_SIZE = 250


@dataclass(frozen=True)
class ReliabilityBin:
    """Photos whose confidence, the probability of the predicted class, is in (low, high].

    Attributes:
        low, high: its limits.
        count: number of photos.
        confidence: their mean confidence; 0 without photos.
        accuracy: the share of them that is predicted right, with its interval.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: Score


@dataclass(frozen=True)
class Calibration:
    """Reliability of a run's probabilities on the test photos.

    Attributes:
        bins: confidence bins of the probabilities as they are.
        error: expected calibration error, in [0, 1].
        temperature: what the logits are divided by to calibrate them, chosen on the validation photos; above 1 the model is
            overconfident. None without validation photos.
        scaled_bins: confidence bins at that temperature; those of `bins` without one.
        scaled_error: expected calibration error at that temperature.
        num_validation: number of validation photos.
    """

    bins: tuple[ReliabilityBin, ...]
    error: float
    temperature: float | None
    scaled_bins: tuple[ReliabilityBin, ...]
    scaled_error: float
    num_validation: int


def reliability_bins(
    probabilities: np.ndarray, labels: np.ndarray, count: int = NUM_BINS
) -> tuple[ReliabilityBin, ...]:
    """`count` bins of equal width over the confidence of `probabilities` (N, K) for photos with `labels` (N,)."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    edges = np.linspace(0, 1, count + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, count - 1)
    bins = []
    for i in range(count):
        members = place == i
        n = int(members.sum())
        mean = float(confidence[members].mean()) if n else 0.0
        bins.append(
            ReliabilityBin(
                float(edges[i]), float(edges[i + 1]), n, mean, Score.of(int(right[members].sum()), n)
            )
        )
    return tuple(bins)


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Expected calibration error: the gap between confidence and accuracy, averaged over the photos."""
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.confidence - b.accuracy.value) for b in bins) / total if total else 0.0


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities (N, K) after the logits were divided by `temperature`."""
    logits = np.log(np.clip(probabilities.astype(float), _MIN_PROBABILITY, None)) / temperature
    scaled = np.exp(logits - logits.max(1, keepdims=True))
    return scaled / scaled.sum(1, keepdims=True)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature of the lowest cross-entropy on photos with `labels` (N,), between 0.05 and 20."""
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = apply_temperature(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.clip(scaled[rows, labels], _MIN_PROBABILITY, None)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=np.log(_TEMPERATURES), method="bounded").x))


def calibrate(run: Run) -> Calibration:
    """The calibration of a finished run. Predicts its validation photos.

    Raises:
        UserError: if the run has no predictions or weights, or if the photos that it used are not known.
    """
    report = evaluation_report.load_report(run)
    if not isinstance(report, ClassificationReport):
        raise UserError(N_("Run {run} has no test predictions."), run=run.id)
    bins = reliability_bins(report.outputs, report.targets)
    photos = load_run_photos(run, "validation")
    if not len(photos):
        return Calibration(bins, calibration_error(bins), None, bins, calibration_error(bins), 0)
    from core.inference.predictor import Predictor

    predictor = Predictor.load(run.best_weights_path)
    parts = [predictor.predict(photos.x[i : i + _BATCH_SIZE]) for i in range(0, len(photos), _BATCH_SIZE)]
    temperature = fit_temperature(np.concatenate(parts), photos.y)
    scaled = reliability_bins(apply_temperature(report.outputs, temperature), report.targets)
    return Calibration(
        bins, calibration_error(bins), temperature, scaled, calibration_error(scaled), len(photos)
    )
