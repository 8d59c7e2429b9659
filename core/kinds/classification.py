"""Classification: one of K classes per example. Shapes: B batch, K classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.kinds.base import Finding, SelectionMetric, split_curve
from core.kinds.supervised import SupervisedKind
from core.messages import N_

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import Tensor

    from core.analysis.evaluation_report import ClassificationReport
    from core.checkpoints import Spec
    from core.evaluation import Evaluation
    from core.training.recipe import Recipe


class ClassificationKind(SupervisedKind):
    """Logits (B, K), labels (B,), accuracy."""

    name = "classification"
    selection_metric = SelectionMetric(
        "accuracy", ("val/accuracy",), ("accuracy",), True, "val/loss", is_percentage=True
    )
    curves = (split_curve("accuracy", N_("Accuracy"), ".2%"), split_curve("loss", N_("Loss")))
    progress_metric = "accuracy"
    panel = "classification"
    can_compare = True
    can_export_script = True
    predicts_classes = True

    def make_loss(
        self, recipe: Recipe, targets: Tensor | None = None, num_outputs: int = 0
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """The recipe's loss of logits (B, K) and labels (B,); with class weights, by the frequencies in `targets`."""
        from core.training.optim import class_weights, make_classification_loss

        weighted = recipe.class_weights and targets is not None
        return make_classification_loss(recipe, class_weights(targets, num_outputs) if weighted else None)

    def target_scale(self, y: np.ndarray) -> tuple[float, float]:
        """Labels are not scaled."""
        return 0.0, 1.0

    def scale_targets(self, y: Tensor, mean: float, std: float) -> Tensor:
        """Labels as they are."""
        return y

    def reshape_outputs(self, outputs: Tensor) -> Tensor:
        """Logits as they are."""
        return outputs

    def score_sum(self, outputs: Tensor, y: Tensor, std: float) -> Tensor:
        """Number of correct predictions."""
        return (outputs.argmax(1) == y).sum()

    def aggregate_score(self, score_sum: float, count: float) -> float:
        """Accuracy in [0, 1]."""
        return score_sum / count

    def probe_predictions(self, outputs: Tensor, mean: float, std: float) -> Tensor:
        """Probabilities (B, K)."""
        return outputs.softmax(1)

    def predictions(self, outputs: Tensor, spec: Spec) -> Tensor:
        """Probabilities (B, K) from logits."""
        return outputs.softmax(1)

    def compute_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Accuracy and mean cross-entropy of probabilities (N, K)."""
        from torch.nn.functional import nll_loss

        return {
            "accuracy": float((outputs.argmax(1) == targets).float().mean()),
            "cross_entropy": float(nll_loss(outputs.clamp_min(1e-12).log(), targets)),
        }

    def make_report(
        self, classes: tuple[str, ...], outputs: np.ndarray, targets: np.ndarray
    ) -> ClassificationReport:
        """The report of probabilities (N, K)."""
        from core.analysis.evaluation_report import ClassificationReport

        return ClassificationReport(classes, outputs, targets)

    def card_entries(self, evaluation: Evaluation, spec: Spec) -> dict[str, Any]:
        """Predictions on the test set, what follows from them, and multiply-accumulate operations: enough for the Compare page."""
        from core import models
        from core.analysis import significance
        from core.inference import model_summary

        predictions = evaluation.outputs.argmax(1)
        matrix = significance.confusion_matrix(predictions, evaluation.targets, len(spec.classes))
        model = models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options)
        return {
            "classes": list(spec.classes),
            "per_class": [round(float(a), 4) for a in significance.per_class_accuracy(matrix)],
            "confusion": matrix.tolist(),
            "labels": significance.encode_predictions(evaluation.targets),
            "predictions": significance.encode_predictions(predictions),
            "multiply_adds": model_summary.count_macs(model, spec.in_shape),
        }

    def diagnose(self, log: pd.DataFrame) -> list[Finding]:
        """A finding from the losses and the gap between training and validation accuracy."""
        from core.analysis import diagnostics

        best = self.find_best_epoch(log)
        return diagnostics.diagnose_log(log, best.epoch if best else None)
