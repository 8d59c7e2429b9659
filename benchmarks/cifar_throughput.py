"""Training throughput of the CIFAR-10 models: this project's data path vs. a stock loop, and the machine's
limit.

The stock loop is https://github.com/kuangliu/pytorch-cifar/blob/master/main.py: a DataLoader whose images are
cropped, flipped and normalized one by one, fp32, default memory format, the same model and optimizer. Ours runs
in its own process with the environment of a run. Images are random: their content does not affect the time.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from lightning_fabric import Fabric
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks import table
from benchmarks.table import Measurement
from core import models, tasks
from core.data import ArrayDataset
from core.inference import model_summary
from core.runs import queue, system_info
from core.training.recipe import num_cores
from core.training.supervised import SupervisedTrainer

NUM_IMAGES = 2560
RESNET18 = {"depth": 18, "width": 64, "batch_size": 128}
OTHER_TASKS = [
    t.name
    for t in tasks.TASKS
    if t.dataset == "cifar10" and t.name not in ("cifar10-best", "cifar10-sandbox")
]
_MIN_SECONDS = (
    2.0  # minimum time measured, in seconds: two steps of a small model are too short for the clock
)


def make_dataset() -> ArrayDataset:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (NUM_IMAGES, 3, 32, 32), dtype=np.uint8), np.arange(NUM_IMAGES) % 10
    half = np.full(3, 0.5, np.float32)
    return ArrayDataset(
        "random", "random", "classification", "", x, y, x, y, half, half / 2, classes=tuple("abcdefghij")
    )


def _images_per_second(steps: list[float], batch: int) -> float:
    return batch / statistics.median(steps[1:])


def _has_enough_steps(times: list[float], steps: int) -> bool:
    return len(times) > steps and sum(times[1:]) >= _MIN_SECONDS


def project_throughput(name: str, changes: dict, steps: int) -> float:
    """Return images per second of the trainer."""
    torch.set_num_threads(num_cores())
    task = tasks.get_task(name)
    recipe = task.recipe.changed(num_validation=0, epochs=1000, max_steps=0, **changes)
    fabric = Fabric(accelerator="auto", devices=1, precision=system_info.resolve_precision("auto"))
    trainer = SupervisedTrainer(task.model, make_dataset(), recipe, fabric)
    times, last = [], None
    for _event in trainer.run():
        now = time.perf_counter()
        if last is not None:
            times.append(now - last)
        last = now
        if _has_enough_steps(times, steps):
            break
    return _images_per_second(times, recipe.batch_size)


class ImageDataset(Dataset):
    """One image at a time, like torchvision's datasets."""

    def __init__(self, data: ArrayDataset) -> None:
        self.x, self.y = data.train_x.transpose(0, 2, 3, 1), data.train_y
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(data.mean.tolist(), data.std.tolist()),
            ]
        )

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.x[i]), int(self.y[i])


def stock_throughput(name: str, changes: dict, steps: int) -> float:
    """Return images per second of the stock loop."""
    torch.set_num_threads(num_cores())
    task = tasks.get_task(name)
    recipe = task.recipe.changed(**changes)
    network = models.create_model(task.model, (3, 32, 32), 10, **recipe.part("model")).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    loader = DataLoader(
        ImageDataset(make_dataset()), batch_size=recipe.batch_size, shuffle=True, drop_last=True
    )
    times, last = [], time.perf_counter()
    while not _has_enough_steps(times, steps):
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(network(x), y).backward()
            optimizer.step()
            now = time.perf_counter()
            times.append(now - last)
            last = now
            if _has_enough_steps(times, steps):
                break
    return _images_per_second(times, recipe.batch_size)


def run_isolated(function: Callable, name: str, changes: dict, steps: int) -> float:
    """Call `project_throughput` (in the environment of a run) or `stock_throughput` in its own process."""
    call = f"c.{function.__name__}({name!r}, {changes!r}, {steps})"
    code = f"import json; from benchmarks import cifar_throughput as c; print(json.dumps({call}))"
    environment = {**(queue.WORKER_ENV if function is project_throughput else {}), **os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def matmul_flops(size: int = 4096, seconds: float = 3.0) -> float:
    """Return FLOP/s of a bf16 matrix product on all cores, the best of several repetitions."""
    torch.set_num_threads(num_cores())
    a, b = (torch.randn(size, size, dtype=torch.bfloat16) for _ in range(2))
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def measure_rows() -> list[Measurement]:
    limit = matmul_flops()
    found = [
        Measurement("bf16 matrix product", limit / 1e9, "GFLOP/s", note="4096 x 4096, all cores, the best")
    ]
    for label, name, changes, steps in [
        ("ResNet-18, 11.2 M", "cifar10-resnet", RESNET18, 8),
        *((n, n, {}, 2) for n in OTHER_TASKS),
    ]:
        recipe = tasks.get_task(name).recipe.changed(**changes)
        network = models.create_model(tasks.get_task(name).model, (3, 32, 32), 10, **recipe.part("model"))
        macs, trained = (
            count(network, (3, 32, 32))
            for count in (model_summary.count_macs, model_summary.count_training_macs)
        )
        mine, theirs = (
            run_isolated(project_throughput, name, changes, steps),
            run_isolated(stock_throughput, name, changes, min(steps, 5)),
        )
        share = 2 * trained * mine / limit
        whole = label.startswith("ResNet-18")
        speeds = f"{mine:,.0f} against {theirs:,.0f} images/s"
        found.append(
            Measurement(
                f"{label}: ours / stock", mine / theirs, "times", at_least=2.4 if whole else None, note=speeds
            )
        )
        size = f"{macs / 1e6:.0f}M MACs"
        found.append(
            Measurement(
                f"{label}: share of that rate", 100 * share, "%", at_least=85 if whole else None, note=size
            )
        )
    return found


if __name__ == "__main__":
    table.run_standalone(measure_rows)
