"""Test metrics: of a run once, at its end; of a checkpoint whenever asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core import checkpoints, data, tasks
from core.checkpoints import Spec
from core.data import ArrayDataset, ProgressCallback
from core.inference.predictor import predict_outputs
from core.kinds import get_kind
from core.messages import Message, N_, UserError
from core.runs.store import Run
from core.task_spec import Task
from core.training.batches import Batches

EVALUATING = Message(N_("Evaluating on the test set"))


@dataclass(frozen=True)
class Evaluation:
    """Test metrics with the predictions that they were computed from.

    Attributes:
        metrics: metrics by name.
        outputs: probabilities (N, K) or predictions (N,), or None if the kind has no predictions per example.
        targets: targets (N,).
    """

    metrics: dict[str, float]
    outputs: np.ndarray | None
    targets: np.ndarray


@torch.inference_mode()
def predict_batches(
    network: nn.Module, spec: Spec, batches: Batches, progress: ProgressCallback | None = None
) -> Tensor:
    """Readable predictions of all examples, as the kind defines them: probabilities (N, K) or predictions (N,), in fp32."""
    network.eval()
    kind, parts = get_kind(spec.kind), []
    for part in batches.parts(network):
        if progress:
            progress(EVALUATING, part.start / len(batches))
        parts.append(kind.predictions(predict_outputs(network, spec, batches.inputs(part)), spec))
    return torch.cat(parts).cpu()


def evaluate_model(
    network: nn.Module, spec: Spec, dataset: ArrayDataset, progress: ProgressCallback | None = None
) -> Evaluation:
    """Test metrics of `network` on `dataset`. Raises UserError if the weights were trained on data of another shape or other classes."""
    kind = get_kind(spec.kind)
    if not kind.is_compatible(spec, dataset):
        raise UserError(
            N_("These weights were trained on {trained} and cannot be evaluated on {title}."),
            trained=spec.data,
            title=dataset.title,
        )
    return kind.evaluate(network, spec, dataset, progress)


def evaluate_task(
    name: str,
    checkpoint: Path | None = None,
    root: Path | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Evaluation, Path, ArrayDataset]:
    """Test metrics of a task's pretrained weights, or of those in `checkpoint`.

    Raises UserError for an unknown task, weights that cannot be used, or if only fallback data is found while the weights were trained on
    real data.
    """
    entry = tasks.task_for_checkpoint(name)
    path = checkpoint or checkpoints.load_card(entry.checkpoint).weights
    network, spec = checkpoints.load_weights(path, entry.model)
    dataset = data.load_dataset(entry.dataset, root, progress=progress, **_data_options(entry, path, spec))
    if bool(dataset.stand_in_for) != bool(spec.stand_in_for):
        raise UserError(
            N_(
                "These weights were trained on {trained}, but only {title} was found. Specify the data "
                "folder with --data-root."
            ),
            trained=spec.data,
            title=dataset.title,
        )
    return evaluate_model(network, spec, dataset, progress), path, dataset


def _data_options(task: Task, weights: Path, spec: Spec) -> dict[str, Any]:
    """The options that the weights' data set was loaded with: recorded in the weights; in older files in the run beside them; else those
    of the task's recipe.
    """
    default = task.recipe.part("data")
    recorded = spec.data_options
    if not recorded:
        folder = weights.parent.parent if weights.parent.name == "epochs" else weights.parent
        recorded = Run(folder).config.get("recipe", {})
    return task.recipe.changed(**{name: recorded[name] for name in default if name in recorded}).part("data")
