"""Training over two processes: the same result as over one, and no process is left behind."""

import json
import subprocess
import sys

import psutil
import pytest

from core import paths
from core.runs import store


def train(*more):
    """A short training; its last batch is one example, fewer than there are processes."""
    command = [
        sys.executable,
        "-m",
        "core",
        "train",
        "mnist-softmax",
        "--epochs",
        "1",
        "--limit-train",
        "897",
        "--num-validation",
        "200",
        "--precision",
        "32-true",
        "--json",
        *more,
    ]
    done = subprocess.run(
        command, cwd=paths.PROJECT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("more", [["--devices", "2"], ["--num-nodes", "2"]])
def test_a_training_of_translators_on_several_devices_is_refused_before_it_begins(more):
    command = [sys.executable, "-m", "core", "train", "cyclegan-light", "--quick", *more]
    done = subprocess.run(
        command, cwd=paths.PROJECT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 1 and "one device only" in done.stderr and not store.list_runs()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_devices_reach_what_one_reaches():
    alone, together = train(), train("--devices", "2")
    assert together["state"] == "finished"
    # Each process sees half of every batch and gradients are averaged, so only rounding differs.
    assert together["metrics"]["accuracy"] == pytest.approx(alone["metrics"]["accuracy"], abs=0.01)
    folder = str(store.find_run(together["run"]).path)
    left = [p for p in psutil.process_iter(["cmdline"]) if folder in " ".join(p.info["cmdline"] or [])]
    _gone, alive = psutil.wait_procs(left, timeout=30)
    assert not alive
