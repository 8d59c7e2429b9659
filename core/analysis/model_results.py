"""Results for the Compare page: pretrained models (from model cards) and local runs (from run folders).

Results can be compared without the data set and without torch: test predictions are stored beside the weights.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core import checkpoints, tasks
from core.analysis import significance
from core.data import ArrayDataset, same_test_set
from core.inference import available_models
from core.kinds import get_kind
from core.messages import UserError
from core.runs import store
from core.runs.logs import MetricsReader
from core.runs.store import Run

HISTORY_COLUMNS = (
    "epoch",
    "images",
    "seconds",
    "val/accuracy",
    "train/accuracy_epoch",
    "val/loss",
    "train/loss_epoch",
)


@dataclass(frozen=True)
class ModelResult:
    """One network. `id` is a task's name or a run's id; `test_levels` are the fingerprint of its test set, empty if unknown;
    `labels` and `predictions` (N,) are empty where they are not known; `history` has a row per epoch and columns of `HISTORY`;
    `multiply_adds` is of one pass, 0 where it is not known yet; `views` is how often the network runs for one answer.
    """

    id: str
    task: tasks.Task
    weights: Path
    run: Run | None
    data: str
    stand_in_for: str
    classes: tuple[str, ...]
    test_fingerprint: tuple[float, ...]
    accuracy: float
    last_accuracy: float | None
    best_epoch: int
    epochs: int
    seconds: float
    machine: str
    parameters: int
    multiply_adds: int
    views: int
    labels: np.ndarray = field(repr=False)
    predictions: np.ndarray = field(repr=False)
    history: pd.DataFrame = field(repr=False)
    state: str = "finished"

    @property
    def right(self) -> int:
        """Number of correct predictions on the test set."""
        return int((self.labels == self.predictions).sum())

    @property
    def count(self) -> int:
        """Test images."""
        return len(self.labels)

    def was_evaluated_on(self, dataset: ArrayDataset) -> bool:
        """Return whether its predictions are for the test set of `dataset`, as far as known."""
        return same_test_set(self.test_fingerprint, dataset.test_fingerprint())

    def is_comparable_to(self, other: ModelResult) -> bool:
        """Whether both answered the same test images of the same classes."""
        if not same_test_set(self.test_fingerprint, other.test_fingerprint):
            return False
        return self.classes == other.classes and self.count > 0 and np.array_equal(self.labels, other.labels)


def classifier_ids(dataset: str) -> list[str]:
    """The classifiers of a data set, in the order of `networks.choices`."""
    return [
        c.id
        for c in available_models.list_models(
            [t for t in tasks.TASKS if t.dataset == dataset and get_kind(t.kind).can_compare]
        )
    ]


def load_model_result(name: str) -> ModelResult:
    """Load the result called `name`. Raises UserError if it is not found, its weights cannot be used, or its card does not match them."""
    name = tasks.current_name(name)
    return (
        _load_pretrained(name) if name in {t.name for t in tasks.TASKS} else _load_run(store.find_run(name))
    )


def _load_pretrained(name: str) -> ModelResult:
    card = checkpoints.load_card(name)
    content = card.content
    return ModelResult(
        id=name,
        task=tasks.get_task(name),
        weights=card.weights,
        run=None,
        data=str(content["data"]["title"]),
        stand_in_for="",
        classes=tuple(content.get("classes", ())),
        test_fingerprint=tuple(content["data"].get("test_levels", ())),
        accuracy=float(card.metrics["accuracy"]),
        last_accuracy=content.get("last_metrics", {}).get("accuracy"),
        best_epoch=int(content["best_epoch"]),
        epochs=int(content["epochs"]),
        seconds=float(content["seconds"]),
        machine=str(content["machine"]),
        parameters=int(content["parameters"]),
        multiply_adds=int(content.get("multiply_adds", 0)),
        views=checkpoints.read_spec(card.weights).views,
        labels=significance.decode_predictions(content.get("labels", "")),
        predictions=significance.decode_predictions(content.get("predictions", "")),
        history=pd.DataFrame(content.get("history", {})),
    )


def _load_run(run: Run) -> ModelResult:
    summary, used = run.summary or {}, run.config.get("data", {})
    log = MetricsReader(run.path / "metrics.csv").read()
    ended = log[log["train/loss_epoch"].notna()] if "train/loss_epoch" in log else log.iloc[:0]
    labels, predictions = _load_predictions(run)
    return ModelResult(
        id=run.id,
        task=run.task,
        weights=run.best_weights_path,
        run=run,
        data=str(used.get("title", "")),
        stand_in_for=str(used.get("stand_in_for", "")),
        classes=tuple(used.get("classes", ())),
        test_fingerprint=tuple(used.get("test_levels", ())),
        accuracy=float(summary.get("metrics", {}).get("accuracy", float("nan"))),
        last_accuracy=summary.get("last_metrics", {}).get("accuracy"),
        best_epoch=int(summary.get("best_epoch", 0)),
        epochs=int(summary.get("epochs", 0)),
        seconds=float(summary.get("seconds", 0.0)),
        machine=str(run.environment.get("processor", "")),
        parameters=int(summary.get("parameters", 0)),
        multiply_adds=0,
        views=checkpoints.read_spec(run.best_weights_path).views,
        labels=labels,
        predictions=predictions,
        history=ended[[c for c in HISTORY_COLUMNS if c in ended]].reset_index(drop=True),
        state=run.status().state,
    )


def _load_predictions(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Labels and predictions (N,) on a run's test set; empty before it was evaluated."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(run.path / "predictions.safetensors")
        return arrays["targets"].astype(np.int64), arrays["outputs"].argmax(1)
    except (OSError, SafetensorError, KeyError, ValueError):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)


def not_significantly_different(found: list[ModelResult]) -> dict[str, list[str]]:
    """For each id the ids of those from which its answers on the same test images do not tell it apart (McNemar's test, corrected for the
    number of pairs).
    """
    pairs = [(one, other) for one, other in itertools.combinations(found, 2) if one.is_comparable_to(other)]
    apart = significance.holm_reject(
        [
            significance.mcnemar_test(one.predictions, other.predictions, one.labels).p_value
            for one, other in pairs
        ]
    )
    same: dict[str, list[str]] = {one.id: [] for one in found}
    for (one, other), different in zip(pairs, apart, strict=True):
        if not different:
            same[one.id].append(other.id)
            same[other.id].append(one.id)
    return same


def split_by_dataset(found: list[ModelResult]) -> tuple[list[ModelResult], list[ModelResult]]:
    """Those trained and tested on what most of them were, and the rest, whose figures are figures of something else."""
    if not found:
        return [], []
    data = [(one.data, one.stand_in_for, one.classes) for one in found]
    usual = max(data, key=data.count)
    return [c for c, d in zip(found, data, strict=True) if d == usual], [
        c for c, d in zip(found, data, strict=True) if d != usual
    ]


def load_results(names: list[str]) -> tuple[list[ModelResult], list[UserError]]:
    """Load the results called `names`. Returns them and the errors of those that failed."""
    found, problems = [], []
    for name in names:
        try:
            found.append(load_model_result(name))
        except UserError as error:
            problems.append(error)
    return found, problems
