"""Trainings on machines that lack something: the same losses within the precision of their arithmetic.

What is lacking is taken from a process of its own by the flags of PyTorch's libraries.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys

import pytest
import torch

from core.runs import system_info

STEPS = 6
_TRAIN = f"""
import itertools, json, sys
import torch
from lightning_fabric import Fabric
from core import data, tasks
from core.training.events import Step

name, precision, accelerator, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
changes = {{"epochs": 2, "limit_train": 120, "num_validation": 20, "batch_size": 16}}
changes |= {{"cifar10-mobilenetv1": {{"multiplier": 0.125}}}}.get(name, {{}})
task = tasks.get_task(name)
fabric = Fabric(accelerator=accelerator, devices=1, precision=precision)
dataset = data.load_dataset(task.dataset, download=False)
trainer = task.trainer_class()(task.model, dataset, task.recipe.changed(**changes), fabric)
steps = itertools.islice((e for e in trainer.run() if isinstance(e, Step)), {STEPS})
print(json.dumps([e.metrics["train/loss"] for e in steps]))
"""
TASK = "mnist-lenet5"  # without batch norm, which magnifies round-off in a few steps
pytestmark = pytest.mark.slow


def train(
    task: str, precision: str = "32-true", accelerator: str = "cpu", threads: int = 2, **environment: str
) -> list[float]:
    """Losses of the first steps of `task` in a process of its own."""
    command = [sys.executable, "-c", _TRAIN, task, precision, accelerator, str(threads)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@functools.cache
def usual() -> tuple[float, ...]:
    return tuple(train(TASK))


def test_without_avx512() -> None:
    flags = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
    assert train(TASK, **flags) == pytest.approx(usual(), rel=1e-4)


def test_with_one_core() -> None:
    found = train(TASK, threads=1, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    assert found == pytest.approx(usual(), rel=1e-4)


def test_without_a_compiler() -> None:
    assert train(TASK, PATH="", CC="", CXX="") == list(usual())


@pytest.mark.parametrize("task", [TASK, "cifar10-mobilenetv1"], ids=["plain", "depthwise"])
def test_without_bf16(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without it trains in fp32; where both can be had, they differ by bfloat16's 8 bits."""
    monkeypatch.setattr(system_info, "has_native_bf16", lambda: False)
    precision = system_info.resolve_precision("auto")
    assert precision == "32-true"
    assert train(task, precision) == pytest.approx(train(task, "bf16-mixed"), rel=0.05)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_with_a_gpu(device: str) -> None:
    available = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}[device]()
    if not available:
        pytest.skip(f"this machine has no {device} device")
    assert train(TASK, accelerator=device) == pytest.approx(usual(), rel=1e-2)
