"""What classification and regression have in common: one model, one loss, one metric per example.

Shapes: B batch, N examples, K outputs.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from core.kinds.base import Kind

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.analysis.evaluation_report import EvaluationReport
    from core.checkpoints import Spec
    from core.data import ArrayDataset, ProgressCallback
    from core.evaluation import Evaluation
    from core.runs.store import Run
    from core.training.recipe import Recipe


class SupervisedKind(Kind):
    """A kind that `core.training.supervised.SupervisedTrainer` trains: targets are known, the loss is a mean over examples."""

    # ---- asked by the trainer ----------------------------------------------------------------------------------------

    @abstractmethod
    def make_loss(
        self, recipe: Recipe, targets: Tensor | None = None, num_outputs: int = 0
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """The loss of a batch, from outputs as `reshape_outputs` returns them and scaled targets. It may depend on the training `targets`
        (N,) and the number of outputs.
        """

    @abstractmethod
    def target_scale(self, y: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation by which training targets are standardized; 0 and 1 if they are not."""

    @abstractmethod
    def scale_targets(self, y: Tensor, mean: float, std: float) -> Tensor:
        """Targets as the loss takes them."""

    @abstractmethod
    def reshape_outputs(self, outputs: Tensor) -> Tensor:
        """Outputs (B, K) as the loss takes them."""

    @abstractmethod
    def score_sum(self, outputs: Tensor, y: Tensor, std: float) -> Tensor:
        """The metric of a batch summed over examples, in a form that adds up over batches."""

    @abstractmethod
    def aggregate_score(self, score_sum: float, count: float) -> float:
        """The metric of `count` examples from the sum of their `score_sum`."""

    @abstractmethod
    def probe_predictions(self, outputs: Tensor, mean: float, std: float) -> Tensor:
        """Readable predictions (B, K) from reshaped outputs."""

    def timing_overrides(self, recipe: Recipe, dataset: ArrayDataset) -> dict[str, Any]:
        """Any validation size that the data set allows, and no early stopping."""
        return {"num_validation": min(recipe.num_validation, len(dataset.train_x) // 2), "patience": 0}

    # ---- evaluation --------------------------------------------------------------------------------------------------

    @abstractmethod
    def compute_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Test metrics of predictions."""

    @abstractmethod
    def make_report(
        self, classes: tuple[str, ...], outputs: np.ndarray, targets: np.ndarray
    ) -> EvaluationReport:
        """The report of test predictions. Raises ValueError if the shapes do not match."""

    def evaluate(
        self,
        model: nn.Module,
        spec: Spec,
        dataset: ArrayDataset,
        progress: ProgressCallback | None = None,
    ) -> Evaluation:
        """Test metrics and predictions of `model` on the test set of `dataset`."""
        from core.evaluation import Evaluation, predict_batches
        from core.training.batches import Batches

        # Inputs are normalized as in training, whatever the statistics of this data set are.
        normalized = dataclasses.replace(
            dataset, mean=np.array(spec.mean, np.float32), std=np.array(spec.std, np.float32)
        )
        batches = Batches(normalized, dataset.test_x, dataset.test_y, next(model.parameters()).device)
        outputs, targets = predict_batches(model, spec, batches, progress), batches.y.cpu()
        return Evaluation(self.compute_metrics(outputs, targets), outputs.numpy(), targets.numpy())

    def load_report(self, run: Run) -> EvaluationReport | None:
        """The report of a finished run, or None if it has no readable predictions."""
        from core.analysis import evaluation_report

        arrays = evaluation_report.load_arrays(run)
        classes = tuple(run.config.get("data", {}).get("classes", ()))
        try:
            return self.make_report(classes, *arrays) if arrays else None
        except ValueError:
            return None
