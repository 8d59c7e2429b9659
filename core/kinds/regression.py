"""Regression: one real number per example. Shapes: B batch, N examples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.kinds.base import Finding, SelectionMetric, split_curve
from core.kinds.supervised import SupervisedKind
from core.messages import N_

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import Tensor

    from core.analysis.evaluation_report import RegressionReport
    from core.checkpoints import Spec
    from core.training.recipe import Recipe


class RegressionKind(SupervisedKind):
    """Outputs (B, 1), targets (B,) in their own unit, root mean squared error. The model predicts standardized targets, so that one
    learning rate suits every unit.
    """

    name = "regression"
    selection_metric = SelectionMetric("rmse", ("val/rmse",), ("rmse",), False, "val/loss")
    curves = (split_curve("rmse", N_("RMSE")), split_curve("loss", N_("Loss")))
    progress_metric = "rmse"
    panel = "regression"
    can_export_script = True

    def make_loss(
        self, recipe: Recipe, targets: Tensor | None = None, num_outputs: int = 0
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """Mean squared error of (B,) and (B,)."""
        from torch.nn.functional import mse_loss

        return mse_loss

    def target_scale(self, y: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of the training targets; the latter is 1 if they are all equal."""
        return float(y.mean()), float(y.std()) or 1.0

    def scale_targets(self, y: Tensor, mean: float, std: float) -> Tensor:
        """Standardized targets (B,)."""
        return (y - mean) / std

    def reshape_outputs(self, outputs: Tensor) -> Tensor:
        """Outputs (B,)."""
        return outputs.squeeze(1)

    def score_sum(self, outputs: Tensor, y: Tensor, std: float) -> Tensor:
        """Squared errors in the squared unit of the targets."""
        return ((outputs - y) * std).square().sum()

    def aggregate_score(self, score_sum: float, count: float) -> float:
        """Root mean squared error in the unit of the targets."""
        return math.sqrt(score_sum / count)

    def probe_predictions(self, outputs: Tensor, mean: float, std: float) -> Tensor:
        """Predictions (B, 1) in the unit of the targets."""
        return (outputs * std + mean)[:, None]

    def predictions(self, outputs: Tensor, spec: Spec) -> Tensor:
        """Predictions (B,) in the unit of the targets from standardized outputs (B, 1)."""
        return outputs[:, 0] * spec.output_std + spec.output_mean

    def compute_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """RMSE, MAE and R² of predictions (N,). R² of constant targets is 1 without errors, else 0, as in scikit-learn."""
        errors = outputs - targets
        residual, total = float(errors.square().sum()), float((targets - targets.mean()).square().sum())
        return {
            "rmse": math.sqrt(residual / len(targets)),
            "mae": float(errors.abs().mean()),
            "r2": 1 - residual / total if total else float(not residual),
        }

    def make_report(
        self, classes: tuple[str, ...], outputs: np.ndarray, targets: np.ndarray
    ) -> RegressionReport:
        """The report of predictions (N,)."""
        from core.analysis.evaluation_report import RegressionReport

        return RegressionReport(classes, outputs, targets)

    def diagnose(self, log: pd.DataFrame) -> list[Finding]:
        """A finding from the losses."""
        from core.analysis import diagnostics

        return diagnostics.diagnose_log(log)
