"""Trainings as processes: queued, stopped, killed, resumed, on a full disk. Every job here is a real one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch
from filelock import FileLock

from core import checkpoints, tasks
from core.messages import Message, UserError
from core.runs import process, queue, store
from core.runs.logs import MetricsReader
from core.runs.status import StatusWriter
from core.runs.store import Run

pytestmark = pytest.mark.slow


def steps(run: Run) -> int:
    """The last step that is on disk."""
    frame = MetricsReader(run.path / "metrics.csv").read()
    return int(frame["step"].max()) if len(frame) else 0


def files(run: Run) -> set[str]:
    return {str(p.relative_to(run.path)) for p in run.path.rglob("*") if p.is_file()}


# ---- a run, from its start to its end --------------------------------------------------------------------------------


def test_a_job_runs_to_its_end_and_writes_all_files(start_job: Callable, end_of: Callable) -> None:
    run = start_job("mnist-softmax", epochs=5, learning_rate=0.01)
    process = queue._children[-1]
    status = end_of(run, 120)
    assert status.state == "finished" and status.reason is None, run.log_tail()
    assert process.wait(120) == 0

    found = files(run)
    board = {n for n in found if n.startswith("events.out.tfevents")}
    assert len(board) == 1
    assert found - board - {"run.lock"} == {
        "config.json",
        "env.json",
        "status.json",
        "metrics.csv",
        "probes.csv",
        "probe.safetensors",
        "last.ckpt",
        "best.safetensors",
        *(f"epochs/{e:03d}.safetensors" for e in range(1, 6)),
        "predictions.safetensors",
        "summary.json",
        "log.txt",
    }
    assert run.config["data"]["stand_in_for"] == "MNIST" and run.config["recipe"]["num_validation"] == 287
    assert "scikit-learn" in str(Message.from_json(run.config["notice"]))
    assert run.summary["metrics"]["accuracy"] > 0.5 and run.summary["stand_in_for"] == "MNIST"
    assert run.environment["threads"] == 1 and run.environment["processor"]
    _, spec = checkpoints.load_weights(run.best_weights_path, "softmax")
    assert spec.stand_in_for == "MNIST" and spec.task == "mnist-softmax"
    assert not list((run.path.parent.parent / ".queue").glob("0*"))


def test_stop_file_and_sigterm_end_it_within_seconds_and_resume_finishes(
    start_job: Callable, end_of: Callable, wait_until: Callable, process_of: Callable
) -> None:
    total = 4000
    run = start_job("mnist-softmax", batch_size=32, epochs=1000, max_steps=total)
    wait_until(lambda: run.status().step > 0, what="the first step")
    assert process_of(run).nice() >= 10 or os.nice(0) >= 10, "pages stay quick while it trains"
    queue.stop_run(run)
    assert end_of(run, 20).state == "stopped"
    stopped = steps(run)
    assert 0 < stopped < total and not (run.path / "reserve").exists()

    queue.resume_run(run)
    assert not (run.path / "stop").exists()
    wait_until(
        lambda: run.status().state == "running" and steps(run) > stopped, what="a step after the resume"
    )
    with pytest.raises(UserError, match="already running"):
        queue.resume_run(run)
    process_of(run).send_signal(signal.SIGTERM)
    assert end_of(run, 20).state == "stopped"
    assert stopped < steps(run) < total

    queue.resume_run(run)
    assert end_of(run, 120).state == "finished"
    logged = MetricsReader(run.path / "metrics.csv").read()
    logged = logged[logged["train/loss"].notna()]["step"]
    assert logged.tolist() == list(range(1, total + 1)), "every step once, in order, over three processes"
    assert run.summary["steps"] == total and run.summary["why"] == "steps"


def test_a_loss_that_is_no_number_ends_as_failed_with_the_step_and_exit_status_1(
    start_job: Callable, end_of: Callable
) -> None:
    run = start_job(
        "boston-mlp", optimizer="sgd", learning_rate=10, epochs=50, num_validation=60, limit_train=0
    )
    process = queue._children[-1]
    status = end_of(run)
    assert (
        status.state == "failed"
        and "Stopped at step" in str(status.reason)
        and "learning rate" in str(status.reason)
    )
    assert process.wait(120) == 1 and run.summary is None


# ---- the queue -------------------------------------------------------------------------------------------------------


def test_runs_started_at_once_take_turns_and_the_dead_do_not_block(
    start_job: Callable, end_of: Callable, wait_until: Callable, process_of: Callable
) -> None:
    first = start_job("mnist-softmax", epochs=1000, batch_size=32)
    stopped, killed, signalled, last = (start_job("mnist-softmax", seed=i) for i in range(4))
    waiting = (stopped, killed, signalled, last)
    for run in waiting:
        wait_until(lambda r=run: process_of(r) is not None, what="the process in the queue")
    wait_until(lambda: first.status().step > 0, what="the first step of the first run")
    assert [r.status().state for r in (first, *waiting)] == ["running"] + ["queued"] * 4
    assert [queue.queue_position(r) for r in (first, *waiting)] == [0, 1, 2, 3, 4]

    queue.stop_run(stopped)
    assert end_of(stopped, 20).state == "stopped"
    process_of(killed).kill()
    assert end_of(killed, 20).state == "interrupted"
    process_of(signalled).terminate()
    assert end_of(signalled, 20).state == "stopped"
    for run in (stopped, killed, signalled):
        assert not {"env.json", "metrics.csv", "last.ckpt"} & files(run), (
            "a queued run that is ended never trains"
        )
    assert last.status().state == "queued" and first.status().state == "running"

    queue.stop_run(first)
    assert end_of(first, 20).state == "stopped"
    assert end_of(last, 120).state == "finished"
    assert (last.path / "env.json").stat().st_mtime >= (first.path / "last.ckpt").stat().st_mtime, (
        "one after the other"
    )
    assert queue.queue_position(last) == 0 and queue._list_tickets() == []


class Never:
    def __bool__(self) -> bool:
        return False


def queued(count: int) -> list[Run]:
    """Runs that wait in the queue, as far as others can see, without a process."""
    task = tasks.get_task("mnist-softmax")
    made = [store.create_run(task, task.recipe) for _ in range(count)]
    for run in made:
        queue._write_ticket(run)
        StatusWriter(run).write(now=True, state="queued")
    return made


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_as_many_run_at_once_as_there_are_slots(slots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANABI_SLOTS", str(slots))
    waiting = queued(4)
    held: list[FileLock] = []
    for number, run in enumerate(waiting):
        lock = queue._acquire_slot(run, queue._ticket_path(run))
        assert (lock is not None) is (number < slots)
        if lock:
            queue._ticket_path(run).unlink()
            held.append(lock)
    assert queue._acquire_slot(waiting[-1], queue._ticket_path(waiting[-1])) is None
    held.pop().release()
    if slots < 3:
        assert queue._acquire_slot(waiting[3], queue._ticket_path(waiting[3])) is None, (
            "not before the one ahead of it"
        )
    lock = queue._acquire_slot(waiting[slots], queue._ticket_path(waiting[slots]))
    assert lock is not None
    for one in (*held, lock):
        one.release()


def test_the_last_in_the_queue_never_overtakes() -> None:
    first, second = queued(2)
    assert queue._acquire_slot(second, queue._ticket_path(second)) is None
    with queue.slot(first, Never(), lambda: None) as turn:
        assert turn and queue._acquire_slot(second, queue._ticket_path(second)) is None
    lock = queue._acquire_slot(second, queue._ticket_path(second))
    assert lock is not None
    lock.release()


def test_a_lost_ticket_is_written_again() -> None:
    (run,) = queued(1)
    queue._ticket_path(run).unlink()
    seen = []
    lock = FileLock(queue._queue_folder() / "slot-0.lock")
    lock.acquire()

    def beat() -> None:
        seen.append(queue.queue_position(run) if queue._list_tickets() else None)
        lock.release()

    with queue.slot(run, Never(), beat) as turn:
        assert turn
    assert seen == [0], "it stood in the queue while it waited"


@pytest.mark.parametrize("content", ["", "/no/such/run", "\0", "x" * 10_000])
def test_a_ticket_without_a_process_does_not_block(content: str) -> None:
    (run,) = queued(1)
    queue._queue_folder().joinpath("00000000000000000001-20200101-000000-abcd").write_text(content)
    with queue.slot(run, Never(), lambda: None) as turn:
        assert turn
    assert queue._list_tickets() == []


def test_slots_that_are_no_number_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "0", "-3", "many", "1.5"):
        monkeypatch.setenv("MANABI_SLOTS", value)
        assert queue.num_slots() == 1


def test_folders_that_were_named_relatively_are_the_same_for_a_job(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "RUNS", "CACHE", "CHECKPOINTS", "DOWNLOADS"):
        monkeypatch.setenv(f"MANABI_{name}", f"here/{name.lower()}")
    environment = queue._worker_environment()
    for name in ("DATA", "RUNS", "CACHE", "CHECKPOINTS", "DOWNLOADS"):
        assert environment[f"MANABI_{name}"] == str(tmp_path / "here" / name.lower())


def test_two_processes_never_write_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process for the same run, as a laptop that wakes up may have one, gives up on the run's lock."""
    monkeypatch.setattr(process, "_LOCK_TIMEOUT", 0.2)
    run = store.create_run(tasks.get_task("mnist-softmax"), tasks.get_task("mnist-softmax").recipe)
    with FileLock(run.path / "run.lock"):
        assert process.main(str(run.path)) == 1
    assert not (run.path / "status.json").exists()


# ---- a full disk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """The run store on a disk of 3 MB; gives a function that makes it another size."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small disk can only be mounted by root")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    monkeypatch.setenv("MANABI_RUNS", str(folder / "runs"))
    yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)
    subprocess.run(["umount", "-l", str(folder)], check=True)  # lazily: a failed test may have left a process


def test_a_full_disk_is_a_sentence_and_the_best_weights_are_kept(
    small_disk: Callable[[str], None], start_job: Callable, end_of: Callable
) -> None:
    run = start_job("mnist-cnn", epochs=24)  # every epoch keeps 127 KB of weights
    process = queue._children[-1]
    status = end_of(run, 120)
    assert status.state == "failed", status
    assert "The disk is full" in str(status.reason) and str(run.path) in str(status.reason)
    assert process.wait(120) == 1
    network, spec = checkpoints.load_weights(run.best_weights_path, "notes_cnn")
    assert spec.epoch >= 1 and all(p.isfinite().all() for p in network.parameters())
    with pytest.raises(UserError, match="not writable"):
        for _ in range(1000):  # room may be left for some empty folders
            store.create_run(run.task, run.recipe)

    small_disk("30m")
    queue.resume_run(run)
    assert end_of(run, 120).state == "finished" and run.summary["epochs"] == 24


# ---- kill -9 ---------------------------------------------------------------------------------------------------------


def bits(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(path)


def last_weights(run: Run) -> dict[str, torch.Tensor]:
    return torch.load(run.path / "last.ckpt", weights_only=True)["trainer"]["model"]


def log_without_seconds(run: Run) -> list[list[str]]:
    rows = [line.split(",") for line in (run.path / "metrics.csv").read_text().splitlines()]
    return [cells[:3] + cells[4:] for cells in rows]


def settled(process: psutil.Process) -> None:
    process.kill()
    for child in queue._children:
        child.wait(120)


def test_killed_and_resumed_at_every_stage_it_ends_in_the_same_bits(
    start_job: Callable,
    end_of: Callable,
    wait_until: Callable,
    process_of: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Batch norm, dropout, augmentation, one-cycle and AdamW, in bf16 if the processor has it."""
    monkeypatch.setenv("MANABI_SAVE_SECONDS", "0.3")
    recipe = {
        "epochs": 3,
        "width": 8,
        "batch_size": 32,
        "limit_train": 0,
        "num_validation": 287,
        "precision": "auto",
        "seed": 5,
    }
    whole = start_job("mnist-modern", **recipe)
    assert end_of(whole, 240).state == "finished", whole.log_tail()
    total = whole.summary["steps"]
    assert total == 3 * 36

    run = start_job("mnist-modern", **recipe)
    killed_at = []
    # As soon as the process exists; in the middle of the first epoch; in the middle of the last one.
    for place in (0, 20, 85):
        wait_until(lambda: process_of(run) is not None, what="the process")
        process = process_of(run)
        wait_until(lambda p=place: steps(run) >= p or not run.status().is_active, 120, what=f"step {place}")
        killed_at.append(steps(run))
        settled(process)
        status = run.status()
        assert status.state in ("interrupted", "finished"), status
        if status.state == "finished":
            break
        queue.resume_run(run)
    assert end_of(run, 240).state == "finished", run.log_tail()

    said = f"killed at {killed_at}"
    for name in ("best.safetensors", "predictions.safetensors"):
        one, two = bits(run.path / name), bits(whole.path / name)
        assert one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one), f"{name}, {said}"
    one, two = last_weights(run), last_weights(whole)
    assert all(torch.equal(one[k], two[k]) for k in two), said
    assert log_without_seconds(run) == log_without_seconds(whole), said
    assert (run.path / "probes.csv").read_bytes() == (whole.path / "probes.csv").read_bytes(), said
    assert run.summary["metrics"] == whole.summary["metrics"]
