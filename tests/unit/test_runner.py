"""The driver, in this process: events become files, and files become the same training again, wherever it was ended.

The same with real processes and real signals: test_queue.py.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from core import checkpoints, data, tasks
from core.evaluation import evaluate_model
from core.runs import runner as driving
from core.runs import status, store
from core.runs.logs import MetricsReader, read_probes
from core.runs.runner import TrainingRunner
from core.runs.store import Run

pytestmark = pytest.mark.slow

EVENTS = 10  # two epochs of four steps, and their ends


class Crash(BaseException):
    """The end of a process, as far as one process can play it."""


class StopAfter:
    """Stop after a number of events, or crash there."""

    def __init__(self, events: int = 10**9, crash: bool = False) -> None:
        self.left, self.crash = events, crash

    def __bool__(self) -> bool:
        self.left -= 1
        if self.left > 0:
            return False
        if self.crash:
            raise Crash
        return True


def create(name: str = "mnist-modern", **changes: object) -> Run:
    task = tasks.get_task(name)
    changes = {
        "threads": 1,
        "epochs": 2,
        "limit_train": 120,
        "num_validation": 60,
        "batch_size": 32,
        **changes,
    }
    return store.create_run(task, task.recipe.changed(**changes))


def drive(run: Run, stop: StopAfter | None = None) -> TrainingRunner:
    dataset = data.load_dataset(run.task.dataset)
    made = TrainingRunner(
        run, run.task, run.recipe, dataset, status.StatusWriter(run), StopAfter() if stop is None else stop
    )
    made.run()
    return made


def state(run: Run) -> dict:
    return torch.load(run.path / "last.ckpt", weights_only=True)["trainer"]


def equal(one: object, two: object) -> bool:
    """Whether two states hold the same bits."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[k], two[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(equal, one, two))
    return one == two


def metrics(run: Run) -> list[str]:
    """The log without the column that differs from one run to the next: seconds."""
    rows = [line.split(",") for line in (run.path / "metrics.csv").read_text().splitlines()]
    return [",".join(cells[:3] + cells[4:]) for cells in rows]


def same_run(one: Run, two: Run) -> None:
    assert metrics(one) == metrics(two)
    assert equal(state(one), state(two))
    assert (one.path / "probes.csv").read_bytes() == (two.path / "probes.csv").read_bytes()
    for name in (
        "best.safetensors",
        "predictions.safetensors",
        "epochs/001.safetensors",
        "epochs/002.safetensors",
    ):
        assert (one.path / name).read_bytes() == (two.path / name).read_bytes(), name
    timeless = [{k: v for k, v in run.summary.items() if k != "seconds"} for run in (one, two)]
    assert timeless[0] == timeless[1]


@pytest.fixture
def whole() -> Run:
    """An uninterrupted run."""
    run = create()
    drive(run)
    return run


def test_a_run_leaves_what_the_pages_read(whole: Run) -> None:
    frame = MetricsReader(whole.path / "metrics.csv").read()
    assert frame["step"].tolist() == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8]
    assert sorted(read_probes(whole.path / "probes.csv", 8)) == [1, 2]
    assert load_file(whole.path / "probe.safetensors")["x"].shape == (8, 1, 28, 28)
    assert whole.saved_epochs() == [1, 2] and whole.status().state == "finished"
    assert whole.environment["threads"] == 1 and whole.environment["precision"]
    summary = whole.summary
    assert (
        summary["stand_in_for"] == "MNIST"
        and summary["steps"] == 8
        and summary["images"] == 240
        and summary["why"] == "epochs"
    )


def test_the_summary_is_the_best_weights_on_the_test_part(whole: Run) -> None:
    network, spec = checkpoints.load_weights(whole.best_weights_path, "modern_cnn")
    found = evaluate_model(network, spec, data.load_dataset("mnist"))
    assert found.metrics == whole.summary["metrics"] and spec.epoch == whole.summary["best_epoch"]
    saved = load_file(whole.path / "predictions.safetensors")
    np.testing.assert_array_equal(saved["outputs"], found.outputs)
    assert (saved["outputs"].argmax(1) == saved["targets"]).mean() == pytest.approx(found.metrics["accuracy"])


def test_tensorboard_reads_its_events(whole: Run) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(whole.path))
    board.Reload()
    found = {e.step: e.value for e in board.Scalars("val/loss")}
    frame = MetricsReader(whole.path / "metrics.csv").read().dropna(subset=["val/loss"])
    assert found == pytest.approx(dict(zip(frame["step"], frame["val/loss"], strict=True)), rel=1e-5)


@pytest.mark.parametrize("stop_after", range(1, EVENTS + 1))
def test_a_stop_after_any_event_is_resumed_to_the_same_bits(stop_after: int, whole: Run) -> None:
    run = create()
    drive(run, StopAfter(stop_after))
    assert run.status().state == "stopped" and run.summary is None
    torch.rand(stop_after)  # the next process has another random state
    drive(run)
    same_run(run, whole)


@pytest.fixture
def saves_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    save = TrainingRunner._save

    def cheap(self: TrainingRunner) -> None:
        save(self)
        self.save_cost = 0.0

    monkeypatch.setattr(TrainingRunner, "_save", cheap)
    monkeypatch.setenv("MANABI_SAVE_SECONDS", "0")


@pytest.mark.parametrize("crash_after", range(1, EVENTS + 1))
def test_a_crash_after_any_event_with_a_checkpoint_at_every_step(
    crash_after: int, whole: Run, saves_every_step: None
) -> None:
    run = create()
    with pytest.raises(Crash):
        drive(run, StopAfter(crash_after, crash=True))
    drive(run)
    same_run(run, whole)


@pytest.mark.parametrize("crash_after", [2, 4, 5, 7, 9])
def test_a_crash_after_any_event_with_checkpoints_at_the_ends_of_epochs(crash_after: int, whole: Run) -> None:
    run = create()
    with pytest.raises(Crash):
        drive(run, StopAfter(crash_after, crash=True))
    drive(run)
    same_run(run, whole)


@pytest.mark.parametrize("where", ["save_weights", "_save", "_write_tensorboard", "append_probe"])
@pytest.mark.parametrize("epoch", [1, 2])
def test_a_crash_within_the_end_of_an_epoch(
    where: str, epoch: int, whole: Run, saves_every_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is logged already, and the checkpoint is that of the step before."""
    run = create()
    with monkeypatch.context() as patch:
        holder = {"save_weights": checkpoints, "append_probe": driving}.get(where, TrainingRunner)
        real, calls = getattr(holder, where), []

        def breaks(*args: object, **kwargs: object) -> object:
            drives = [a for a in args if isinstance(a, TrainingRunner)]
            at_end = not drives or drives[0].trainer.epoch == epoch
            calls.append(at_end)
            if at_end and (drives or calls.count(True) == epoch):
                if drives:
                    drives[0].metrics.flush()
                raise Crash
            return real(*args, **kwargs)

        patch.setattr(holder, where, breaks)
        with pytest.raises(Crash):
            drive(run)
    drive(run)
    same_run(run, whole)


def test_a_crash_before_the_summary(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create()
    with monkeypatch.context() as patch:
        patch.setattr(driving, "evaluate_model", lambda *args: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            drive(run)
    assert run.summary is None
    drive(run)
    same_run(run, whole)


def test_a_run_that_crashed_before_its_first_checkpoint_begins_again(whole: Run) -> None:
    run = create()
    with pytest.raises(Crash):
        drive(run, StopAfter(3, crash=True))
    assert not (run.path / "last.ckpt").exists()
    drive(run)
    same_run(run, whole)


def test_training_time_adds_up_and_leaves_the_pause_out() -> None:
    run = create()
    drive(run, StopAfter(4))
    first = torch.load(run.path / "last.ckpt", weights_only=True)["seconds"]
    drive(run)
    frame = MetricsReader(run.path / "metrics.csv").read()
    assert frame["seconds"].is_monotonic_increasing and frame["seconds"].iloc[4] >= first - 1e-3
    assert run.summary["seconds"] >= round(first, 2)


def test_regression_writes_its_scale_into_the_weights() -> None:
    run = create("boston-mlp")
    made = drive(run)
    spec = checkpoints.read_spec(run.best_weights_path)
    assert (spec.output_mean, spec.output_std) == (
        made.trainer.y_mean,
        made.trainer.y_std,
    ) and spec.output_std > 1
    assert spec.features == data.load_dataset("boston").features and set(run.summary["metrics"]) == {
        "rmse",
        "mae",
        "r2",
    }


def test_without_validation_the_last_weights_are_the_best() -> None:
    run = create("mnist-softmax", num_validation=0)
    drive(run)
    assert run.summary["best_epoch"] == 2 and not (run.path / "probes.csv").exists()
