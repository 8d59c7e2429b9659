"""Forward passes over test images: as the evaluation computes them, against 1,000 images at a time with the default allocator.

Each figure comes from a process of its own; images are random, because their content does not affect the time.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import torch

from benchmarks import table
from benchmarks.table import Measurement
from core import allocator, models, tasks
from core.training import batches
from core.training.recipe import num_cores

NUM_IMAGES = 2000
BEFORE, FP32, BF16 = "1000", "fp32", "bf16"
_TARGETS = {FP32: 1.7, BF16: 3.0}
_MIN_SECONDS = 4.0


def measure_throughput(name: str, mode: str) -> float:
    """Return the throughput of the network of task `name` in evaluation mode."""
    torch.set_num_threads(num_cores())
    if mode != BEFORE:
        allocator.keep_freed_memory()
    task = tasks.get_task(name)
    network = models.create_model(task.model, (3, 32, 32), 10, **task.recipe.part("model"))
    network = network.eval().to(memory_format=torch.channels_last)
    size = 1000 if mode == BEFORE else batches.eval_batch_size(network, (3, 32, 32), "cpu")
    images = torch.randn(NUM_IMAGES, 3, 32, 32).to(memory_format=torch.channels_last)
    times: list[float] = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=mode == BF16):
        while sum(times) < _MIN_SECONDS or len(times) < 3:
            start = time.perf_counter()
            for part in images.split(size):
                network(part)
            times.append(time.perf_counter() - start)
    return NUM_IMAGES / statistics.median(times[1:])


def _isolated(name: str, mode: str) -> float:
    code = f"import json; from benchmarks import evaluation_speed as e; print(json.dumps(e.measure_throughput({name!r}, {mode!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure_rows() -> list[Measurement]:
    found = []
    for task in tasks.TASKS:
        if task.dataset != "cifar10" or task.name in ("cifar10-mlp", "cifar10-sandbox"):
            continue
        rates = {mode: _isolated(task.name, mode) for mode in (BEFORE, FP32, BF16)}
        for mode, target in _TARGETS.items():
            note = f"{rates[mode]:,.0f} against {rates[BEFORE]:,.0f} images/s"
            ratio = rates[mode] / rates[BEFORE]
            found.append(Measurement(f"{task.name}, {mode}", ratio, "times", at_least=target, note=note))
    return found


if __name__ == "__main__":
    table.run_standalone(measure_rows)
