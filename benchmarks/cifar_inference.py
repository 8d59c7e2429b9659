"""Latency per image of the CIFAR-10 models and of torchvision's ResNet-18, at 32×32 in fp32 on this machine."""

from __future__ import annotations

import torch
import torchvision

from benchmarks import table
from benchmarks.table import Measurement
from core import models, tasks
from core.inference import model_summary
from core.training.recipe import num_cores

IN_SHAPE = (3, 32, 32)


def measure_rows() -> list[Measurement]:
    torch.set_num_threads(num_cores())
    views = {"torchvision's resnet18": 1}
    networks = {"torchvision's resnet18": torchvision.models.resnet18(num_classes=10)}
    for task in tasks.TASKS:
        if task.dataset == "cifar10" and task.name != "cifar10-sandbox":
            networks[task.name] = models.create_model(task.model, IN_SHAPE, 10, **task.recipe.part("model"))
            views[task.name] = (2 if task.recipe.tta_flip else 1) * (3 if task.recipe.tta_shift else 1)
    found = []
    for name, network in networks.items():
        one, many = (model_summary.measure_latency(network, IN_SHAPE, batch) for batch in (1, 64))
        found.append(
            Measurement(
                f"{name}, one image", one, "ms", note=f"batch of 64: {many:.3g} ms/image; TTA ×{views[name]}"
            )
        )
    return found


if __name__ == "__main__":
    table.run_standalone(measure_rows)
