"""The script that a learner takes home: it stands alone, runs, and is the same training as the run's."""

import ast
import contextlib
import io
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from core import data, models, tasks
from core.analysis import export
from core.files import write_json
from core.messages import UserError
from core.runs import store
from tests import factories

PROJECT = Path(__file__).resolve().parents[2]

SHORT = {name: {**small, "limit_train": 200} for name, small in factories.SMALL.items()}
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
        "rotate": 5,
        "precision": "32-true",
    },
    "cifar10-cnn": {
        **factories.SMALL["cifar10-cnn"],
        "epochs": 2,
        "limit_train": 300,
        "num_validation": 100,
        "color_jitter": 0.3,
        "cutout": 6,
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
    """Several threads of these small networks only wait for each other where other tests run beside."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield
    torch.set_num_threads(before)


def make_run(name: str, root: str | None = None, **changes: object) -> tuple[store.Run, data.ArrayDataset]:
    """A run as its job leaves it once the data are there, without any training."""
    task = tasks.get_task(name)
    recipe = task.recipe.changed(**changes)
    dataset = data.load_dataset(task.dataset, root, **recipe.part("data"))
    run = store.create_run(
        task, recipe.changed(num_validation=dataset.resolve_validation_size(recipe.num_validation)), root
    )
    write_json(run.path / "config.json", {**run.config, "data": dataset.describe()})
    return run, dataset


def written(run: store.Run, folder: Path) -> Path:
    path = folder / export.script_name(run)
    path.write_text(export.render_script(run), encoding="utf-8")
    return path


def started(path: Path, *arguments: str) -> list[str]:
    """The lines that the script prints when a learner starts it, in a folder that knows nothing of this project."""
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


def read_aloud(path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    """The same in this process, which has torch loaded already."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "argv", [str(path), "--out", str(path.with_suffix(".pt")), *arguments])
    with contextlib.redirect_stdout(out):
        runpy.run_path(str(path), run_name="__main__")
    return out.getvalue().splitlines()


def figure(line: str, name: str) -> float:
    return float(re.search(rf"{name} (-?[0-9.]+)", line).group(1))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (t.name, {"epochs": 1, "num_validation": 60, **SHORT.get(t.name, {})})
        for t in tasks.TASKS
        if export.has_script(t)
    ]
    + list(EVERYTHING.items()),
)
def test_every_task_gives_a_script_that_stands_alone(name, changes, tmp_path, monkeypatch):
    run, _ = make_run(name, **changes)
    path = written(run, tmp_path)
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert not imported & {"core", "lightning", "ui", "pages"}
    assert "register_model" not in path.read_text()
    for command in (["format", "--check"], ["check", "--ignore", "N812"]):
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
    lines = read_aloud(path, monkeypatch)
    assert lines[-1].startswith("test ")
    assert path.with_suffix(".pt").exists()


@pytest.mark.parametrize("name", ["mnist-modern", "boston-mlp", "cifar10-fast", "cifar10-cnn"])
def test_it_is_the_same_training(name, tmp_path, monkeypatch):
    """Dropout, augmentation, schedule, split, order of the examples: one difference, and the losses part."""
    import torch
    from lightning.fabric import Fabric

    from core.training.events import EpochEnd
    from core.training.supervised import SupervisedTrainer

    run, dataset = make_run(name, **EVERYTHING[name])
    trainer = SupervisedTrainer(run.task.model, dataset, run.recipe, Fabric(accelerator="cpu", devices=1))
    epochs = [e for e in trainer.run() if isinstance(e, EpochEnd)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    lines = read_aloud(written(run, tmp_path), monkeypatch)
    assert len(lines) == len(epochs) + 1
    score = "rmse" if name == "boston-mlp" else "accuracy"
    for line, epoch in zip(lines, epochs, strict=False):
        assert figure(line, "train loss") == pytest.approx(epoch.metrics["train/loss_epoch"], rel=0.01)
        assert figure(line, "val loss") == pytest.approx(epoch.metrics["val/loss"], rel=0.01)
        if (
            score == "rmse"
        ):  # one of two hundred predictions that tips over is half a point of accuracy, and no other training
            assert figure(line, "val rmse") == pytest.approx(epoch.metrics["val/rmse"], rel=0.01)


def test_a_learner_starts_it_on_the_stand_in(tmp_path):
    run, _ = make_run("mnist-cnn", num_validation=200)
    lines = started(written(run, tmp_path), "--epochs", "1", "--out", "mine.pt")
    assert len(lines) == 2
    assert 0.5 < figure(lines[-1], "test accuracy") <= 1
    assert (tmp_path / "mine.pt").stat().st_size > 10_000


def test_a_learner_starts_a_regression(tmp_path):
    run, dataset = make_run("boston-mlp")
    lines = started(written(run, tmp_path), "--epochs", "1")
    assert 10 < figure(lines[-1], "test rmse") < 3 * dataset.test_y.std()


@pytest.mark.realdata
def test_a_learner_starts_it_on_mnist(real_data, tmp_path):
    run, _ = make_run("mnist-cnn", limit_train=600, learning_rate=0.003)
    lines = started(written(run, tmp_path), "--epochs", "1", "--root", str(real_data))
    assert 0.4 < figure(lines[-1], "test accuracy") <= 1


@pytest.mark.realdata
def test_boston_leaves_column_b_out(real_data, tmp_path):
    run, _ = make_run("boston-mlp")
    path = written(run, tmp_path)
    assert '"b"' not in path.read_text()
    lines = started(path, "--epochs", "2", "--root", str(real_data))
    assert 2 < figure(lines[-1], "test rmse") < 12


@pytest.mark.parametrize("name", models.list_models())
def test_the_source_of_every_network_stands_alone(name):
    """Also of those that no task uses yet: what the file needs is in the script, and it builds the same network."""
    import torch

    code, imports = export._model_source(name)
    head = export._merge_imports(
        [*ast.parse(export._TEMPLATE_IMPORTS).body, *imports], export._known_names(ast.parse(code))
    )
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


def test_figures_of_the_run_stand_on_top():
    run, _ = make_run("mnist-softmax")
    summary = {"metrics": {"accuracy": 0.91234}, "best_epoch": 7, "epochs": 10, "seconds": 12.3}
    write_json(run.path / "summary.json", summary)
    head = " ".join(ast.get_docstring(ast.parse(export.render_script(run))).split())
    assert run.id in head
    assert "With the weights of epoch 7 of 10 it reached accuracy 0.9123 on the test part" in head


def test_a_run_that_has_not_begun_is_a_sentence():
    run = store.create_run(tasks.get_task("mnist-cnn"), tasks.get_task("mnist-cnn").recipe)
    with pytest.raises(UserError, match="has not read its data"):
        export.render_script(run)


def test_what_a_run_folder_says_never_becomes_code():
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
    with pytest.raises(UserError, match="no script"):
        export.render_script(run)


def test_every_data_set_can_be_loaded_in_a_script():
    for name in {t.dataset for t in tasks.TASKS if export.has_script(t)}:
        stand_in = data.load_dataset(name, download=False)
        for known in (name, stand_in.name):
            file = re.sub(r"\W", "", known)
            assert (PROJECT / "core" / "templates" / "load" / f"{file}.py.jinja").is_file()
