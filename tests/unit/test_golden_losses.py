"""Losses of short trainings against recorded ones: two cases of each kind (regression has one task, in
two recipes). A refactoring must not change a single number.

Bit for bit on the kind of machine that recorded them; elsewhere within the round-off of another processor's kernels.
Record again, after a change that is meant to change numbers: `python -m tests.unit.test_golden_losses`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import data, tasks
from tests import factories

pytestmark = pytest.mark.slow

FILE = Path(__file__).resolve().parents[1] / "golden" / "losses.json"
COMMON = {"epochs": 2, "limit_train": 160, "precision": "32-true", "threads": 1, "seed": 3}
CASES: dict[str, tuple[str, dict]] = {
    "classification, fully connected": ("mnist-softmax", {"num_validation": 60}),
    "classification, convolutions": (
        "cifar10-fast",
        {**factories.SMALL["cifar10-fast"], "num_validation": 60},
    ),
    "regression, adam": ("boston-mlp", {"num_validation": 40}),
    "regression, sgd": (
        "boston-mlp",
        {"num_validation": 40, "optimizer": "sgd", "learning_rate": 0.01, "dropout": 0.1},
    ),
    "translation, light": (
        "cyclegan-light",
        {**factories.SMALL["cyclegan-light"], "limit_train": 3, "num_validation": 2},
    ),
    "translation, paper": (
        "cyclegan-paper",
        {**factories.SMALL["cyclegan-paper"], "limit_train": 3, "num_validation": 2},
    ),
}


def machine() -> str:
    import torch

    return f"{torch.__version__.split('+')[0]} {torch.backends.cpu.get_cpu_capability()}"


def losses(name: str, changes: dict) -> list[dict[str, str]]:
    """The metrics of every step and epoch, as exact hexadecimal floats."""
    import torch
    from lightning_fabric import Fabric

    from core.training.events import EpochEnd, Step

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        task = tasks.get_task(name)
        recipe = task.recipe.changed(**{**COMMON, **changes})
        dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
        trainer = task.trainer_class()(
            task.model, dataset, recipe, Fabric(accelerator="cpu", devices=1, precision="32-true")
        )
        return [
            {k: float(v).hex() for k, v in event.metrics.items()}
            for event in trainer.run()
            if isinstance(event, Step | EpochEnd)
        ]
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("case", CASES)
def test_losses_are_the_recorded_ones(case: str) -> None:
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    now, then = losses(*CASES[case]), recorded["losses"][case]
    if machine() == recorded["machine"]:
        assert now == then
        return
    assert len(now) == len(then)
    for a, b in zip(now, then, strict=True):
        assert {k: float.fromhex(v) for k, v in a.items()} == pytest.approx(
            {k: float.fromhex(v) for k, v in b.items()}, rel=0.02, abs=1e-3
        )


if __name__ == "__main__":
    import os

    os.environ["MANABI_OFFLINE"] = "1"
    os.environ.pop("MANABI_DATA", None)
    content = {
        "machine": machine(),
        "losses": {case: losses(*arguments) for case, arguments in CASES.items()},
    }
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
