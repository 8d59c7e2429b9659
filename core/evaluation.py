"""Figures on the test part: read once, at the end, and for checkpoints again whenever somebody asks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core import checkpoints, data, tasks
from core.checkpoints import Spec
from core.data import ArrayDataset
from core.inference.predictor import predict_outputs
from core.messages import N_, UserError
from core.training.batches import Batches


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a test part, with what they were made from: probabilities (N, K) or predictions (N,), None for translations, and
    targets (N,)."""

    metrics: dict[str, float]
    outputs: np.ndarray | None
    targets: np.ndarray


def compute_metrics(kind: str, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Accuracy and mean cross-entropy of probabilities (N, K), or RMSE, MAE and R² of predictions (N,)."""
    from torchmetrics import functional as metrics

    if kind == "classification":
        k = outputs.shape[1]
        nll = nn.functional.nll_loss(outputs.clamp_min(1e-12).log(), targets)
        return {
            "accuracy": float(metrics.accuracy(outputs, targets, task="multiclass", num_classes=k)),
            "cross_entropy": float(nll),
        }
    return {
        "rmse": float(metrics.mean_squared_error(outputs, targets, squared=False)),
        "mae": float(metrics.mean_absolute_error(outputs, targets)),
        "r2": float(metrics.r2_score(outputs, targets)),
    }


@torch.inference_mode()
def predict_batches(network: nn.Module, spec: Spec, batches: Batches) -> Tensor:
    """Probabilities (N, K), or predictions (N,) in the targets' unit, in fp32."""
    network.eval()
    parts = []
    for part in batches.parts(network):
        out = predict_outputs(network, spec, batches.inputs(part))
        parts.append(
            out.softmax(1)
            if spec.kind == "classification"
            else out[:, 0] * spec.output_std + spec.output_mean
        )
    return torch.cat(parts).cpu()


def evaluate_model(network: nn.Module, spec: Spec, dataset: ArrayDataset) -> Evaluation:
    """Figures of `network` on the test part of `dataset`. Raises UserError where the two do not fit."""
    fits = spec.kind == "translation" or tuple(spec.in_shape) == tuple(dataset.in_shape)
    if not fits or tuple(spec.classes) != tuple(dataset.classes):
        raise UserError(
            N_("These weights were trained on {trained} and cannot be evaluated on {title}."),
            trained=spec.data,
            title=dataset.title,
        )
    if spec.kind == "translation":
        from core.translation import gan_metrics

        return Evaluation(gan_metrics.compute_metrics(network.eval(), spec, dataset), None, dataset.test_y)
    # The network saw inputs normalised by its own training part, which need not be this data set's.
    seen = dataclasses.replace(
        dataset, mean=np.array(spec.mean, np.float32), std=np.array(spec.std, np.float32)
    )
    batches = Batches(seen, dataset.test_x, dataset.test_y, next(network.parameters()).device)
    outputs, targets = predict_batches(network, spec, batches), batches.y.cpu()
    return Evaluation(compute_metrics(spec.kind, outputs, targets), outputs.numpy(), targets.numpy())


def evaluate_task(
    name: str, checkpoint: Path | None = None, root: Path | None = None
) -> tuple[Evaluation, Path, ArrayDataset]:
    """Figures of a task's shipped weights, or of those in `checkpoint`, on its test part.

    Raises UserError for an unknown task, weights that cannot be used, or data of which only the stand-in is there while the
    weights were trained on the real ones.
    """
    entry = tasks.task_for_checkpoint(name)
    path = checkpoint or checkpoints.load_card(entry.checkpoint).weights
    network, spec = checkpoints.load_weights(path, entry.model)
    dataset = data.load_dataset(entry.dataset, root, **entry.recipe.part("data"))
    if bool(dataset.stand_in_for) != bool(spec.stand_in_for):
        raise UserError(
            N_(
                "These weights were trained on {trained}, but only {title} was found. Specify the data "
                "folder with --data-root."
            ),
            trained=spec.data,
            title=dataset.title,
        )
    return evaluate_model(network, spec, dataset), path, dataset
