"""What the compare page sets side by side: shipped networks, told by their cards, and one's own runs, told by their folders.

A contender can be compared without the data set and without torch: its answers on the test part lie beside its weights.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core import checkpoints, comparison, tasks
from core.data import DataSet, same_pictures
from core.inference import networks
from core.messages import UserError
from core.training import runs
from core.training.logs import MetricsReader
from core.training.runs import Run

HISTORY = ("epoch", "images", "seconds", "val/accuracy", "train/accuracy_epoch", "val/loss", "train/loss_epoch")


@dataclass(frozen=True)
class Contender:
    """One network. `id` is a task's name or a run's id; `test_levels` are its test part's `DataSet.test_levels`, empty where not known;
    `labels` and `predictions` (N,) are empty where they are not known; `history` has a row per epoch and columns of `HISTORY`;
    `multiply_adds` is of one pass, 0 where it is not known yet; `views` is how often the network runs for one answer."""

    id: str
    task: tasks.Task
    weights: Path
    run: Run | None
    data: str
    stand_in_for: str
    classes: tuple[str, ...]
    test_levels: tuple[float, ...]
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
        """Right answers on the test part."""
        return int((self.labels == self.predictions).sum())

    @property
    def count(self) -> int:
        """Test images."""
        return len(self.labels)

    def saw(self, dataset: DataSet) -> bool:
        """Whether its answers are to the test part of `dataset`, as far as it is known."""
        return same_pictures(self.test_levels, dataset.test_levels())

    def comparable(self, other: Contender) -> bool:
        """Whether both answered the same test images of the same classes."""
        if not same_pictures(self.test_levels, other.test_levels):
            return False
        return self.classes == other.classes and self.count > 0 and np.array_equal(self.labels, other.labels)


def ids(dataset: str) -> list[str]:
    """The classifiers of a data set, in the order of `networks.choices`."""
    return [c.id for c in networks.choices([t for t in tasks.TASKS if t.dataset == dataset and t.kind == "classification"])]


def contender(name: str) -> Contender:
    """The contender called `name`. Raises UserError where there is none, its weights cannot be used, or its card does not match them."""
    return _shipped(name) if name in {t.name for t in tasks.TASKS} else _own(runs.find(name))


def _shipped(name: str) -> Contender:
    card = checkpoints.card(name)
    content = card.content
    return Contender(
        id=name,
        task=tasks.task(name),
        weights=card.weights,
        run=None,
        data=str(content["data"]["title"]),
        stand_in_for="",
        classes=tuple(content.get("classes", ())),
        test_levels=tuple(content["data"].get("test_levels", ())),
        accuracy=float(card.metrics["accuracy"]),
        last_accuracy=content.get("last_metrics", {}).get("accuracy"),
        best_epoch=int(content["best_epoch"]),
        epochs=int(content["epochs"]),
        seconds=float(content["seconds"]),
        machine=str(content["machine"]),
        parameters=int(content["parameters"]),
        multiply_adds=int(content.get("multiply_adds", 0)),
        views=checkpoints.read_spec(card.weights).views,
        labels=comparison.unpacked(content.get("labels", "")),
        predictions=comparison.unpacked(content.get("predictions", "")),
        history=pd.DataFrame(content.get("history", {})),
    )


def _own(run: Run) -> Contender:
    summary, used = run.summary or {}, run.config.get("data", {})
    log = MetricsReader(run.path / "metrics.csv").read()
    ended = log[log["train/loss_epoch"].notna()] if "train/loss_epoch" in log else log.iloc[:0]
    labels, predictions = _answers(run)
    return Contender(
        id=run.id,
        task=run.task,
        weights=run.best_weights,
        run=run,
        data=str(used.get("title", "")),
        stand_in_for=str(used.get("stand_in_for", "")),
        classes=tuple(used.get("classes", ())),
        test_levels=tuple(used.get("test_levels", ())),
        accuracy=float(summary.get("metrics", {}).get("accuracy", float("nan"))),
        last_accuracy=summary.get("last_metrics", {}).get("accuracy"),
        best_epoch=int(summary.get("best_epoch", 0)),
        epochs=int(summary.get("epochs", 0)),
        seconds=float(summary.get("seconds", 0.0)),
        machine=str(run.environment.get("processor", "")),
        parameters=int(summary.get("parameters", 0)),
        multiply_adds=0,
        views=checkpoints.read_spec(run.best_weights).views,
        labels=labels,
        predictions=predictions,
        history=ended[[c for c in HISTORY if c in ended]].reset_index(drop=True),
        state=run.status().state,
    )


def _answers(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Labels and answers (N,) of a run's test part; empty where it has not read it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(run.path / "predictions.safetensors")
        return arrays["targets"].astype(np.int64), arrays["outputs"].argmax(1)
    except (OSError, SafetensorError, KeyError, ValueError):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)


def not_told_apart(found: list[Contender]) -> dict[str, list[str]]:
    """For each id the ids of those from which its answers on the same test images do not tell it apart (McNemar's test, corrected for the
    number of pairs)."""
    pairs = [(one, other) for one, other in itertools.combinations(found, 2) if one.comparable(other)]
    apart = comparison.told_apart([comparison.duel(one.predictions, other.predictions, one.labels).p for one, other in pairs])
    same: dict[str, list[str]] = {one.id: [] for one in found}
    for (one, other), different in zip(pairs, apart, strict=True):
        if not different:
            same[one.id].append(other.id)
            same[other.id].append(one.id)
    return same


def by_data(found: list[Contender]) -> tuple[list[Contender], list[Contender]]:
    """Those trained and tested on what most of them were, and the rest, whose figures are figures of something else."""
    if not found:
        return [], []
    data = [(one.data, one.stand_in_for, one.classes) for one in found]
    usual = max(data, key=data.count)
    return [c for c, d in zip(found, data, strict=True) if d == usual], [c for c, d in zip(found, data, strict=True) if d != usual]


def every(names: list[str]) -> tuple[list[Contender], list[UserError]]:
    """The contenders called `names`, and what is wrong with those that cannot be had."""
    found, problems = [], []
    for name in names:
        try:
            found.append(contender(name))
        except UserError as error:
            problems.append(error)
    return found, problems
