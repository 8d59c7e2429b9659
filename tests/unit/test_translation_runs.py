"""Runs of translation models in real processes: sample images, completion, kill and resume, evaluation, inference."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core import checkpoints, evaluation
from core.runs import queue, samples
from core.runs.store import Run

pytestmark = pytest.mark.slow

TINY = {
    "width": 4,
    "num_blocks": 1,
    "image_size": 64,
    "batch_size": 2,
    "limit_train": 8,
    "num_validation": 4,
    "sample_every": 2,
    "epochs": 3,
    "precision": "32-true",
}


def generators(run: Run) -> dict[str, torch.Tensor]:
    return checkpoints.load_weights(run.best_weights_path)[0].state_dict()


def call(*arguments: object, rc: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == rc, done.stderr
    return done


@pytest.fixture
def finished(start_job: Callable, end_of: Callable) -> Run:
    run = start_job("cyclegan-light", **TINY)
    status = end_of(run, 120)
    assert status.state == "finished", f"{status.reason} {run.log_tail()}"
    return run


def test_a_run_leaves_images_weights_and_metrics(finished: Run, tmp_path: Path) -> None:
    assert sorted({sheet.step for sheet in samples.list_sheets(finished.path)}) == [0, 2, 4, 6, 8, 10, 12]
    assert finished.summary["metrics"].keys() == {"cycle_error"} and finished.summary["stand_in_for"]
    assert not (finished.path / "predictions.safetensors").exists()
    assert len(list((finished.path / "epochs").iterdir())) == 3

    found, path, dataset = evaluation.evaluate_task("cyclegan-light", finished.best_weights_path)
    assert found.metrics["cycle_error"] == pytest.approx(finished.summary["metrics"]["cycle_error"], abs=1e-4)
    assert path == finished.best_weights_path and dataset.stand_in_for

    source, out = tmp_path / "in.jpg", tmp_path / "out.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (70, 131, 3), dtype=np.uint8)).save(source)
    done = call(
        "translate", "--direction", "a2b", "--checkpoint", finished.best_weights_path, source, out, "--json"
    )
    assert json.loads(done.stdout)["direction"] == "a2b"
    with Image.open(out) as image:
        assert (image.size, image.format) == ((131, 70), "PNG")
    assert (
        "is not a supported image file"
        in call(
            "translate", "--checkpoint", finished.best_weights_path, finished.path / "config.json", out, rc=1
        ).stderr
    )
    assert (
        "cannot be read"
        in call(
            "translate", "--checkpoint", finished.best_weights_path, tmp_path / "missing.jpg", out, rc=1
        ).stderr
    )


def test_killed_and_resumed_it_ends_with_the_same_weights(
    finished: Run,
    start_job: Callable,
    end_of: Callable,
    wait_until: Callable,
    process_of: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MANABI_SAVE_SECONDS", "0")
    run = start_job("cyclegan-light", **TINY)
    wait_until(lambda: run.status().step >= 5, 60, "some steps")
    process_of(run).kill()
    assert end_of(run, 20).state == "interrupted"
    queue.resume_run(run)
    status = end_of(run, 120)
    assert status.state == "finished", f"{status.reason} {run.log_tail()}"
    ours, theirs = generators(run), generators(finished)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert run.summary["metrics"] == finished.summary["metrics"]
    steps = [int(line.split(",")[0]) for line in (run.path / "metrics.csv").read_text().splitlines()[1:]]
    assert steps == sorted(steps) and steps[-1] == 12


def test_weights_of_another_kind_are_a_sentence(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "in.png")
    weights = checkpoints.load_card("mnist-softmax").weights
    said = call("translate", "--checkpoint", weights, tmp_path / "in.png", tmp_path / "out.png", rc=1).stderr
    assert "does not contain an image translation model" in said and not (tmp_path / "out.png").exists()
