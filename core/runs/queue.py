"""Launch, queue and stop training processes.

Every run has a process of its own from its start. The process waits, without importing torch, until its ticket in `runs/.queue/` is
first and a slot is free (`MANABI_SLOTS` per machine, default 1), so that a class of thirty can press Start at once.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from core import paths, tasks
from core.files import write_bytes, write_json
from core.kinds import get_kind
from core.messages import N_, UserError
from core.runs import store
from core.runs.store import Run
from core.training.recipe import Recipe

_POLL_SECONDS = 0.3  # seconds between two looks at the queue
_children: list[subprocess.Popen] = []

# Settings that glibc and OpenMP read at program start; measured in docs/log.md. Freed memory is kept for the next batch instead of being
# returned and zeroed again. Threads spin only briefly: beside other work, long spinning slows a small model down tenfold.
WORKER_ENV = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
    "MALLOC_TOP_PAD_": str(1 << 26),
    "GOMP_SPINCOUNT": "2000",
}


def num_slots() -> int:
    """Number of runs that may train at the same time on this machine."""
    value = os.environ.get("MANABI_SLOTS", "1")
    return max(1, int(value)) if value.isdigit() else 1


def start_run(task: tasks.Task, recipe: Recipe, data_root: str | None = None, **more: object) -> Run:
    """Create a run and start its process. Raises UserError if the runs folder cannot be written, or if the task does not support that many
    `devices` or `num_nodes`.
    """
    get_kind(task.kind).check_devices(int(more.get("devices", 1)), int(more.get("num_nodes", 1)))
    run = store.create_run(task, recipe, data_root, **more)
    _launch_process(run)
    return run


def resume_run(run: Run) -> Run:
    """Resume a stopped, failed or interrupted run from its last checkpoint. Raises UserError if it is active, finished or damaged."""
    status = run.status()
    if status.is_active:
        raise UserError(N_("Run {run} is already running."), run=run.id)
    if status.state == "finished":
        raise UserError(N_("Run {run} is already finished. Start a new run with more epochs."), run=run.id)
    run.recipe  # noqa: B018 - raises for a damaged config here rather than in the process
    with suppress(FileNotFoundError):
        (run.path / "stop").unlink()
    _launch_process(run)
    return run


def stop_run(run: Run) -> None:
    """Ask the run to save and end within a batch. Does nothing if it has ended. Raises UserError if its folder cannot be written."""
    if run.status().is_active:
        try:
            (run.path / "stop").touch()
        except OSError as error:
            raise UserError(
                N_("{file} cannot be written: {reason}."), file=str(run.path), reason=str(error)
            ) from error


def _launch_process(run: Run) -> None:
    _reap_children()
    try:
        write_json(
            run.path / "status.json",
            {"state": "queued", "host": socket.gethostname(), "heartbeat": time.time()},
        )
        _write_ticket(run)
        log = (run.path / "log.txt").open("ab")
    except OSError as error:
        raise UserError(
            N_("{file} cannot be written: {reason}."), file=str(run.path), reason=str(error)
        ) from error
    with log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.runs.process", str(run.path.resolve())],
            cwd=paths.PROJECT,
            env=_worker_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal or the end of the server must not end the run
        )
    _children.append(process)


def _worker_environment() -> dict[str, str]:
    """This process's environment with absolute folders, because the new process works in the project folder."""
    folders = ("MANABI_DATA", "MANABI_CACHE", "MANABI_CHECKPOINTS", "MANABI_DOWNLOADS", "MANABI_PROJECTS")
    named = {n: str(Path(os.environ[n]).expanduser().resolve()) for n in folders if os.environ.get(n)}
    return {
        **WORKER_ENV,
        **os.environ,
        **named,
        "MANABI_RUNS": str(paths.runs().resolve()),
        "PYTHONUNBUFFERED": "1",
    }


def _reap_children() -> None:
    """Collect ended child processes, so that none stays a zombie."""
    _children[:] = [p for p in _children if p.poll() is None]


# ---- the queue -------------------------------------------------------------------------------------------------------


def _queue_folder() -> Path:
    return paths.runs() / ".queue"


def _ticket_path(run: Run) -> Path:
    return _queue_folder() / f"{int(run.created_at * 1e6):020d}-{run.id}"


def _write_ticket(run: Run) -> None:
    _queue_folder().mkdir(parents=True, exist_ok=True)
    write_bytes(_ticket_path(run), str(run.path.resolve()).encode())


def _list_tickets() -> list[Path]:
    with suppress(OSError):
        return sorted(p for p in _queue_folder().iterdir() if p.name[0] != "." and p.suffix != ".lock")
    return []


def queue_position(run: Run) -> int:
    """Number of runs before this one: queued ahead of it, or running; 0 if it is not queued."""
    waiting = [p.name for p in _list_tickets()]
    name = _ticket_path(run).name
    if name not in waiting:
        return 0
    return waiting.index(name) + sum(r.status().state == "running" for r in store.list_runs(private=True))


@contextmanager
def slot(run: Run, stop: object, beat: Callable[[], None]) -> Iterator[bool]:
    """Wait for a slot and hold it. Yields False if `stop` became true first. `beat` is called while waiting."""
    ticket, held = _ticket_path(run), None
    if not ticket.exists():  # if this process started late, others may have removed the ticket as dead
        _write_ticket(run)
    try:
        while held is None and not stop:
            held = _acquire_slot(run, ticket)
            if held is None:
                beat()
                time.sleep(_POLL_SECONDS)
        ticket.unlink(missing_ok=True)
        yield held is not None
    finally:
        ticket.unlink(missing_ok=True)
        if held is not None:
            held.release()


def _acquire_slot(run: Run, ticket: Path) -> FileLock | None:
    ahead = 0
    for other in _list_tickets():
        if other.name == ticket.name:
            break
        if _is_dead(other):
            other.unlink(missing_ok=True)
        else:
            ahead += 1
    for number in range(num_slots() - ahead):
        lock = FileLock(_queue_folder() / f"slot-{number}.lock")
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return lock
    return None


def _is_dead(ticket: Path) -> bool:
    """Whether the run with this ticket is no longer queued."""
    try:
        return Run(Path(ticket.read_text())).status().state != "queued"
    except OSError:
        return True
