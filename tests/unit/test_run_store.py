"""The run store: what it gives back of whole, damaged and hostile run folders."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core import paths, tasks
from core.messages import Message, UserError
from core.runs import queue, store
from core.runs.store import Run

TASK = tasks.get_task("mnist-softmax")


def create(**more: object) -> Run:
    return store.create_run(TASK, TASK.recipe, **more)


def set_status(run: Run, **values: object) -> None:
    (run.path / "status.json").write_text(json.dumps(values))


def me() -> dict[str, object]:
    """The identity that a job of this very process would write."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started": psutil.Process().create_time(),
        "heartbeat": time.time(),
    }


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_new_run_has_its_config_first() -> None:
    run = create(data_root="/somewhere", sweep="s1")
    assert run.path == paths.runs() / "mnist-softmax" / run.id and store._RUN_ID_PATTERN.fullmatch(run.id)
    assert (
        run.recipe == TASK.recipe.with_resolved_threads()
        and run.task is TASK
        and run.config["data_root"] == "/somewhere"
    )
    assert run.config["sweep"] == "s1" and abs(run.created_at - time.time()) < 60
    assert store.find_run(run.id) == run and store.list_runs() == [run]
    assert run.size() > 0 and run.saved_epochs() == [] and run.summary is None and run.environment == {}


def test_many_runs_within_a_second_are_different_and_in_order() -> None:
    made = [create() for _ in range(30)]
    assert len({r.id for r in made}) == 30
    assert (
        store.list_runs() == made[::-1]
        and store.list_runs("mnist-softmax") == made[::-1]
        and store.list_runs("mnist-cnn") == []
    )


def test_a_missing_run_store_is_an_empty_one() -> None:
    assert store.list_runs() == [] and store.list_runs("mnist-cnn") == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"state": 7}', b"[]", b"null", b'"running"', b"\xff\xfe", b'{"state": "odd"}', b"{}"],
    ids=[
        "empty",
        "truncated",
        "state-number",
        "list",
        "null",
        "string",
        "not-utf8",
        "state-unknown",
        "no-state",
    ],
)
def test_a_damaged_status_is_an_interrupted_run(content: bytes) -> None:
    run = create()
    (run.path / "status.json").write_bytes(content)
    status = run.status()
    assert status.state == "interrupted" and not status.is_active
    assert store.list_runs() == [run]


@pytest.mark.parametrize(
    "values",
    [
        {"step": "many", "epoch": None, "rate": [], "eta": {}, "best_epoch": "x"},
        {"reason": 7, "phase": [1]},
        {"heartbeat": "yesterday"},
        {"process_started": "then"},
        {"pid": "me"},
        {"pid": -1},
        {"pid": 2**40},
        {"host": None},
    ],
)
def test_odd_values_in_a_status_break_nothing(values: dict) -> None:
    run = create()
    set_status(run, state="running", **{**me(), **values})
    status = run.status()
    assert (
        status.state in ("running", "interrupted")
        and isinstance(status.step, int)
        and isinstance(status.eta, float | int)
    )


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b'{"recipe": 7}', b'{"recipe": {"epochs": -1}}', b'{"recipe": {"x": 1}}'],
    ids=["missing", "empty", "truncated", "list", "recipe-number", "epochs-negative", "recipe-unknown-field"],
)
def test_a_missing_or_damaged_config(content: bytes | None) -> None:
    run = create()
    if content is None:
        (run.path / "config.json").unlink()
    else:
        (run.path / "config.json").write_bytes(content)
    with pytest.raises(UserError):
        run.recipe  # noqa: B018
    with pytest.raises(UserError):
        queue.resume_run(run)
    assert store.list_runs() == [run] and run.command().startswith("python -m core train mnist-softmax")
    assert (
        run.label.startswith("softmax regression · ")
        and run.created_at > 0
        and run.status().state == "interrupted"
    )


def test_a_run_of_a_task_that_is_no_longer_in_the_table() -> None:
    path = paths.runs() / "mnist-gone" / "20260101-000000-abcd"
    path.mkdir(parents=True)
    run = Run(path)
    assert store.list_runs() == [run] and run.status().state == "interrupted"
    assert run.command() == "python -m core train mnist-gone"
    with pytest.raises(UserError, match="mnist-gone"):
        run.task  # noqa: B018


def test_a_summary_means_finished_whatever_the_status_says() -> None:
    run = create()
    (run.path / "summary.json").write_text(json.dumps({"metrics": {"accuracy": 0.9}}))
    assert run.status().state == "finished"
    for state in ("running", "queued", "failed"):
        set_status(run, state=state, **{**me(), "pid": dead_pid()})
        assert run.status().state == "finished"
    with pytest.raises(UserError, match="already finished"):
        queue.resume_run(run)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"metrics": 3}', b"[1]"], ids=["empty", "no-metrics", "metrics-number", "list"]
)
def test_a_damaged_summary_is_none(content: bytes) -> None:
    run = create()
    (run.path / "summary.json").write_bytes(content)
    assert run.summary is None and run.status().state == "interrupted"


def test_a_living_process_is_running_and_a_dead_one_interrupted() -> None:
    run = create()
    set_status(run, state="running", step=7, **me())
    assert run.status().state == "running" and run.status().step == 7
    set_status(run, state="running", step=7, **{**me(), "pid": dead_pid()})
    assert run.status().state == "interrupted" and run.status().step == 7


def test_a_process_id_that_was_given_to_another_is_interrupted() -> None:
    run = create()
    set_status(run, state="running", **{**me(), "process_started": psutil.Process().create_time() - 100})
    assert run.status().state == "interrupted"


def test_a_zombie_is_interrupted() -> None:
    run = create()
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(process.pid).create_time()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, but has not been waited for
    set_status(run, state="running", **{**me(), "pid": process.pid, "process_started": started})
    assert run.status().state == "interrupted"
    process.wait()


def test_on_another_host_the_heartbeat_decides() -> None:
    run = create()
    for state in ("running", "queued"):
        set_status(run, state=state, **{**me(), "host": "elsewhere", "heartbeat": time.time() - 5})
        assert run.status().state == state
        set_status(
            run,
            state=state,
            **{**me(), "host": "elsewhere", "heartbeat": time.time() - 2 * store.STALE_SECONDS},
        )
        assert run.status().state == "interrupted"


def test_a_process_that_has_not_written_yet_is_waited_for_a_while() -> None:
    run = create()
    set_status(run, state="queued", host=socket.gethostname(), heartbeat=time.time())
    assert run.status().state == "queued"
    set_status(
        run, state="queued", host=socket.gethostname(), heartbeat=time.time() - 2 * store.START_GRACE_SECONDS
    )
    assert run.status().state == "interrupted"


def test_a_failed_run_says_why() -> None:
    run = create()
    reason = Message("Halted at step {step}.", {"step": 7})
    set_status(run, state="failed", reason=reason.to_json(), **me())
    assert run.status().state == "failed" and run.status().reason == reason


@pytest.mark.skipif(os.name == "nt", reason="the paths are POSIX")
def test_a_run_store_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MANABI_RUNS", str(tmp_path / "file" / "runs"))
    with pytest.raises(UserError, match=r"runs folder .*file/runs is not writable.*MANABI_RUNS"):
        create()
    with pytest.raises(UserError, match="not writable|cannot be written"):
        queue.start_run(TASK, TASK.recipe)
    assert store.list_runs() == []


def test_a_file_in_the_place_of_a_tasks_folder() -> None:
    paths.runs().mkdir()
    (paths.runs() / "mnist-softmax").write_text("in the way")
    with pytest.raises(UserError, match="not writable|cannot be written"):
        create()
    assert store.list_runs() == []


@pytest.mark.parametrize(
    "odd",
    [
        "..",
        "../..",
        "/etc",
        "mnist-softmax",
        "",
        ".",
        "*",
        "20260101-000000-abcd/..",
        "x" * 5000,
        "<b>",
        "\n",
    ],
)
def test_find_refuses_what_is_no_id(odd: str) -> None:
    run = create()
    with pytest.raises(UserError) as caught:
        store.find_run(odd)
    said = str(caught.value)
    assert "not found" in said and run.id in said and len(said) < 300


def test_find_offers_the_nearest_ids() -> None:
    run = create()
    wrong = run.id[:-1] + ("0" if run.id[-1] != "0" else "1")
    with pytest.raises(UserError, match=f"Closest IDs: {run.id}"):
        store.find_run(wrong)


def test_delete_removes_the_folder_and_refuses_an_active_run() -> None:
    run, other = create(), create()
    set_status(run, state="running", **me())
    with pytest.raises(UserError, match="still running"):
        store.delete_run(run)
    set_status(run, state="queued", **me())
    with pytest.raises(UserError, match="still running"):
        store.delete_run(run)
    set_status(run, state="stopped", **me())
    store.delete_run(run)
    assert not run.path.exists() and store.list_runs() == [other]
    assert [p.name for p in run.path.parent.iterdir()] == [other.id]


def test_deleting_twice_is_a_sentence() -> None:
    run = create()
    store.delete_run(run)
    with pytest.raises(UserError, match="cannot be deleted"):
        store.delete_run(run)


def test_resume_refuses_an_active_run() -> None:
    run = create()
    set_status(run, state="running", **me())
    with pytest.raises(UserError, match="already running"):
        queue.resume_run(run)


def test_stop_asks_only_an_active_run() -> None:
    run = create()
    queue.stop_run(run)
    assert not (run.path / "stop").exists()
    set_status(run, state="running", **me())
    queue.stop_run(run)
    assert (run.path / "stop").exists()


def test_name_and_note() -> None:
    run = create()
    run.annotate(name="  mine  ", note="why\n")
    assert run.label == "mine" and run.note() == {"name": "mine", "note": "why"}
    run.annotate(name="<script>" * 100)
    assert len(run.label) == 80
    (run.path / "note.json").write_text("[")
    assert run.label.startswith("softmax regression · ")


def test_the_command_repeats_the_run() -> None:
    recipe = TASK.recipe.changed(epochs=3, nesterov=True, optimizer="sgd", threads=2)
    run = store.create_run(TASK, recipe, "/data root/x")
    assert run.command() == (
        "python -m core train mnist-softmax --threads 2 --epochs 3 --optimizer sgd --nesterov --data-root '/data root/x'"
    )


def test_the_command_repeats_a_run_on_several_devices() -> None:
    alone = create().command()
    assert create(devices=2, num_nodes=3).command() == f"{alone} --devices 2 --num-nodes 3"
    assert create(devices=1).command() == alone and "--devices" not in alone


def test_the_log_tail_survives_bytes_that_are_no_text() -> None:
    run = create()
    assert run.log_tail() == ""
    (run.path / "log.txt").write_bytes(b"\xff\xfe" + b"x" * 10_000 + b"end")
    assert run.log_tail(100).endswith("end") and len(run.log_tail(100)) == 100


def test_things_that_are_no_runs_are_passed_over() -> None:
    run = create()
    (paths.runs() / "mnist-softmax" / "notes.txt").write_text("x")
    (paths.runs() / "mnist-softmax" / "20260101").mkdir()
    (paths.runs() / ".queue").mkdir()
    (paths.runs() / "mnist-softmax" / ".deleted-20260101-000000-abcd").mkdir()
    assert store.list_runs() == [run]
