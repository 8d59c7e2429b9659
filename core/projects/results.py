"""What a finished run of a photo project is worth: scores with intervals, the photos behind every cell, and what another run changed.

Shapes: N test photos, K classes. Imports without torch. Calibration is in `core.projects.calibration`, "none of these" in
`core.projects.unknown`, the learning curve in `core.projects.learning_curve`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from core.analysis import evaluation_report, significance
from core.analysis.evaluation_report import ClassificationReport
from core.analysis.significance import McNemarResult, wilson_interval
from core.projects import dataset
from core.projects.run_photos import find_project
from core.projects.store import Project
from core.runs.store import Run

_RESAMPLES = 2000
_RESAMPLING_SEED = 0
_LABELED_SOURCES = ("cifar10", "fruit")  # ready-made sets that networks were trained on with labels
METRICS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Score:
    """A share in [0, 1] with its 95% confidence interval; 0 where it is undefined, as scikit-learn's `zero_division=0`."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, count: int, total: int) -> Score:
        """The share `count` of `total` with its Wilson interval."""
        low, high = wilson_interval(count, total)
        return cls(count / total if total else 0.0, low, high)


@dataclass(frozen=True)
class ClassScores:
    """One class against the rest.

    Attributes:
        name: the class.
        true_positives: photos of the class, predicted as it.
        false_positives: photos of other classes, predicted as this one.
        false_negatives: photos of the class, predicted as another one.
        true_negatives: photos of other classes, predicted as one of those, right or wrong.
    """

    name: str
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def support(self) -> int:
        """Number of test photos of the class."""
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> Score:
        """Share of the photos predicted as this class that belong to it."""
        return Score.of(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Score:
        """Share of the photos of this class that are predicted as it."""
        return Score.of(self.true_positives, self.support)

    @property
    def f1(self) -> Score:
        """Harmonic mean of precision and recall.

        F1 = 2J / (1 + J) with the share J = TP / (TP + FP + FN) (Hand, Christen, Kirielle, Machine Learning 110, 2021), so its
        interval is the Wilson interval of J, transformed.
        """
        share = Score.of(
            self.true_positives, self.true_positives + self.false_positives + self.false_negatives
        )
        return Score(*(2 * j / (1 + j) for j in (share.value, share.low, share.high)))


def class_scores(matrix: np.ndarray, classes: tuple[str, ...]) -> list[ClassScores]:
    """The scores of each class from a confusion matrix (K, K), whose rows are true classes."""
    total = int(matrix.sum())
    scores = []
    for i, name in enumerate(classes):
        right, predicted, support = int(matrix[i, i]), int(matrix[:, i].sum()), int(matrix[i].sum())
        scores.append(
            ClassScores(name, right, predicted - right, support - right, total - predicted - support + right)
        )
    return scores


def macro_scores(matrix: np.ndarray) -> dict[str, Score]:
    """Precision, recall and F1 averaged over the classes, with bootstrap percentile intervals over the test photos."""
    total = int(matrix.sum())
    values = _macro(matrix[None])
    if not total:
        return {name: Score(0.0, 0.0, 1.0) for name in METRICS}
    rng = np.random.default_rng(_RESAMPLING_SEED)
    drawn = rng.multinomial(total, matrix.ravel() / total, _RESAMPLES).reshape(-1, *matrix.shape)
    resampled = _macro(drawn)
    return {
        name: Score(float(values[name][0]), *(float(q) for q in np.quantile(resampled[name], (0.025, 0.975))))
        for name in METRICS
    }


def _macro(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """Averages over the classes, each (R,), of confusion matrices (R, K, K)."""
    right = np.diagonal(matrices, axis1=1, axis2=2).astype(float)
    predicted, support = matrices.sum(1), matrices.sum(2)
    return {
        "precision": (right / np.maximum(predicted, 1)).mean(1),
        "recall": (right / np.maximum(support, 1)).mean(1),
        "f1": (2 * right / np.maximum(predicted + support, 1)).mean(1),
    }


@dataclass(frozen=True)
class ProjectResult:
    """The test result of a finished run.

    Attributes:
        project: the project.
        run: the run.
        report: probabilities and labels of the test photos, as of the time of the run.
        photo_ids: the test photos in the order of the report; empty if they are unknown. Some may have been deleted since.
    """

    project: Project
    run: Run
    report: ClassificationReport
    photo_ids: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.report.classes

    @property
    def matrix(self) -> np.ndarray:
        """Confusion matrix (K, K): rows are true classes, columns predicted ones."""
        return self.report.confusion()

    @property
    def accuracy(self) -> Score:
        """Share of the test photos that are predicted right."""
        return Score.of(int(self.matrix.diagonal().sum()), int(self.matrix.sum()))

    def class_scores(self) -> list[ClassScores]:
        """The scores of each class against the rest."""
        return class_scores(self.matrix, self.classes)

    def macro_scores(self) -> dict[str, Score]:
        """Precision, recall and F1 averaged over the classes."""
        return macro_scores(self.matrix)

    def cell(self, true: int, predicted: int) -> list[str]:
        """Photo ids of one cell of the confusion matrix, the most confident first."""
        if not self.photo_ids:
            return []
        return [self.photo_ids[i] for i in self.report.examples_in_cell(true, predicted)]

    def misclassified(self) -> dict[tuple[int, int], list[str]]:
        """Photo ids by cell (true, predicted) off the diagonal that is not empty, the largest cell first."""
        cells = {(int(t), int(p)): self.cell(int(t), int(p)) for t, p in np.argwhere(self.matrix) if t != p}
        return dict(sorted(cells.items(), key=lambda item: -len(item[1])))

    def probabilities(self, photo_id: str) -> dict[str, float]:
        """The predicted probability of each class for a test photo. Raises KeyError if it is none."""
        if photo_id not in self.photo_ids:
            raise KeyError(photo_id)
        row = self.report.outputs[self.photo_ids.index(photo_id)]
        return dict(zip(self.classes, map(float, row), strict=True))

    def seen_classes(self, labeled: Iterable[str]) -> list[str]:
        """The classes that a network pretrained with the classes `labeled` saw with labels: by name, or because their photos come from a
        ready-made set of that class. No transfer figure may be quoted for them.
        """
        known = {name.casefold() for name in labeled}
        origins: dict[str, set[str]] = {}
        for photo in self.project.photos():
            source, _, rest = photo.origin.partition("/")
            if source in _LABELED_SOURCES:
                origins.setdefault(photo.label, set()).add(rest.partition("/")[0].casefold())
        return [c for c in self.classes if ({c.casefold()} | origins.get(c, set())) & known]


def load_result(run: Run) -> ProjectResult | None:
    """The result of a finished run of a project, or None if it has no readable predictions. Raises UserError if the project is gone."""
    project, report = find_project(run), evaluation_report.load_report(run)
    if not isinstance(report, ClassificationReport):
        return None
    ids = tuple(dataset.run_photo_ids(run, "test"))
    return ProjectResult(project, run, report, ids if len(ids) == len(report.targets) else ())


# ---- two runs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResultChange:
    """What a later run changed, on the photos that both were tested on, with the later labels.

    Attributes:
        num_common: number of these photos.
        before, after: accuracies on them.
        fixed: photos that only the later run predicts right.
        broken: photos that only the earlier run predicts right.
        test: McNemar's test of the two.
    """

    num_common: int
    before: Score
    after: Score
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    test: McNemarResult


def compare_results(before: ProjectResult, after: ProjectResult) -> ResultChange | None:
    """What changed from one run of a project to a later one, or None if no photo was tested in both."""
    known = set(after.photo_ids)
    common = [photo_id for photo_id in before.photo_ids if photo_id in known]
    if not common:
        return None
    truth = _names(after, after.report.targets)
    first, second = _names(before, before.report.predictions), _names(after, after.report.predictions)
    codes = {name: i for i, name in enumerate({*truth.values(), *first.values(), *second.values()})}
    labels, old, new = (np.array([codes[names[i]] for i in common]) for names in (truth, first, second))
    index = np.array(common)
    return ResultChange(
        len(common),
        Score.of(int((old == labels).sum()), len(common)),
        Score.of(int((new == labels).sum()), len(common)),
        tuple(index[(new == labels) & (old != labels)].tolist()),
        tuple(index[(old == labels) & (new != labels)].tolist()),
        significance.mcnemar_test(old, new, labels),
    )


def _names(result: ProjectResult, values: np.ndarray) -> Mapping[str, str]:
    """The name of the class in `values` (N,) of each test photo, by its id."""
    return {i: result.classes[v] for i, v in zip(result.photo_ids, values, strict=True)}
