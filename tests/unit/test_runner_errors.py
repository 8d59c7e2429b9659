"""Runs that fail: diverged losses, damaged checkpoints, other data, too little memory, a full disk."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core import checkpoints, data
from core.messages import UserError
from core.runs import process
from core.runs import runner as driving
from core.runs.logs import MetricsReader
from core.runs.store import Run
from core.training.supervised import SupervisedTrainer
from tests.unit.test_runner import StopAfter, create, drive, same_run

pytestmark = pytest.mark.slow


def test_a_loss_that_is_no_number_halts_the_run_and_names_the_step() -> None:
    run = create("boston-mlp", optimizer="sgd", learning_rate=10, epochs=50)
    with pytest.raises(UserError, match=r"Stopped at step \d+: train/loss became NaN or infinite"):
        drive(run)
    frame = MetricsReader(run.path / "metrics.csv").read()
    assert np.isfinite(frame["train/loss"].dropna()).all()


def test_a_validation_loss_that_is_no_number_halts_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        SupervisedTrainer, "_validate", lambda self: {"val/loss": float("nan"), "val/accuracy": 0.1}
    )
    with pytest.raises(UserError, match="Stopped at step 4: val/loss"):
        drive(create())


@pytest.mark.parametrize(
    "damage",
    [b"", b"no checkpoint", b"\x80\x020", None, 0.5, "another network", "nothing in it"],
    ids=["empty", "text", "pickle", "missing", "truncated", "another-model", "no-entries"],
)
def test_a_damaged_checkpoint_is_a_sentence(damage: object) -> None:
    run = create()
    drive(run, StopAfter(3))
    path = run.path / "last.ckpt"
    content = path.read_bytes()
    if damage == "another network":
        other = create("mnist-softmax")
        drive(other, StopAfter(3))
        path.write_bytes((other.path / "last.ckpt").read_bytes())
    elif damage == "nothing in it":
        torch.save({}, path)
    else:
        path.write_bytes(
            bytes(1000)
            if damage is None
            else content[: int(len(content) * damage)]
            if damage == 0.5
            else damage
        )
    with pytest.raises(UserError, match=r"Cannot resume from .*last\.ckpt"):
        drive(run)


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.EIO, "Input/output error"),
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("where", ["reading", "torch.load", "load_state"])
def test_what_is_wrong_with_the_machine_is_not_told_as_a_damaged_checkpoint(
    where: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create("mnist-softmax")
    drive(run, StopAfter(3))
    holder, name = {
        "reading": (Path, "read_bytes"),
        "torch.load": (torch, "load"),
        "load_state": (SupervisedTrainer, "load_state"),
    }[where]
    real = getattr(holder, name)

    def fails(*args: object, **kwargs: object) -> object:
        if where == "reading" and args[0].name != "last.ckpt":
            return real(*args, **kwargs)
        raise error

    monkeypatch.setattr(holder, name, fails)
    with pytest.raises(type(error)) as caught:
        drive(run)
    assert caught.value is error


def test_a_mistake_of_the_program_is_not_told_as_a_damaged_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = create("mnist-softmax")
    drive(run, StopAfter(3))
    monkeypatch.setattr(SupervisedTrainer, "load_state", lambda self, state: state.nothing)
    with pytest.raises(AttributeError):
        drive(run)


def test_other_data_than_the_run_began_with_are_refused() -> None:
    digits = data.load_dataset("mnist").describe()
    data.check_same_dataset(None, digits)
    data.check_same_dataset(dict(digits), digits)
    data.check_same_dataset({**digits, "origin": "elsewhere"}, digits)  # the same data, moved
    real = {**digits, "name": "mnist", "title": "MNIST", "train": 60_000, "test": 10_000}
    with pytest.raises(
        UserError, match=r"started with MNIST \(training set size: 60000\), but .*digits.* \(1437\) was found"
    ):
        data.check_same_dataset(json.loads(json.dumps(real)), digits)


def test_out_of_memory_is_recognized_from_every_library() -> None:
    run = create()
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**62, dtype=torch.uint8)
    for error in (caught.value, MemoryError(), torch.OutOfMemoryError("CUDA out of memory")):
        assert "Out of memory" in str(process._unexpected_error_message(run, error))
    said = str(process._unexpected_error_message(run, ValueError("x{y}")))
    assert "Training failed (ValueError: x{y})" in said and str(run.path / "log.txt") in said


def test_a_file_that_cannot_be_read_is_named() -> None:
    run = create()
    said = str(
        process._os_error_message(
            run, PermissionError(errno.EACCES, "Permission denied", str(run.path / "last.ckpt"))
        )
    )
    assert said.startswith(f"{run.path / 'last.ckpt'} could not be read or written: Permission denied.")
    assert str(run.path) in str(process._os_error_message(run, OSError(errno.EIO, "Input/output error")))


@pytest.fixture
def whole() -> Run:
    """An uninterrupted run."""
    run = create()
    drive(run)
    return run


def full_at(call: int, real: Callable[..., None]) -> Callable[..., None]:
    calls = iter(range(1, 10**6))

    def write(path: Path, *args: object) -> None:
        if next(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, *args)

    return write


@pytest.mark.parametrize("call", [1, 2, 3, 5])
def test_a_full_disk_is_an_oserror_and_the_run_can_go_on(
    call: int, whole: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process's message is tested in test_queue.py, on a disk that is really full."""
    run = create()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "write_bytes", full_at(call, checkpoints.write_bytes))
        try:
            drive(run)
        except OSError as error:
            assert error.errno == errno.ENOSPC
    if run.summary is None:
        drive(run)
    same_run(run, whole)


def test_epochs_are_thinned_for_replays() -> None:
    kept = [e for e in range(1, 201) if driving._should_save_epoch(e, 200)]
    assert kept[:5] == [1, 2, 3, 4, 5] and kept[-1] == 200 and len(kept) <= driving.MAX_SAVED_EPOCHS + 6
    assert [e for e in range(1, 13) if driving._should_save_epoch(e, 12)] == list(range(1, 13))


def test_the_log_of_a_resumed_run_is_one_table() -> None:
    run = create()
    for events in (1, 2, 3):
        drive(run, StopAfter(events))
    drive(run)
    frame = MetricsReader(run.path / "metrics.csv").read()
    pd.testing.assert_series_equal(
        frame["step"].drop_duplicates(), frame["step"].drop_duplicates().sort_values()
    )
    assert frame["step"].value_counts().max() == 2
