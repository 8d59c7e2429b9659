"""A line through points: regression with one feature, whose result is the line itself."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from core.kinds.regression import RegressionKind

if TYPE_CHECKING:
    from torch import nn

    from core.checkpoints import Spec
    from core.data import ArrayDataset, ProgressCallback
    from core.evaluation import Evaluation


class LineKind(RegressionKind):
    """Regression that reports the weight w and the bias b of y = w x + b in the units of the data."""

    name = "line"

    def evaluate(
        self,
        model: nn.Module,
        spec: Spec,
        dataset: ArrayDataset,
        progress: ProgressCallback | None = None,
    ) -> Evaluation:
        """The metrics of regression, and w and b, from the outputs at x = 0 and x = 1."""
        import torch

        found = super().evaluate(model, spec, dataset, progress)
        x = torch.tensor([[0.0], [1.0]])
        inputs = (x - torch.tensor(spec.mean)) / torch.tensor(spec.std)
        with torch.no_grad():
            at_zero, at_one = self.predictions(
                model(inputs.to(next(model.parameters()).device)), spec
            ).tolist()
        return dataclasses.replace(found, metrics={**found.metrics, "w": at_one - at_zero, "b": at_zero})

    def has_field(self, scope: str) -> bool:
        """Fields of regression apply here too."""
        return scope in (self.name, RegressionKind.name)
