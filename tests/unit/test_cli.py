"""The command line: exit statuses, both output streams and JSON; runs in processes of their own, as always."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from PIL import Image

from core import checkpoints, paths, tasks
from core.cli import app as command_line
from core.runs import store

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "core"]

pytestmark = pytest.mark.slow


def call(*words: object, rc: int = 0, **environment: str) -> subprocess.CompletedProcess:
    """Run a command in this process and check its exit status; exceptions propagate."""
    line, out, err = [*COMMAND, *map(str, words)], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", line[2:])
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            command_line.main()
            code = 0
        except SystemExit as caught:
            code = caught.code or 0
    done = subprocess.CompletedProcess(line, code, out.getvalue(), err.getvalue())
    assert done.returncode == rc, done
    return done


def call_process(*words: object, **environment: str) -> str:
    """Run a command in a process of its own and return its standard output."""
    line, env = [*COMMAND, *map(str, words)], {**os.environ, **environment}
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, timeout=240, env=env)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    return done.stdout


def answer(*words: object, **environment: str) -> dict:
    """The JSON object that is the last line of standard output."""
    return json.loads(call(*words, "--json", **environment).stdout.splitlines()[-1])


# ---- without a training ----------------------------------------------------------------------------------------------


def test_the_table() -> None:
    listed = answer("tasks")["tasks"]
    assert [t["name"] for t in listed] == [t.name for t in tasks.TASKS]
    shown = call("tasks").stdout
    assert all(t.name in shown and t.title in shown for t in tasks.TASKS)


def test_it_speaks_the_language_of_the_terminal() -> None:
    from core import i18n

    title = "MNIST: softmax regression"
    japanese = i18n.get_translator("ja")(title)
    shown = call_process("tasks", MANABI_LANG="", LC_ALL="ja_JP.UTF-8")
    assert japanese in shown and (japanese == title or title not in shown)


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["runs", "--help"]])
def test_help(words: list[str]) -> None:
    assert "Usage" in call(*words).stdout


def test_every_option_of_a_recipe_says_what_it_takes() -> None:
    shown = " ".join(call("train", "mnist-modern", "--help", COLUMNS="400").stdout.split())
    for name in tasks.get_task("mnist-modern").fields():
        assert f"--{name.replace('_', '-')}" in shown
    assert "integer from 1 to 1000; 30" in shown


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["train"],
        ["train", "mnist-cnn", "--epoch-count", "3"],
        ["train", "mnist-cnn", "--epochs", "many"],
        ["evaluate"],
    ],
)
def test_a_wrong_call_is_exit_status_2(words: list[str]) -> None:
    done = call(*words, rc=2)
    assert "Usage" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "mnist-ccn"], "Task mnist-ccn not found. Closest matches: mnist-cnn"),
        (["evaluate", "mnist-ccn"], "Task mnist-ccn not found. Closest matches: mnist-cnn"),
        (
            ["evaluate", "mnist-cnn", "--checkpoint", "none.safetensors"],
            "Weights file none.safetensors not found.",
        ),
        (["train", "mnist-cnn", "--epochs", "0"], "epochs is 0, but must be an integer from 1 to 1000."),
        (
            ["train", "mnist-cnn", "--optimizer", "adamm"],
            "optimizer is 'adamm', but must be one of sgd, rmsprop, adam, adamw, muon.",
        ),
        (["runs", "show", "20260101-000000-abcd"], "Run 20260101-000000-abcd not found."),
        (["runs", "stop", "../.."], "Run ../.. not found."),
        (["runs", "resume", "x"], "Run x not found."),
        (["runs", "delete", "x", "--yes"], "Run x not found."),
        (["data", "get", "mnits"], "Dataset mnits not found. Closest matches: mnist"),
        (["data", "get", "boston"], "Boston housing has no official download"),
        (["summary", "lenet6"], "Model lenet6 not found."),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_what_a_person_can_put_right_is_one_sentence_and_exit_status_1(words: list[str], said: str) -> None:
    done = call(*words, rc=1)
    assert said in done.stderr and len(done.stderr.strip().splitlines()) == 1 and not done.stdout


def test_a_run_store_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = call("train", "mnist-cnn", rc=1, MANABI_RUNS=str(tmp_path / "file" / "runs"))
    assert "is not writable" in done.stderr and "MANABI_RUNS" in done.stderr


def test_an_output_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    out = tmp_path / "nowhere" / "out.json"
    done = call("coco", "export", tmp_path / "some.json", out, rc=1)
    assert done.stderr.strip() == f"{out} cannot be read or written: No such file or directory."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/x"),
            "/x cannot be read or written: Permission denied.",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/x"),
            "The disk is full: /x could not be written. Free up space and try again.",
        ),
        (OSError("something else"), "Operating system error: something else."),
    ],
)
def test_what_the_machine_refuses_is_a_sentence(
    error: OSError, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise error

    monkeypatch.setattr(command_line, "app", refuse)
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    assert caught.value.code == 1 and capsys.readouterr().err == f"{said}\n"


def test_a_mistake_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "app", lambda: {}["nothing"])
    with pytest.raises(KeyError):
        command_line.main()


def test_weights_of_the_real_data_are_not_evaluated_on_fallback_data() -> None:
    if "mnist-softmax" not in checkpoints.pretrained_names():
        pytest.skip("no shipped checkpoints yet")
    assert "--data-root" in call("evaluate", "mnist-softmax", rc=1).stderr


def test_evaluate_reproduces_the_card(real_data: Path) -> None:
    if "mnist-softmax" not in checkpoints.pretrained_names():
        pytest.skip("no shipped checkpoints yet")
    found = answer("evaluate", "mnist-softmax", "--data-root", real_data)
    card = checkpoints.load_card("mnist-softmax")
    assert found.keys() == {"task", "checkpoint", "data", "metrics"} and found["data"] == "MNIST"
    assert found["metrics"]["accuracy"] == pytest.approx(card.metrics["accuracy"], abs=2e-4)


def test_a_pair_is_evaluated_by_the_name_that_it_ships_as(tmp_path: Path) -> None:
    # Without the real photos: the sentence says so, in place of not knowing the name.
    assert "not found in" in call("evaluate", "cyclegan-apple2orange", "--data-root", tmp_path, rc=1).stderr


def test_summary_of_a_network() -> None:
    shown = call("summary", "mnist-cnn").stdout
    assert "63,626" in shown and "Conv2d" in shown


def test_summary_of_a_translation_model() -> None:
    shown = call("summary", "cyclegan-light").stdout
    assert "Generator" in shown and "[1, 3, 128, 128]" in shown and "5,701,126" in shown


def test_predict_with_a_translation_model_names_the_command_that_translates() -> None:
    said = call("predict", "cyclegan-light", "photo.png", rc=1).stderr
    assert (
        said.startswith("cyclegan-light is an image translation model.")
        and "python -m core translate" in said
    )


def test_predict_takes_a_folder_and_skips_what_it_cannot_read(tmp_path: Path) -> None:
    for name, color in (("b.png", "red"), ("a.jpg", "blue")):
        Image.new("RGB", (40, 40), color).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    images = [str(tmp_path / "a.jpg"), str(tmp_path / "b.png")]
    assert [p["image"] for p in answer("predict", "cifar10-mlp", tmp_path)["answers"]] == images

    (tmp_path / "c.png").write_bytes(b"no image")
    done = call("predict", "cifar10-mlp", tmp_path, rc=1)
    assert (
        all(image in done.stdout for image in images) and f"{tmp_path / 'c.png'} was skipped" in done.stderr
    )
    assert "contains no image files" in call("predict", "cifar10-mlp", tmp_path.parent, rc=1).stderr


def test_data_status(own_world: Path) -> None:
    listed = {d["name"]: d for d in answer("data", "status")["data"]}
    assert listed["mnist"]["folder"] is None and listed["boston"]["train"] == 0
    shown = call("data", "status")
    assert (
        "MNIST" in shown.stdout
        and "not installed" in shown.stdout
        and str(own_world / "downloads") in shown.stderr
    )


def test_data_status_of_the_real_folder(real_data: Path) -> None:
    listed = {d["name"]: d for d in answer("data", "status", "--data-root", real_data)["data"]}
    assert (listed["mnist"]["train"], listed["mnist"]["test"]) == (60_000, 10_000)
    assert (listed["boston"]["train"], listed["boston"]["test"]) == (405, 101) and listed["boston"][
        "bytes"
    ] > 30_000


def test_data_status_of_a_broken_folder(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte").write_bytes(b"<html>")
    listed = {d["name"]: d for d in answer("data", "status", "--data-root", tmp_path)["data"]}
    assert "no IDX header" in listed["mnist"]["problem"]


def test_no_runs() -> None:
    assert answer("runs", "list") == {"runs": []}
    assert call("runs").stdout


# ---- with trainings --------------------------------------------------------------------------------------------------


def test_train_on_the_embedded_digits_and_look_at_the_run() -> None:
    """The command of the issue: no data root, no network."""
    done = call(
        "train",
        "mnist-cnn",
        "--epochs",
        1,
        "--limit-train",
        2000,
        "--threads",
        1,
        "--name",
        "first try",
        "--json",
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["state"] == "finished" and found["metrics"]["accuracy"] > 0.5
    assert found["stand_in_for"] == "MNIST" and "8×8 digits" in found["data"]
    assert "MNIST is not installed" in done.stderr and "finished in" in done.stderr

    run = store.find_run(found["run"])
    assert answer("runs", "list")["runs"] == [
        {
            "run": run.id,
            "task": "mnist-cnn",
            "name": "first try",
            "state": "finished",
            "epoch": 1.0,
            "seconds": run.status().seconds,
            "metrics": found["metrics"],
        }
    ]
    shown = answer("runs", "show", run.id)
    assert shown["config"]["recipe"]["limit_train"] == 2000 and shown["environment"]["threads"] == 1
    table = call("runs", "show", run.id).stdout
    assert "finished" in table and run.command() in table
    assert run.command().endswith("--num-validation 287 --limit-train 2000")

    scored = answer("evaluate", "mnist-cnn", "--checkpoint", run.best_weights_path)
    assert scored["metrics"] == pytest.approx(found["metrics"], abs=1e-6)

    assert "finished" in call("runs", "resume", run.id, rc=1).stderr
    assert call("runs", "delete", run.id, rc=1).stdout or run.path.exists()
    call("runs", "delete", run.id, "--yes")
    assert store.list_runs() == []


def test_stop_and_resume_from_the_command_line(wait_until: Callable) -> None:
    training = subprocess.Popen(
        [
            *COMMAND,
            "train",
            "mnist-softmax",
            "--epochs",
            "1000",
            "--max-steps",
            "2500",
            "--batch-size",
            "32",
            "--threads",
            "1",
            "--json",
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background of a shell ignores SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: store.list_runs() and store.list_runs()[0].status().step > 0, what="the first step")
    run = store.list_runs()[0]
    assert "stopped" in call("runs", "stop", run.id).stderr
    out, err = training.communicate(timeout=60)
    assert training.returncode == 0 and json.loads(out.splitlines()[-1])["state"] == "stopped"
    assert f"python -m core runs resume {run.id}" in err
    found = answer("runs", "resume", run.id)
    assert found["run"] == run.id and found["state"] == "finished" and run.summary["steps"] == 2500


def test_ctrl_c_stops_the_run_and_says_so(wait_until: Callable, end_of: Callable) -> None:
    training = subprocess.Popen(
        [*COMMAND, "train", "mnist-softmax", "--epochs", "1000", "--batch-size", "4", "--threads", "1"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background of a shell ignores SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: store.list_runs() and store.list_runs()[0].status().step > 0, what="the first step")
    training.send_signal(signal.SIGINT)
    out, err = training.communicate(timeout=60)
    run = store.list_runs()[0]
    assert training.returncode == 0 and "Stopping" in err and out.strip() == run.id
    assert end_of(run).state == "stopped"


def test_a_training_that_fails_is_exit_status_1_with_its_reason() -> None:
    done = call(
        "train",
        "boston-mlp",
        "--optimizer",
        "sgd",
        "--learning-rate",
        10,
        "--epochs",
        50,
        "--threads",
        1,
        rc=1,
    )
    assert "learning rate" in done.stderr
    assert store.list_runs()[0].status().state == "failed"


def test_data_that_are_not_where_a_person_said(tmp_path: Path) -> None:
    done = call("train", "mnist-softmax", "--data-root", tmp_path, rc=1)
    assert f"MNIST not found in {tmp_path}" in done.stderr and "MNIST/raw" in done.stderr


def test_the_runs_folder_of_the_environment_is_the_one_that_is_used(own_world: Path) -> None:
    assert paths.runs() == own_world / "runs"


def test_the_range_test_suggests_a_learning_rate_and_refuses_a_task_without_one() -> None:
    done = call("lr", "mnist-softmax", "--json")
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rates"][0] < found["suggestion"] < found["rates"][-1] and len(found["losses"]) == len(
        found["rates"]
    )
    refused = call("lr", "cyclegan-light", rc=1)
    assert "cyclegan-light has no learning rate range test." in refused.stderr
