"""The run store: a run is a folder, `runs/<task>/<run id>/`, and nothing else connects a page with a training.

Readers here trust no file: a torn last line, a damaged status, a half-deleted folder give less to see, never an exception.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import shlex
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core import paths, private_tasks, tasks
from core.data.splits import held_out_size
from core.files import folder_size, read_json, write_json
from core.messages import Message, N_, UserError, closest_names
from core.migration import FORMAT, migrate_config, migrate_message, migrate_metrics, migrate_title
from core.runs.names import run_name
from core.training.recipe import Recipe, validate_values

State = Literal["queued", "running", "stopped", "finished", "failed", "interrupted"]

_RUN_ID_PATTERN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
START_GRACE_SECONDS = 20.0  # seconds that a new process may take to write its first status
STALE_SECONDS = 60.0  # seconds without a heartbeat after which a run on another host counts as dead


@dataclass(frozen=True)
class Status:
    """Where a run stands. `step` of `total_steps`, `eta` in seconds, `rate` in examples per second; `phase` says what it does
    before the first step.
    """

    state: State
    reason: Message | None = None
    phase: Message | None = None
    fraction: float = 0.0
    step: int = 0
    total_steps: int = 0
    epoch: float = 0.0
    epochs: int = 0
    rate: float = 0.0
    eta: float = 0.0
    seconds: float = 0.0
    best_epoch: int = 0

    @property
    def is_active(self) -> bool:
        """Whether it waits or trains."""
        return self.state in ("queued", "running")


@dataclass(frozen=True)
class Run:
    """One run folder."""

    path: Path

    @property
    def id(self) -> str:
        """The name of the folder, `<time>-<4 hex>`."""
        return self.path.name

    @property
    def task_name(self) -> str:
        """Current name of the task, which may be unknown to this version."""
        return tasks.current_name(self.path.parent.name)

    @property
    def is_private(self) -> bool:
        """Whether it belongs to a user's project: only its link leads to it."""
        return private_tasks.is_private(self.task_name)

    @property
    def config(self) -> dict[str, Any]:
        """What was asked for, and once the data are there, what is really used; empty where the file is damaged. What is no recipe
        and what does not describe data is left out, so that the caller can use them.
        """
        value = read_json(self.path / "config.json")
        if not isinstance(value, dict):
            return {}
        fits = {"recipe": lambda v: isinstance(v, dict), "data": _describes_data}
        return {k: v for k, v in migrate_config(value).items() if k not in fits or fits[k](v)}

    @property
    def task(self) -> tasks.Task:
        """The task. Raises UserError where this version has none of that name."""
        return tasks.get_task(self.task_name)

    @property
    def title(self) -> str:
        """The task's title, a message id; its bare name where this version has no such task."""
        return self.task.title if self.kind else self.task_name

    @property
    def kind(self) -> str:
        """Name of the task's kind, or an empty string if this version has no such task."""
        try:
            return self.task.kind
        except UserError:
            return ""

    @property
    def recipe(self) -> Recipe:
        """The run's recipe. Raises UserError where config.json is damaged or of another version."""
        values = self.config.get("recipe")
        if not isinstance(values, dict):
            raise UserError(
                N_("{file} is corrupted: it contains no recipe."), file=str(self.path / "config.json")
            )
        return validate_values(type(self.task.recipe), values)

    @property
    def summary(self) -> dict[str, Any] | None:
        """Test metrics and totals; its presence means that the run is complete. Figures that are none are left out, or 0."""
        value = read_json(self.path / "summary.json")
        if not isinstance(value, dict) or not isinstance(value.get("metrics"), dict):
            return None
        metrics = {k: v for k, v in migrate_metrics(value["metrics"]).items() if _is_number(v)}
        totals = {k: value[k] if _is_number(value.get(k)) else 0 for k in ("best_epoch", "epochs", "seconds")}
        titles = {k: migrate_title(value[k]) for k in ("data", "stand_in_for") if k in value}
        return {**value, "metrics": metrics, **totals, **titles}

    def num_examples(self, split: Literal["validation", "test"]) -> int | None:
        """Number of examples that the metrics of `split` were measured on; None while the run has not read its data."""
        used, recipe = self.config.get("data", {}), self.config.get("recipe", {})
        if split == "test":
            return used.get("test")
        train, requested = used.get("train"), recipe.get("num_validation")
        if not (_is_number(train) and _is_number(requested)):
            return None
        return held_out_size(requested, train, is_fallback=bool(used.get("stand_in_for")))

    @property
    def environment(self) -> dict[str, Any]:
        """The machine and the versions that it runs on; empty where nothing was written yet, or the file is damaged."""
        value = read_json(self.path / "env.json")
        return value if isinstance(value, dict) else {}

    @property
    def created_at(self) -> float:
        """Seconds since 1970."""
        value = self.config.get("created_ns")
        if isinstance(value, int):
            return value / 1e9
        try:
            return time.mktime(time.strptime(self.id[:15], "%Y%m%d-%H%M%S"))
        except ValueError:
            return 0.0

    @property
    def short_title(self) -> str:
        """The task's short title, a message id; its bare name where this version has no such task."""
        return self.task.short_title or self.task.title if self.kind else self.task_name

    @property
    def label(self) -> str:
        """The name that a person gave it, else its default name, in English; pages show it in the visitor's language and time."""
        return run_name(self)

    def note(self) -> dict[str, str]:
        """`name` and `note` that a person gave it; empty if there is none."""
        value = read_json(self.path / "note.json")
        return value if isinstance(value, dict) else {}

    def annotate(self, name: str = "", note: str = "") -> None:
        """Give the run a name and a note. Raises UserError where the folder cannot be written."""
        try:
            write_json(self.path / "note.json", {"name": name.strip()[:80], "note": note.strip()[:2000]})
        except OSError as error:
            raise UserError(
                N_("{file} cannot be written: {reason}."), file=str(self.path), reason=str(error)
            ) from error

    def status(self) -> Status:
        """Where the run stands now, its process looked at: a dead one is "interrupted", whatever it wrote last."""
        raw = read_json(self.path / "status.json")
        complete = self.summary is not None
        if not isinstance(raw, dict):
            return Status("finished" if complete else "interrupted")
        numbers = {}
        for f in dataclasses.fields(Status):
            value = raw.get(f.name)
            if f.name not in ("state", "reason", "phase") and isinstance(value, int | float):
                numbers[f.name] = value
        state = raw.get("state")
        if complete:
            state = "finished"
        elif state in ("queued", "running") and not _is_alive(raw):
            state = "interrupted"
        elif state not in ("queued", "running", "stopped", "failed"):
            state = "interrupted"
        return Status(
            state,
            Message.from_json(migrate_message(raw.get("reason"))),
            Message.from_json(raw.get("phase")),
            **numbers,
        )

    def saved_epochs(self) -> list[int]:
        """Epochs whose weights were kept for replays, ascending."""
        return sorted(int(p.stem) for p in (self.path / "epochs").glob("*.safetensors") if p.stem.isdigit())

    def epoch_weights_path(self, epoch: int) -> Path:
        """Where the weights kept after `epoch` lie, or would lie."""
        return self.path / "epochs" / f"{epoch:03d}.safetensors"

    @property
    def best_weights_path(self) -> Path:
        """Where the weights of the best epoch lie, or would lie."""
        return self.path / "best.safetensors"

    def size(self) -> int:
        """Bytes on disk."""
        return folder_size(self.path)

    def command(self) -> str:
        """The command line that repeats this run."""
        config = self.config
        parts = ["python -m core train", self.task_name]
        try:
            changed = self.recipe.difference(self.task.recipe)
        except UserError:
            changed = {}
        for name, value in changed.items():
            option = name.replace("_", "-")
            parts.append(
                (f"--{option}" if value else f"--no-{option}")
                if isinstance(value, bool)
                else f"--{option} {value}"
            )
        parts += [
            f"--{name.replace('_', '-')} {config[name]}"
            for name in ("devices", "num_nodes")
            if config.get(name, 1) != 1
        ]
        if config.get("data_root"):
            parts.append(f"--data-root {shlex.quote(str(config['data_root']))}")
        return " ".join(parts)

    def log_tail(self, characters: int = 4000) -> str:
        """The end of what the process printed."""
        try:
            return (self.path / "log.txt").read_text(encoding="utf-8", errors="replace")[-characters:]
        except OSError:
            return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _describes_data(value: object) -> bool:
    """Whether this is what `DataSet.describe` writes, as far as pages read it."""
    kinds = {"title": str, "stand_in_for": str, "train": int, "test": int, "classes": list}
    return isinstance(value, dict) and all(isinstance(value.get(k), kind) for k, kind in kinds.items())


def _is_alive(raw: dict[str, Any]) -> bool:
    """Whether the process that wrote this status still lives."""
    import psutil

    heartbeat = raw.get("heartbeat")
    age = time.time() - heartbeat if isinstance(heartbeat, int | float) else float("inf")
    if raw.get("host") != socket.gethostname():
        return age < STALE_SECONDS
    pid = raw.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return age < START_GRACE_SECONDS
    try:
        process = psutil.Process(pid)
        # A process id is used again; its start time is not.
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and abs(process.create_time() - raw.get("process_started", 0)) < 2
        )
    except (psutil.Error, TypeError):
        return False


def create_run(task: tasks.Task, recipe: Recipe, data_root: str | None = None, **more: object) -> Run:
    """A new run folder with its config. Raises UserError where the runs folder cannot be written."""
    while True:
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        path = paths.runs() / task.name / run_id
        try:
            path.mkdir(parents=True, exist_ok=False)
            break
        except FileExistsError:
            if not path.is_dir():
                raise UserError(
                    _UNWRITABLE_MESSAGE, folder=str(paths.runs()), reason="not a folder"
                ) from None
        except OSError as error:
            raise UserError(
                _UNWRITABLE_MESSAGE, folder=str(paths.runs()), reason=error.strerror or str(error)
            ) from error
    run = Run(path)
    config = {
        "format": FORMAT,
        "run": run_id,
        "task": task.name,
        "recipe": recipe.with_resolved_threads().model_dump(),
        "data_root": str(data_root) if data_root else "",
        "created_ns": time.time_ns(),
        **more,
    }
    try:
        write_json(path / "config.json", config)
    except OSError as error:
        raise UserError(_UNWRITABLE_MESSAGE, folder=str(path), reason=error.strerror or str(error)) from error
    return run


_UNWRITABLE_MESSAGE = N_(
    "The runs folder {folder} is not writable: {reason}. Free up space, or set MANABI_RUNS to another folder."
)


def list_runs(task_name: str | None = None, *, private: bool = False) -> list[Run]:
    """List all runs, or those of one task (under its former names too), newest first; private ones only with `private`."""
    folders = _list_task_folders(private)
    if task_name:
        folders = [p for p in folders if tasks.current_name(p.name) == tasks.current_name(task_name)]
    found = [Run(p) for folder in folders for p in _list_folders(folder) if _RUN_ID_PATTERN.fullmatch(p.name)]
    return sorted(found, key=lambda r: (r.created_at, r.id), reverse=True)


def list_active_runs(*, private: bool = False) -> list[Run]:
    """Queued runs and those in progress, newest first; private ones only with `private`. A finished run costs one file lookup, so this is
    cheap enough for every page.
    """
    folders = [p for folder in _list_task_folders(private) for p in _list_folders(folder)]
    unfinished = [
        Run(p) for p in folders if _RUN_ID_PATTERN.fullmatch(p.name) and not (p / "summary.json").exists()
    ]
    active = [run for run in unfinished if run.status().is_active]
    return sorted(active, key=lambda r: (r.created_at, r.id), reverse=True)


def _list_task_folders(private: bool) -> list[Path]:
    """The folders of tasks, those of private ones only with `private`."""
    return [p for p in _list_folders(paths.runs()) if private or not private_tasks.is_private(p.name)]


def _list_folders(path: Path) -> Iterator[Path]:
    try:
        return iter([p for p in path.iterdir() if p.is_dir() and not p.name.startswith(".")])
    except OSError:
        return iter(())


def find_run(run_id: str, *, private: bool = False) -> Run:
    """Return the run with this id; a private one only with `private`. Raises UserError if it is not found."""
    if _RUN_ID_PATTERN.fullmatch(run_id):
        for folder in _list_task_folders(private):
            if (folder / run_id).is_dir():
                return Run(folder / run_id)
    known = [r.id for r in list_runs()]
    raise UserError(
        N_("Run {run} not found. Closest IDs: {nearest}."),
        run=run_id[:40],
        nearest=closest_names(run_id, known) or "-",
    )


def delete_run(run: Run) -> None:
    """Remove the run folder for good. Raises UserError while the run is going."""
    if run.status().is_active:
        raise UserError(N_("Run {run} is still running. Stop it before deleting it."), run=run.id)
    try:
        aside = run.path.with_name(f".deleted-{run.id}")
        run.path.rename(aside)
        shutil.rmtree(aside)
    except OSError as error:
        raise UserError(
            N_("{file} cannot be deleted: {reason}."), file=str(run.path), reason=str(error)
        ) from error
