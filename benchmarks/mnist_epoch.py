"""One epoch of mnist-cnn at batch size 64: this project's data path vs. the loop of PyTorch's MNIST example.

The same model, optimizer and 60,000 images, without validation. The stock loop is
https://github.com/pytorch/examples/blob/main/mnist/main.py with this model.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from lightning_fabric import Fabric
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs, require_mnist, wait_for
from benchmarks.table import Measurement
from core import data, models, tasks
from core.runs import queue, system_info
from core.training.events import Step
from core.training.supervised import SupervisedTrainer

NUM_ROUNDS = 3
TASK = tasks.get_task("mnist-cnn")
RECIPE = TASK.recipe.changed(epochs=1, num_validation=0, batch_size=64)


def project_epoch(dataset: data.ArrayDataset, precision: str = "auto", steps: int | None = None) -> float:
    """Return the seconds of one epoch with the trainer called directly."""
    fabric = Fabric(accelerator="auto", devices=1, precision=system_info.resolve_precision(precision))
    trainer = SupervisedTrainer(TASK.model, dataset, RECIPE, fabric)
    begun = time.perf_counter()
    for event in trainer.run():
        if isinstance(event, Step) and event.step == steps:
            break
    return time.perf_counter() - begun


def stock_epoch(root: Path, workers: int = 0, steps: int | None = None) -> float:
    """Return the seconds of one epoch of the stock loop."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    train = datasets.MNIST(str(root), train=True, download=True, transform=transform)
    # The example uses one worker and pinned memory on a GPU, and neither on the CPU.
    more = (
        {"num_workers": workers or 1, "pin_memory": True}
        if device.type == "cuda"
        else {"num_workers": workers}
    )
    loader = DataLoader(train, batch_size=64, shuffle=True, **more)
    model = models.create_model(TASK.model, (1, 28, 28), 10, **RECIPE.part("model")).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=RECIPE.learning_rate)
    model.train()
    begun = time.perf_counter()
    for number, (x, y) in enumerate(loader):
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        output = model(x)
        loss = F.cross_entropy(output, y)
        loss.backward()
        optimizer.step()
        if number % 10 == 0:
            loss.item()
        if number == steps:
            break
    return time.perf_counter() - begun


def job_epoch(root: Path) -> tuple[float, float]:
    """Return the seconds of one epoch of a run, and from start to the end of its process, test evaluation
    included.
    """
    begun = time.perf_counter()
    run = wait_for(queue.start_run(TASK, RECIPE, str(root)))
    return run.summary["seconds"], time.perf_counter() - begun


def measure_rows() -> list[Measurement]:
    root, dataset = require_mnist(), data.load_dataset("mnist", download=False)
    torch.set_num_threads(RECIPE.with_resolved_threads().threads)
    project_epoch(dataset, steps=50)
    stock_epoch(root, steps=50)
    times: dict[str, list[float]] = {
        name: [] for name in ("ours", "stock", "job", "whole", "fp32", "workers")
    }
    for turn in range(NUM_ROUNDS):
        times["ours"].append(project_epoch(dataset))
        times["stock"].append(stock_epoch(root))
        with isolated_runs():
            seconds, whole = job_epoch(root)
        times["job"].append(seconds)
        times["whole"].append(whole)
        if turn == 0:
            times["fp32"].append(project_epoch(dataset, "32-true"))
            times["workers"].append(stock_epoch(root, workers=2))
    middle = {name: statistics.median(values) for name, values in times.items()}

    def spread(name: str) -> str:
        return (
            f"{len(times[name])} runs, {min(times[name]):.2f} to {max(times[name]):.2f} s"
            if len(times[name]) > 1
            else "1 run"
        )

    return [
        Measurement(
            "stock loop, one epoch",
            middle["stock"],
            "s",
            note=f"DataLoader as in PyTorch's example, fp32; {spread('stock')}",
        ),
        Measurement("stock loop, 2 workers", middle["workers"], "s", note=spread("workers")),
        Measurement(
            "trainer called directly",
            middle["ours"],
            "s",
            note=f"{system_info.resolve_precision('auto')}, glibc's own settings; {spread('ours')}",
        ),
        Measurement("trainer in fp32", middle["fp32"], "s", note=spread("fp32")),
        Measurement("as a run: epoch", middle["job"], "s", note=f"files written, niced; {spread('job')}"),
        Measurement(
            "as a run: start to summary",
            middle["whole"],
            "s",
            note="process start and test evaluation included",
        ),
        Measurement("stock / run", middle["stock"] / middle["job"], "times", at_least=2.5),
        Measurement("stock / trainer called directly", middle["stock"] / middle["ours"], "times"),
        Measurement(
            "stock / trainer in fp32",
            middle["stock"] / middle["fp32"],
            "times",
            note="speedup without bf16",
        ),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
