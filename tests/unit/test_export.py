"""Exported scripts: they run without this project and repeat the run's training step by step."""

import __future__

import ast
import contextlib
import inspect
import io
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from core import data, models, tasks
from core.analysis import export, source_bundle
from core.files import write_json
from core.messages import UserError
from core.runs import store
from tests import factories

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]

SHORT = {name: {**small, "limit_train": 200} for name, small in factories.SMALL.items()} | {
    "line": {"num_validation": 0}
}
EVERYTHING = {
    "mnist-cnn": {
        "optimizer": "sgd",
        "nesterov": True,
        "learning_rate": 0.02,
        "schedule": "step",
        "lr_step_size": 1,
        "loss": "squared-error",
        "label_smoothing": 0.1,
        "weight_decay": 0.001,
        "patience": 1,
        "max_steps": 9,
        "epochs": 3,
        "limit_train": 300,
        "num_validation": 200,
        "rotate": 10,
    },
    "mnist-softmax": {
        "optimizer": "rmsprop",
        "schedule": "cosine",
        "label_smoothing": 0.05,
        "num_validation": 0,
        "limit_train": 300,
    },
    "mnist-fast": {"epochs": 2, "limit_train": 300, "num_validation": 200, "batch_size": 50},
    "mnist-modern": {"epochs": 2, "limit_train": 400, "num_validation": 200, "precision": "32-true"},
    "cifar10-fast": {
        **factories.SMALL["cifar10-fast"],
        "epochs": 2,
        "limit_train": 300,
        "num_validation": 100,
        "max_grad_norm": 1.0,
        "color_jitter": 0.2,
        "cutout": 4,
        "flip": "random",
        "vertical_flip": True,
        "resized_crop": 0.5,
        "random_erasing": 0.5,
        "class_weights": True,
        "rotate": 5,
        "precision": "32-true",
    },
    "cifar10-cnn": {
        **factories.SMALL["cifar10-cnn"],
        "epochs": 2,
        "limit_train": 300,
        "num_validation": 100,
        "color_jitter": 0.3,
        "random_erasing": 0.5,
        "input_scaling": "unit",
        "precision": "32-true",
    },
    "boston-mlp": {
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "epochs": 3,
        "precision": "32-true",
        "schedule": "one-cycle",
    },
}


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """One thread, so that sums are added in the same order everywhere."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield
    torch.set_num_threads(before)


def make_run(name: str, root: str | None = None, **changes: object) -> tuple[store.Run, data.ArrayDataset]:
    """A run whose data have been read, before its first step."""
    task = tasks.get_task(name)
    recipe = task.recipe.changed(**changes)
    dataset = data.load_dataset(task.dataset, root, **recipe.part("data"))
    run = store.create_run(
        task, recipe.changed(num_validation=dataset.resolve_validation_size(recipe.num_validation)), root
    )
    write_json(run.path / "config.json", {**run.config, "data": dataset.describe()})
    return run, dataset


def write_script(run: store.Run, folder: Path) -> Path:
    path = folder / export.script_name(run)
    path.write_text(export.render_script(run), encoding="utf-8")
    return path


def run_apart(path: Path, *arguments: str) -> list[str]:
    """Run the script in a process and folder of its own; return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, path.name, *arguments],
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def run_here(path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    """Run the script in this process, which has imported torch already; return the lines that it prints."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "argv", [str(path), "--out", str(path.with_suffix(".pt")), *arguments])
    with contextlib.redirect_stdout(out):
        runpy.run_path(str(path), run_name="__main__")
    return out.getvalue().splitlines()


def run_notebook(content: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Run the code cells of a notebook in this process; return what they define."""
    space: dict = {"__name__": "notebook"}
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in json.loads(content)["cells"]:
            if cell["cell_type"] == "code":
                code = "".join(cell["source"])
                exec(compile(code, "cell", "exec", __future__.annotations.compiler_flag, True), space)
    return space


def metric_of(line: str, name: str) -> float:
    return float(re.search(rf"{name} (-?[0-9.]+)", line).group(1))


SCRIPTS = {
    t.name: (t.name, {"epochs": 1, "num_validation": 60, **SHORT.get(t.name, {})})
    for t in tasks.TASKS
    if export.has_script(t)
} | {f"{name}, many settings": (name, changes) for name, changes in EVERYTHING.items()}


@pytest.mark.parametrize("case", SCRIPTS)
def test_every_task_gives_a_formatted_script_that_runs_alone(case, tmp_path, monkeypatch):
    name, changes = SCRIPTS[case]
    run, _ = make_run(name, **changes)
    path = write_script(run, tmp_path)
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert not imported & {"core", "lightning_fabric", "ui", "pages"}
    assert "register_model" not in path.read_text()
    for command in (["format", "--check"], ["check", "--ignore", "D102,N812,T201"]):
        ruff = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--no-cache",
            "--config",
            str(PROJECT / "pyproject.toml"),
            str(path),
        ]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    # Fewer synthetic images than the run had: drawing them takes longer than training on them.
    fewer = path.read_text().replace("_draw_shapes(5000)", "_draw_shapes(500)").replace(":4000]", ":400]")
    path.write_text(fewer.replace("[4000:]", "[400:]"))
    lines = run_here(path, monkeypatch)
    assert lines[-1].startswith("test ")
    assert path.with_suffix(".pt").exists()


@pytest.mark.parametrize("name", list(EVERYTHING))
def test_the_script_takes_the_same_steps_as_the_trainer(name, tmp_path, monkeypatch):
    """Order, augmentation, dropout, schedule, clipping, early stopping, averaging: the loss of every step, in fp32."""
    import torch
    from lightning_fabric import Fabric

    from core.training.events import EpochEnd, Step
    from core.training.supervised import SupervisedTrainer

    run, dataset = make_run(name, **{**EVERYTHING[name], "precision": "32-true"})
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    events = list(SupervisedTrainer(run.task.model, dataset, run.recipe, fabric).run())
    steps = [e.metrics["train/loss"] for e in events if isinstance(e, Step)]
    epochs = [e.metrics for e in events if isinstance(e, EpochEnd)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    log = tmp_path / "steps.csv"
    lines = run_here(write_script(run, tmp_path), monkeypatch, "--log-steps", str(log))
    header, *rows = log.read_text().splitlines()
    assert header == "step,loss" and [int(row.split(",")[0]) for row in rows] == list(
        range(1, len(steps) + 1)
    )
    assert [float(row.split(",")[1]) for row in rows] == pytest.approx(steps, rel=1e-4, abs=1e-6)
    for language in ("en", "ja") if name == "mnist-softmax" else ("ja",):
        in_notebook = run_notebook(export.render_notebook(run, language), tmp_path, monkeypatch)
        assert in_notebook["step_losses"] == pytest.approx(steps, rel=1e-4, abs=1e-6)
    assert len(lines) == len(epochs) + 1
    for line, epoch in zip(lines, epochs, strict=False):
        assert metric_of(line, "train loss") == pytest.approx(epoch["train/loss_epoch"], rel=1e-3, abs=1e-4)
        if "val/loss" in epoch:
            assert metric_of(line, "val loss") == pytest.approx(epoch["val/loss"], rel=1e-3, abs=1e-4)


def test_the_test_metric_of_the_script_is_that_of_the_evaluation(tmp_path, monkeypatch):
    """With test-time augmentation, and of averaged weights."""
    import torch

    from core.checkpoints import Spec
    from core.evaluation import evaluate_model
    from core.models import create_model

    run, dataset = make_run(
        "cifar10-fast", **{**EVERYTHING["cifar10-fast"], "tta_flip": True, "tta_shift": True}
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    path = write_script(run, tmp_path)
    shown = metric_of(run_here(path, monkeypatch)[-1], "test accuracy")
    model = create_model(run.task.model, dataset.in_shape, dataset.num_outputs, **run.recipe.part("model"))
    model.load_state_dict(torch.load(path.with_suffix(".pt"), weights_only=True))
    spec = Spec(
        task=run.task.name,
        model=run.task.model,
        options=run.recipe.part("model"),
        in_shape=dataset.in_shape,
        kind=dataset.kind,
        classes=dataset.classes,
        mean=tuple(map(float, dataset.mean)),
        std=tuple(map(float, dataset.std)),
        output_mean=0.0,
        output_std=1.0,
        data=dataset.title,
        tta_flip=True,
        tta_shift=True,
    )
    accuracy = evaluate_model(model.eval(), spec, dataset).metrics["accuracy"]
    assert shown == pytest.approx(accuracy, abs=2e-3)


def test_a_script_runs_on_fallback_data(tmp_path):
    run, _ = make_run("mnist-cnn", num_validation=200)
    lines = run_apart(write_script(run, tmp_path), "--epochs", "1", "--out", "mine.pt")
    assert len(lines) == 2
    assert 0.5 < metric_of(lines[-1], "test accuracy") <= 1
    assert (tmp_path / "mine.pt").stat().st_size > 10_000


def test_a_regression_script_runs(tmp_path):
    run, dataset = make_run("boston-mlp")
    lines = run_apart(write_script(run, tmp_path), "--epochs", "1")
    assert 10 < metric_of(lines[-1], "test rmse") < 3 * dataset.test_y.std()


@pytest.mark.realdata
def test_a_script_runs_on_mnist(real_data, tmp_path):
    run, _ = make_run("mnist-cnn", limit_train=600, learning_rate=0.003)
    lines = run_apart(write_script(run, tmp_path), "--epochs", "1", "--root", str(real_data))
    assert 0.4 < metric_of(lines[-1], "test accuracy") <= 1


@pytest.mark.realdata
def test_column_b_of_boston_is_left_out(real_data, tmp_path):
    run, _ = make_run("boston-mlp")
    path = write_script(run, tmp_path)
    assert '"b"' not in path.read_text()
    lines = run_apart(path, "--epochs", "2", "--root", str(real_data))
    assert 2 < metric_of(lines[-1], "test rmse") < 12


@pytest.mark.parametrize("name", models.list_models())
def test_the_extracted_source_builds_every_model(name):
    """Also of models without a task: the extracted source builds the same model."""
    import torch

    imports: list[ast.stmt] = []
    parts = source_bundle.extract_definitions(inspect.getmodule(models.get_builder(name)), {name}, imports)
    code = "\n\n\n".join(parts)
    head = source_bundle.merge_imports(imports, source_bundle.known_names(ast.parse(code)), 110)
    assert "core" not in {
        node.module for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)
    }
    alone: dict = {}
    exec(compile(f"{head}\n\n{code}", name, "exec"), alone)
    shape = (1, 28, 28)
    with torch.device("meta"):
        ours, theirs = models.create_model(name, shape, 10), alone[name](in_shape=shape, num_outputs=10)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: v.shape for k, v in theirs.state_dict().items()
    }


def test_the_docstring_reports_the_run():
    run, _ = make_run("mnist-softmax")
    summary = {"metrics": {"accuracy": 0.91234}, "best_epoch": 7, "epochs": 10, "seconds": 12.3}
    write_json(run.path / "summary.json", summary)
    head = " ".join(ast.get_docstring(ast.parse(export.render_script(run))).split())
    assert run.id in head
    assert "The weights of epoch 7 of 10 reached accuracy 0.9123 on the test set" in head


def test_a_run_without_data_has_no_script_yet():
    run = store.create_run(tasks.get_task("mnist-cnn"), tasks.get_task("mnist-cnn").recipe)
    with pytest.raises(UserError, match="has not loaded its data yet"):
        export.render_script(run)


def test_text_from_a_run_folder_never_becomes_code():
    run, dataset = make_run("boston-mlp")
    evil = {
        **dataset.describe(),
        "title": '"""\nimport evil',
        "features": ['"]; import evil'],
        "origin": "evil",
    }
    write_json(run.path / "config.json", {**run.config, "data": evil})
    assert "evil" not in export.render_script(run)
    write_json(run.path / "config.json", {**run.config, "data": {**evil, "name": "../evil"}})
    with pytest.raises(UserError, match="script is not available"):
        export.render_script(run)


def test_every_data_set_has_a_loader():
    for name in {t.dataset for t in tasks.TASKS if export.has_script(t)}:
        stand_in = data.load_dataset(name, download=False)
        for known in (name, stand_in.name):
            file = re.sub(r"\W", "", known)
            assert (PROJECT / "core" / "templates" / "load" / f"{file}.py").is_file()
