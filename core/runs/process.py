"""The process of one run: `python -m core.runs.process RUN_FOLDER`.

It waits for its slot, makes data, network and trainer from the run's config, and drives the trainer: it writes what the events
say, saves, stops. torch is imported only when the turn has come.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from core import data, paths
from core.files import write_json
from core.messages import Message, N_, UserError
from core.runs import queue
from core.runs.store import Run

logger = logging.getLogger("manabi.job")

_LOCK_TIMEOUT = 10.0  # a process that was killed a moment ago may still hold the run's lock


class StatusWriter:
    """Writes status.json: at most once in `EVERY` seconds, unless told that it matters."""

    EVERY = 1.0

    def __init__(self, run: Run) -> None:
        import psutil

        self.run, self.last_write, self.values = run, 0.0, {}
        self.identity = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "process_started": psutil.Process().create_time(),
        }

    def write(self, *, now: bool = False, **values: object) -> None:
        """Update `values` and write them where it is time."""
        self.values |= {k: v.to_json() if isinstance(v, Message) else v for k, v in values.items()}
        if now or time.time() - self.last_write >= self.EVERY:
            self.last_write = time.time()
            write_json(
                self.run.path / "status.json", {**self.values, **self.identity, "heartbeat": self.last_write}
            )

    def end(self, state: str, reason: Message | None = None) -> None:
        """The last word. Where the disk is full, room for it is made from the reserve."""
        (self.run.path / "reserve").unlink(missing_ok=True)
        self.values.pop("phase", None)
        self.write(now=True, state=state, reason=reason)


class StopRequest:
    """Whether somebody wants the run to end: a `stop` file in its folder, or SIGTERM."""

    def __init__(self, run: Run) -> None:
        self.file, self.was_signaled = str(run.path / "stop"), False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, *_: object) -> None:
        self.was_signaled = True

    def __bool__(self) -> bool:
        return self.was_signaled or os.path.exists(self.file)


class NullStatusWriter:
    """What a worker of a training on several devices writes in place of a status: nothing; its first process speaks for all."""

    def __init__(self) -> None:
        self.values: dict = {}

    def write(self, **_: object) -> None:
        """Nothing."""
        return

    def end(self, *_: object) -> None:
        """Nothing."""
        return


def is_worker() -> bool:
    """Whether this process is not the first of a training on several devices or machines."""
    return any(os.environ.get(name, "0") != "0" for name in ("LOCAL_RANK", "NODE_RANK", "RANK"))


def main(folder: str) -> int:
    """Drive the run in `folder` to its end. Returns the exit status: 0, or 1 where it failed."""
    logging.basicConfig(level=paths.log_level(), format="%(asctime)s %(name)s %(message)s", stream=sys.stdout)
    run = Run(Path(folder))
    if is_worker():
        # The first process has the lock, the slot and the word; what goes wrong here ends it there too.
        _run_training(run, NullStatusWriter(), StopRequest(run))
        return 0
    lock = FileLock(run.path / "run.lock")
    try:
        lock.acquire(timeout=_LOCK_TIMEOUT)
    except Timeout:
        logger.error("another process writes run %s", run.id)
        return 1
    if hasattr(os, "nice"):
        os.nice(10)  # pages stay quick while it trains
    with lock:
        return _run_safely(run)


def _run_safely(run: Run) -> int:
    """Run it, and turn whatever goes wrong into the run's own last word."""
    status, stop = StatusWriter(run), StopRequest(run)
    try:
        status.write(now=True, state="queued")
        # Blocks kept back, so that a full disk leaves room to say that it is full.
        (run.path / "reserve").write_bytes(b"\0" * 65536)
        with queue.slot(run, stop, lambda: status.write(state="queued")) as turn:
            if turn:
                _run_training(run, status, stop)
            else:
                status.end("stopped")
        return 0
    except UserError as error:
        status.end("failed", error.message)
    except OSError as error:
        logger.exception("run %s: files", run.id)
        status.end("failed", _os_error_message(run, error))
    except Exception as error:
        logger.exception("run %s", run.id)
        status.end("failed", _unexpected_error_message(run, error))
    return 1


def is_out_of_memory(error: Exception) -> bool:
    """Whether the error says that this machine's memory was not enough."""
    # torch says it with a RuntimeError of its own on a graphics card, and with any RuntimeError on a processor.
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )


def _unexpected_error_message(run: Run, error: Exception) -> Message:
    if is_out_of_memory(error):
        return Message(N_("Out of memory. Choose a smaller batch size or width."))
    values = {"reason": f"{type(error).__name__}: {error}"[:300], "file": str(run.path / "log.txt")}
    return Message(N_("Training failed ({reason}). See {file} for details."), values)


def _os_error_message(run: Run, error: OSError) -> Message:
    values = {
        "folder": str(run.path),
        "file": str(error.filename or run.path),
        "reason": error.strerror or str(error),
    }
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Message(
            N_(
                "The disk is full: {folder} could not be written. Free up space and resume. The best "
                "weights so far are saved."
            ),
            values,
        )
    return Message(
        N_("{file} could not be read or written: {reason}. The best weights so far are saved."), values
    )


def _run_training(run: Run, status: StatusWriter | NullStatusWriter, stop: StopRequest) -> None:
    task, config = run.task, run.config
    recipe = run.recipe

    def progress(what: Message, share: float) -> None:
        status.write(phase=what, fraction=share)

    status.write(now=True, state="running", phase=Message(N_("Preparing data")), reason=None)
    dataset = data.load_dataset(
        task.dataset, config.get("data_root") or None, progress=progress, **recipe.part("data")
    )
    used, recipe = (
        dataset.describe(),
        recipe.changed(num_validation=dataset.resolve_validation_size(recipe.num_validation)),
    )
    data.check_same_dataset(config.get("data"), used)
    if not is_worker():
        write_json(
            run.path / "config.json",
            {
                **config,
                "recipe": recipe.model_dump(),
                "data": used,
                "notice": _message_to_json(dataset.notice),
            },
        )
    status.write(now=True, phase=Message(N_("Loading PyTorch")))
    from core.runs.runner import TrainingRunner  # imports torch, so only now

    TrainingRunner(run, task, recipe, dataset, status, stop).run()


def _message_to_json(message: Message | None) -> dict | None:
    return message.to_json() if message else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
