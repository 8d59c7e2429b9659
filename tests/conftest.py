"""Fixtures of every test: isolated folders, no internet, English, and a check for leaked processes and threads.

Fallback data are used unless a test requests `real_data`.
"""

from __future__ import annotations

import collections
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("MANABI_DATA") or PROJECT.parent / "shared" / "data").expanduser().resolve()
NO_DATA = f"no real data: neither MANABI_DATA nor {PROJECT.parent / 'shared' / 'data'} is there"

# What libraries set in the environment when they are first imported or used.
_LIBRARIES = (
    "PYTEST_",
    "KMP_",
    "NVIDIA_",
    "TORCH",
    "PYTORCH",
    "TOKENIZERS_",
    "GRPC_",
    "TF_",
    "MPL",
    "STREAMLIT_",
    "COLUMNS",
    "LINES",
)
_PATIENCE = 10.0  # seconds that a child process or a thread may take to end
_worlds = itertools.count()
os.environ["MANABI_LANG"] = "en"  # modules of the command line choose their language when they are imported


@pytest.fixture(autouse=True)
def _leaves_nothing() -> Iterator[None]:
    """Fail a test that leaves a child process, a non-daemon thread or a changed environment variable."""
    environment, threads, children = dict(os.environ), set(threading.enumerate()), _children()
    yield
    changed = sorted(
        name
        for name in os.environ.keys() | environment.keys()
        if os.environ.get(name) != environment.get(name) and not name.startswith(_LIBRARIES)
    )
    for name in changed:
        _set(name, environment.get(name))
    left: set[psutil.Process] = set()
    if not _wait_until(lambda: not (_children() - children or _threads() - threads), _PATIENCE):
        left = _children() - children
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)
    problems = [f"environment variable {name}" for name in changed]
    problems += [f"process {p.pid}" for p in left]
    problems += [f"thread {t.name}" for t in _threads() - threads]
    if problems:
        pytest.fail("left behind: " + ", ".join(problems), pytrace=False)


def _children() -> set[psutil.Process]:
    queue = sys.modules.get("core.runs.queue")
    if queue:
        queue._reap_children()
    if not _has_children():
        return set()
    found = set()
    for child in psutil.Process().children():
        try:
            if child.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(child.cmdline()):
                found.add(child)
        except psutil.Error:
            continue
    return found


def _has_children() -> bool:
    """Whether this process has any child: one system call, where psutil reads the whole process table."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _threads() -> set[threading.Thread]:
    # An event loop keeps its helpers until it is closed: Playwright's, at the end of the browser's module.
    return {
        t
        for t in threading.enumerate()
        if t.is_alive() and not t.daemon and not t.name.startswith("asyncio_")
    }


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@pytest.fixture(autouse=True)
def own_world(_leaves_nothing: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The temporary folder of run store, cache, handwriting and downloads; no internet, English, fallback data."""
    world = tmp_path_factory.mktemp(
        f"world-{next(_worlds)}", numbered=False
    )  # a number of pytest's own takes a listing
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("MANABI_") and n != "MANABI_BROWSER"]:
            patch.delenv(name)
        for name in ("RUNS", "CACHE", "HANDWRITING", "DOWNLOADS"):
            patch.setenv(f"MANABI_{name}", str(world / name.lower()))
        patch.setenv("MANABI_OFFLINE", "1")
        patch.setenv("MANABI_LANG", "en")
        yield world


@pytest.fixture
def real_data(own_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with the real data sets, also set as MANABI_DATA; skips if there is none.

    All its users share one cache: 60,000 JPEG files are decoded once in a test session.
    """
    if not (DATA / "MNIST" / "raw").is_dir():
        pytest.skip(NO_DATA)
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANABI_DATA", str(DATA))
        patch.setenv("MANABI_CACHE", str(folder / "cache-of-real-data"))
        yield DATA


def pytest_make_parametrize_id(val: object, argname: str) -> None:
    """Refuse raw bytes as an id: workers must collect equal names, and bytes may hold the time of day."""
    if isinstance(val, bytes | bytearray):
        raise pytest.UsageError(f"{argname}={bytes(val[:20])!r} needs an id of fixed words (ids=[...])")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark users of `real_data`; skip marked tests if the data are missing; run the longest files first.

    Workers take whole files in this order, so that no long file is left for one of them at the end.
    """
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.realdata)
        elif item.get_closest_marker("realdata") and not (DATA / "MNIST" / "raw").is_dir():
            item.add_marker(pytest.mark.skip(reason=NO_DATA))
    slow = collections.Counter(
        i.path for i in items if i.get_closest_marker("slow") or i.get_closest_marker("realdata")
    )
    order = {"browser": 0, "app": 1}
    items.sort(key=lambda i: (order.get(i.path.parent.name, 2), -slow[i.path]))


# ---- waiting and jobs ------------------------------------------------------------------------------------------------


def _wait_until(condition: Callable[[], object], seconds: float) -> bool:
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds * _load():
            return False
        time.sleep(0.05)
    return True


def _load() -> float:
    """How much longer than on an idle machine something may take: trainings run at low priority, behind all others."""
    return max(1.0, 2 * psutil.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """`wait_until(condition, seconds=120, what="...")` returns when `condition()` holds, and fails the test at the deadline,
    which is later on a busy machine.
    """

    def wait(condition: Callable[[], object], seconds: float = 120, what: str = "the condition") -> None:
        if not _wait_until(condition, seconds):
            pytest.fail(f"{what} did not come true within {seconds:.0f} s of an idle machine")

    return wait


@pytest.fixture
def start_job() -> Callable[..., object]:
    """`start_job("mnist-softmax", epochs=1, ...)` starts a run in a process of its own, short by default, and returns it.

    The test ends what it starts: with `end_of(run)`, or by killing it.
    """
    from core import tasks
    from core.runs import queue

    def start(name: str, data_root: str | None = None, **changes: object):  # noqa: ANN202
        task = tasks.get_task(name)
        changes = {"threads": 1, "epochs": 1, "num_validation": 300, "limit_train": 500, **changes}
        return queue.start_run(task, task.recipe.changed(**changes), data_root)

    return start


@pytest.fixture
def process_of() -> Callable[..., psutil.Process | None]:
    """`process_of(run)`: the run's process as its status file names it, or None if it has ended."""
    from core.files import read_json

    def process(run):  # noqa: ANN001, ANN202
        status = read_json(run.path / "status.json") or {}
        try:
            return psutil.Process(status["pid"]) if "pid" in status else None
        except psutil.Error:
            return None

    return process


@pytest.fixture
def end_of(
    wait_until: Callable[..., None], process_of: Callable[..., psutil.Process | None]
) -> Callable[..., object]:
    """`end_of(run, seconds=120)` waits until the run has ended and its process is gone, and returns its last status."""

    def end(run, seconds: float = 120):  # noqa: ANN001, ANN202
        wait_until(
            lambda: not run.status().is_active,
            seconds,
            f"the end of run {run.id} ({run.status()}, {run.log_tail()})",
        )

        process = process_of(run)
        from core.runs import queue

        for child in list(queue._children):
            if process and child.pid == process.pid:
                child.wait(120)  # a zombie may have threads that still hold its files
        wait_until(
            lambda: process is None or not process.is_running(), 30, f"the end of the process of run {run.id}"
        )
        return run.status()

    return end
