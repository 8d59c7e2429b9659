"""What the rest of the project asks a kind of task: metrics, evaluation, reports, devices, recipe fields, panel.

Importing this module does not import torch; methods that need it import it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.messages import Message

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

    from core.analysis.evaluation_report import EvaluationReport
    from core.checkpoints import Spec
    from core.data import ArrayDataset, ProgressCallback
    from core.data.registry import DatasetInfo, TryLink
    from core.evaluation import Evaluation
    from core.runs.store import Run
    from core.training.recipe import Recipe
    from core.training.trainer import Trainer


@dataclass(frozen=True)
class SelectionMetric:
    """The metric that ranks epochs and runs.

    Attributes:
        name: a key of `core.formatting.METRIC_NAMES`.
        validation: its columns in a run's log. Of several columns the worst value counts.
        test: its keys among the test metrics, likewise.
        higher_is_better: direction of the metric.
        tie_breaker: column of the log whose lower value decides between equal epochs.
        is_percentage: whether values are fractions in [0, 1], formatted as percentages.
        about: what it measures, a message id, if it could be taken for an accuracy; else empty.
    """

    name: str
    validation: tuple[str, ...]
    test: tuple[str, ...]
    higher_is_better: bool
    tie_breaker: str
    is_percentage: bool = False
    about: str = ""

    def value(self, metrics: Mapping[str, float], keys: tuple[str, ...]) -> float | None:
        """The worst of `metrics[key]`, NaN if one of them is, or None if a key is missing."""
        values = [float(metrics[key]) for key in keys if key in metrics]
        if len(values) < len(keys):
            return None
        if any(map(math.isnan, values)):
            return math.nan
        return min(values) if self.higher_is_better else max(values)

    def test_value(self, metrics: Mapping[str, float]) -> float | None:
        """The value among test metrics, or None if they lack it."""
        return self.value(metrics, self.test)

    def rank(self, metrics: Mapping[str, float]) -> list[float] | None:
        """The sort key of an epoch, lowest first: the signed metric, then the tie-breaker. None if `metrics` cannot be ranked."""
        value, tie = self.value(metrics, self.validation), metrics.get(self.tie_breaker)
        if value is None or tie is None:
            return None
        return [-value if self.higher_is_better else value, float(tie)]


@dataclass(frozen=True)
class Curve:
    """A metric that can be plotted over a training.

    Attributes:
        key: name in URLs and widget state.
        columns: columns of the log by split, "train" (per step) and "validation" (per epoch).
        name: message id of the curve.
        group: message id of the chart that it belongs to, or "".
        y_format: d3 number format of the axis, or "".
    """

    key: str
    columns: Mapping[str, str]
    name: str
    group: str = ""
    y_format: str = ""


@dataclass(frozen=True)
class BestEpoch:
    """The epoch whose weights a run keeps, with its validation `value` of `score`. Both are None if nothing ranks the epochs, so that
    the newest one counts.
    """

    epoch: float
    score: SelectionMetric | None = None
    value: float | None = None


@dataclass(frozen=True)
class Finding:
    """One finding. `level` is "good", "note" or "warning"."""

    level: Literal["good", "note", "warning"]
    message: Message


class Kind(ABC):
    """A kind of task. Subclasses set the class attributes and implement the abstract methods.

    Attributes:
        name: the string that tasks, data sets, runs and weights files hold.
        selection_metric: ranks epochs in the trainer, in charts, tables and sweeps.
        curves: what can be plotted, most important first.
        progress_metric: the metric that stands for a run where one chart has to do, logged as `train/…` or `val/…`.
        panel: id of the panel in the pages, registered with `ui.runs.panels.register_panel`.
        can_compare: whether its models take part in the Compare page and in equal-budget comparisons.
        can_export_script: whether a run can be exported as a plain PyTorch script.
        predicts_classes: whether outputs are one logit per class, so that probabilities and attributions of classes exist.
        model_role: "predictor", or "translator" for a model that returns photos (see `core.models.register_model`).
    """

    name: str
    selection_metric: SelectionMetric
    curves: tuple[Curve, ...] = ()
    progress_metric: str = "loss"
    panel: str = "curves"
    can_compare: bool = False
    can_export_script: bool = False
    predicts_classes: bool = False
    model_role: Literal["predictor", "translator"] = "predictor"

    # ---- training ----------------------------------------------------------------------------------------------------

    def check_devices(self, devices: int, num_nodes: int) -> None:
        """Raise UserError if the kind cannot be trained on that many devices or machines."""
        return

    def prepare_trainer(self, trainer: Trainer, dataset: ArrayDataset) -> None:
        """Give `trainer` what it needs besides model, data and recipe, before its first step."""
        return

    def resolve_validation_size(self, dataset: ArrayDataset, recipe: Recipe) -> int:
        """Number of validation examples that a run uses. Raises UserError if the data set does not allow `recipe.num_validation`."""
        return dataset.resolve_validation_size(recipe.num_validation)

    def num_train_examples(self, dataset: ArrayDataset, recipe: Recipe) -> int:
        """Number of training examples per epoch, before `limit_train`."""
        return len(dataset.train_x) - self.resolve_validation_size(dataset, recipe)

    def timing_overrides(self, recipe: Recipe, dataset: ArrayDataset) -> dict[str, Any]:
        """Recipe fields that are changed while steps are timed, so that validation and images do not come between them."""
        return {}

    def networks(
        self, model: str, in_shape: tuple[int, ...], num_outputs: int, options: Mapping[str, Any]
    ) -> dict[str, Callable[[], nn.Module]]:
        """What builds the networks that are trained together, randomly initialized, by title (a message id)."""
        from core import models

        return {"": lambda: models.create_model(model, in_shape, num_outputs, **options)}

    def trained_networks(self, model: nn.Module) -> dict[str, nn.Module]:
        """Those of `networks` that a weights file holds, taken from its `model`."""
        return {"": model}

    def has_field(self, scope: str) -> bool:
        """Whether recipe fields that are declared with `only=scope` mean something to this kind."""
        return scope == self.name

    def try_links(self, info: DatasetInfo) -> tuple[TryLink, ...]:
        """Pages on which a model of this kind, trained on the data set `info`, can be tried."""
        return info.try_links

    # ---- evaluation --------------------------------------------------------------------------------------------------

    def is_compatible(self, spec: Spec, dataset: ArrayDataset) -> bool:
        """Whether weights with `spec` can be evaluated on `dataset`."""
        same_shape = tuple(spec.in_shape) == tuple(dataset.in_shape)
        return same_shape and tuple(spec.classes) == tuple(dataset.classes)

    @abstractmethod
    def evaluate(
        self,
        model: nn.Module,
        spec: Spec,
        dataset: ArrayDataset,
        progress: ProgressCallback | None = None,
    ) -> Evaluation:
        """Test metrics of `model`, in evaluation mode, on the test set of `dataset`; `progress` is called as it proceeds."""

    @abstractmethod
    def predictions(self, outputs: Tensor, spec: Spec) -> Tensor:
        """Readable predictions from raw outputs (B, K)."""

    def load_report(self, run: Run) -> EvaluationReport | None:
        """The per-example test report of a finished run, or None if the kind has none or the files are missing."""
        return None

    def card_entries(self, evaluation: Evaluation, spec: Spec) -> dict[str, Any]:
        """Further entries of a model card: what pages need if the data set is not installed."""
        return {}

    def check_release(self, run: Run, dataset: ArrayDataset) -> None:
        """Raise UserError if a finished run on `dataset` cannot become a pretrained model."""
        return

    # ---- the log of a run --------------------------------------------------------------------------------------------

    def diagnose(self, log: pd.DataFrame) -> list[Finding]:
        """Findings for the log of a run, most important first."""
        return []

    def find_best_epoch(self, log: pd.DataFrame) -> BestEpoch | None:
        """The best epoch in a log, as the trainer chose it, or None if no epoch was validated."""
        score = self.selection_metric
        columns = list(dict.fromkeys((*score.validation, score.tie_breaker)))
        if not set(columns) <= set(log):
            return None
        rows = log.dropna(subset=columns)
        ranks = [score.rank(row) for row in rows[columns].to_dict("records")]
        if not ranks:
            return None
        best = min(range(len(ranks)), key=ranks.__getitem__)
        row = rows.iloc[best]
        return BestEpoch(float(row["epoch"]), score, score.value(row, score.validation))

    def curve(self, key: str) -> Curve:
        """The curve called `key`. Raises KeyError if the kind has none of that name."""
        return {curve.key: curve for curve in self.curves}[key]


def split_curve(metric: str, name: str, y_format: str = "") -> Curve:
    """The curve of a metric that is logged as `train/<metric>` and `val/<metric>`."""
    return Curve(metric, {"train": f"train/{metric}", "validation": f"val/{metric}"}, name, y_format=y_format)
