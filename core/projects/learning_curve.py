"""Would more photos help? Accuracy over the share of the labeled photos, measured with heads on cached features.

The features come from a frozen pretrained network, because a network that was trained on the photos has seen all their labels. Test photos
take no part: every repetition holds out a fifth of the others.

Shapes: N photos, F features.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core import checkpoints, models, pretrained
from core.data.splits import stratified_subset, train_val_split
from core.messages import Message, N_, UserError
from core.projects import tasks
from core.projects.run_photos import RunPhotos, load_run_photos
from core.runs.store import Run

if TYPE_CHECKING:
    from core.inference.predictor import Predictor

BACKBONE = "backbone"
"""The model family that computes features for runs whose own network has seen the labels."""
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
REPEATS = 3
_HELD_OUT_SHARE = 0.2
_BATCH_SIZE = 250
_HEAD_BATCH_SIZE = 32
_HEAD_STEPS = 300  # of every training, so that fewer photos do not mean fewer steps
_MIN_GAIN = 0.005  # of accuracy, from half of the photos to all, below which more photos hardly help


@dataclass(frozen=True)
class CurvePoint:
    """Accuracy with a share of the labeled photos.

    Attributes:
        share: in (0, 1].
        num_photos: number of labeled photos.
        accuracies: accuracy on held-out photos, per repetition, in [0, 1].
    """

    share: float
    num_photos: int
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return float(np.mean(self.accuracies))

    def interval(self) -> tuple[float, float] | None:
        """95% confidence interval of the mean, within [0, 1]; None for a single repetition.

        The repetitions share photos, so the variance is corrected (Nadeau and Bengio, Machine Learning 52, 2003).
        """
        from scipy import stats

        count = len(self.accuracies)
        if count < 2:
            return None
        overlap = _HELD_OUT_SHARE / (1 - _HELD_OUT_SHARE)
        error = math.sqrt(float(np.var(self.accuracies, ddof=1)) * (1 / count + overlap))
        reach = float(stats.t.ppf(0.975, count - 1)) * error
        return max(0.0, self.mean - reach), min(1.0, self.mean + reach)


def learning_curve(
    features: np.ndarray, labels: np.ndarray, shares: Sequence[float] = SHARES, repeats: int = REPEATS
) -> Iterator[CurvePoint]:
    """Train heads on growing shares of `features` (N, F) with `labels` (N,); yield each point when it is measured.

    Raises:
        UserError: if there are too few photos.
    """
    from core.training import heads

    num_classes = int(labels.max()) + 1
    held_count = max(num_classes, round(_HELD_OUT_SHARE * len(labels)))
    if np.bincount(labels, minlength=num_classes).min() < 3 or held_count > len(labels) - 2 * num_classes:
        raise UserError(N_("A learning curve needs more photos."))
    for share in shares:
        accuracies, count = [], 0
        for repeat in range(repeats):
            order = np.random.default_rng(repeat).permutation(len(labels))
            train, held = (order[index] for index in train_val_split(labels[order], held_count))
            size = max(2 * num_classes, round(share * len(train)))
            train = train[stratified_subset(labels[train], size)]
            batch_size = min(_HEAD_BATCH_SIZE, len(train))
            epochs = math.ceil(_HEAD_STEPS * batch_size / len(train))
            recipe = heads.HEAD_RECIPE.changed(seed=repeat, batch_size=batch_size, epochs=epochs)
            *_events, result = heads.train_head(features[train], labels[train], recipe, num_classes)
            predicted = result.probabilities(features[held]).argmax(1)
            accuracies.append(float((predicted == labels[held]).mean()))
            count = len(train)
        yield CurvePoint(share, count, tuple(accuracies))


def run_features(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, F) and labels (N,) of the training and validation photos of `run`, for `learning_curve`: from its own network if
    that was frozen, else from the pretrained backbone.

    Raises:
        UserError: if the pretrained network is missing, or if the photos that the run used are not known.
    """
    from core.inference.predictor import Predictor

    predictor = Predictor.load(run.best_weights_path) if _is_frozen(run) else _load_backbone()
    size = predictor.spec.in_shape[1]
    parts: list[RunPhotos] = [load_run_photos(run, split, size) for split in ("train", "validation")]
    x, y = np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts])
    features = [predictor.embed(x[i : i + _BATCH_SIZE]) for i in range(0, len(x), _BATCH_SIZE)]
    return np.concatenate(features), y


def feature_classes(run: Run) -> tuple[str, ...]:
    """The classes whose labels the network behind `run_features` was trained on: for them the curve says nothing about transfer."""
    if _is_frozen(run):
        return tasks.labeled_classes(run.task, run.recipe)
    task = tasks.base_task(BACKBONE)
    return tasks.labeled_classes(task, task.recipe)


def _is_frozen(run: Run) -> bool:
    return getattr(run.recipe, "init", "scratch") == "frozen"


def _load_backbone() -> Predictor:
    """The backbone with its pretrained weights and an untrained head."""
    from core.inference.predictor import Predictor

    family = tasks.MODELS[BACKBONE]
    spec = checkpoints.read_spec(checkpoints.load_card(family.pretrained).weights)
    network = models.create_model(family.model, spec.in_shape, spec.num_outputs, **family.options)
    pretrained.load_into(family.pretrained, network)
    return Predictor(network.eval(), dataclasses.replace(spec, model=family.model))


def describe_curve(points: Sequence[CurvePoint]) -> Message | None:
    """Whether more photos would help, in one sentence, from the gain of the last doubling; None if that was not measured."""
    full = next((p for p in points if p.share == 1.0), None)
    half = next((p for p in points if p.share == 0.5), None)
    if full is None or half is None:
        return None
    gain = full.mean - half.mean
    values = {"half": half.num_photos, "full": full.num_photos, "gain": f"{100 * gain:.1f}"}
    spread = max(np.std(p.accuracies) for p in (full, half))
    if gain > max(_MIN_GAIN, float(spread)):
        text = N_(
            "Doubling the training photos ({half} → {full}) raised the accuracy by {gain} points. More photos would "
            "probably help."
        )
    elif gain > _MIN_GAIN:
        text = N_(
            "Doubling the training photos ({half} → {full}) raised the accuracy by {gain} points, no more than it "
            "varies between repetitions."
        )
    else:
        text = N_(
            "Doubling the training photos ({half} → {full}) hardly changed the accuracy. More photos of the same kind "
            "would hardly help."
        )
    return Message(text, values)
