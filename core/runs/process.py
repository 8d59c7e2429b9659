"""The process of one run: `python -m core.runs.process RUN_FOLDER`.

It waits for a slot, loads the data, and hands over to `core.runs.runner`. torch is imported only when the slot is free.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from core import data, paths
from core.files import write_json
from core.kinds import get_kind
from core.messages import Message, N_, UserError
from core.runs import queue
from core.runs.status import NullStatusWriter, StatusWriter, StopRequest, is_out_of_memory
from core.runs.store import Run

logger = logging.getLogger("manabi.job")

_LOCK_TIMEOUT = 10.0  # seconds; a process that was just killed may still hold the run's lock


def is_worker() -> bool:
    """Whether this process is not rank 0 of a distributed training."""
    return any(os.environ.get(name, "0") != "0" for name in ("LOCAL_RANK", "NODE_RANK", "RANK"))


def main(folder: str) -> int:
    """Run the training in `folder` to its end. Returns the exit status: 0, or 1 if it failed."""
    logging.basicConfig(level=paths.log_level(), format="%(asctime)s %(name)s %(message)s", stream=sys.stdout)
    run = Run(Path(folder))
    if is_worker():
        # Rank 0 holds the lock and the slot and writes the status; an error here ends the training there too.
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
    """Run the training; write any error into the run's status."""
    status, stop = StatusWriter(run), StopRequest(run)
    try:
        status.write(now=True, state="queued")
        # Reserved blocks, so that the final status can be written on a full disk.
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
    used = dataset.describe()
    recipe = recipe.changed(num_validation=get_kind(task.kind).resolve_validation_size(dataset, recipe))
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
