"""The expected result of a task comes from the model card of its checkpoint, and from nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core import checkpoints, paths, tasks

WITH_CARD = [t for t in tasks.TASKS if (checkpoints.read_card(t.checkpoint) or {}).get("task") == t.name]


@pytest.mark.parametrize("task", WITH_CARD, ids=lambda t: t.name)
def test_it_is_what_the_card_says(task: tasks.Task) -> None:
    card, expected = checkpoints.load_card(task.checkpoint).content, task.expected_result
    assert expected.value in card["metrics"].values()
    assert (expected.seconds, expected.machine, expected.command) == (
        card["seconds"],
        card["machine"],
        card["command"],
    )


def test_a_checkpoint_of_another_task_is_no_expected_result() -> None:
    paper, light = tasks.get_task("cyclegan-paper"), tasks.get_task("cyclegan-light")
    assert paper.checkpoint == light.checkpoint
    assert paper.expected_result is None and light.expected_result.metric == "fool_rate"


def test_a_changed_card_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    task = tasks.get_task("mnist-cnn")
    assert task.expected_result is None
    card = tmp_path / "mnist-cnn.json"
    card.write_text(json.dumps({"task": "mnist-cnn", "metrics": {"accuracy": 0.5}}))
    assert (task.expected_result.metric, task.expected_result.value) == ("accuracy", 0.5)
    card.write_text("{")
    assert task.expected_result is None


def test_it_is_read_without_torch() -> None:
    code = (
        "import sys; from core import tasks; tasks.TASKS[0].expected_result; sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, check=False, timeout=120)
    assert done.returncode == 0
