"""status.json of a run, requests to stop it, and errors that a run reports."""

from __future__ import annotations

import os
import signal
import socket
import time

from core.files import write_json
from core.messages import Message, N_
from core.runs.store import Run


class StatusWriter:
    """Writes status.json, at most once every `MIN_SECONDS` unless a change must be seen at once."""

    MIN_SECONDS = 1.0

    def __init__(self, run: Run) -> None:
        import psutil

        self.run, self.last_write, self.values = run, 0.0, {}
        self.identity = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "process_started": psutil.Process().create_time(),
        }

    def write(self, *, now: bool = False, **values: object) -> None:
        """Update `values`, and write all of them if `now` or if the last write is old enough."""
        self.values |= {k: v.to_json() if isinstance(v, Message) else v for k, v in values.items()}
        if now or time.time() - self.last_write >= self.MIN_SECONDS:
            self.last_write = time.time()
            write_json(
                self.run.path / "status.json", {**self.values, **self.identity, "heartbeat": self.last_write}
            )

    def end(self, state: str, reason: Message | None = None) -> None:
        """Write the final state. The reserve file is deleted first, so that there is room on a full disk."""
        (self.run.path / "reserve").unlink(missing_ok=True)
        self.values.pop("phase", None)
        self.write(now=True, state=state, reason=reason)


class NullStatusWriter:
    """Writes nothing: ranks other than 0 of a distributed training."""

    def __init__(self) -> None:
        self.values: dict = {}

    def write(self, **_: object) -> None:
        """Do nothing."""

    def end(self, *_: object) -> None:
        """Do nothing."""


class StopRequest:
    """True once the run should end: a `stop` file in its folder, or SIGTERM."""

    def __init__(self, run: Run) -> None:
        self.file, self.was_signaled = str(run.path / "stop"), False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, *_: object) -> None:
        self.was_signaled = True

    def __bool__(self) -> bool:
        return self.was_signaled or os.path.exists(self.file)


def divergence_message(metric: str, step: int) -> Message:
    """Why a run was stopped: its `metric` was NaN or infinite at `step`."""
    return Message(
        N_(
            "Stopped at step {step}: {metric} became NaN or infinite. Common causes: a learning "
            "rate that is too high, unscaled inputs, or division by zero in the loss. Try a "
            "learning rate ten times smaller."
        ),
        {"step": step, "metric": metric},
    )


def is_out_of_memory(error: Exception) -> bool:
    """Whether `error` reports too little memory."""
    # torch raises OutOfMemoryError on a GPU, but a plain RuntimeError on the CPU.
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )
