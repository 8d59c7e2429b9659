"""`python -m core train images`: a folder or a zip of photos becomes a project, a run and figures equal to scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from core.projects import from_data
from core.runs import store as runs
from tests.photo_files import photos_of, zipped
from tests.unit.test_cli import answer, call

pytestmark = pytest.mark.slow


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A zip of three classes with a test split."""
    path = tmp_path / "animals.zip"
    files = {}
    for i, name in enumerate(("cat", "cow", "dog")):
        files |= photos_of(100 * i, 30, f"animals/train/{name}", size=(32, 32))
        files |= photos_of(100 * i + 50, 9, f"animals/test/{name}", size=(32, 32))
    path.write_bytes(zipped(files).getvalue())
    return path


def train(*words: object) -> dict:
    """Train a tiny network and return what is printed as JSON."""
    options = (
        "--model",
        "resnet",
        "--mode",
        "scratch",
        "--depth",
        10,
        "--width",
        4,
        "--epochs",
        1,
        "--threads",
        1,
    )
    return answer("train", "images", *options, *words)


def test_the_figures_are_those_of_scikit_learn_and_the_run_is_private(upload: Path, end_of: Callable) -> None:
    found = train("--data", upload, "--classes", "cat,dog", "--limit-train", 20)
    run = runs.find_run(found["run"], private=True)
    end_of(run)
    arrays = load_file(run.path / "predictions.safetensors")
    targets, predictions = arrays["targets"], arrays["outputs"].argmax(1)
    assert len(targets) == 18 and found["task"] == f"photos-{found['project']}-resnet"
    table = precision_recall_fscore_support(targets, predictions, labels=[0, 1], zero_division=0)
    for name, values in zip(("precision", "recall", "f1"), table[:3], strict=True):
        assert found[name] == found["metrics"][name] == pytest.approx(values.mean(), abs=1e-12)
        assert [found["per_class"][c][name] for c in ("cat", "dog")] == pytest.approx(values.tolist())
    assert found["accuracy"] == found["metrics"]["accuracy"] == accuracy_score(targets, predictions)
    assert [c["support"] for c in found["per_class"].values()] == [9, 9]
    assert run.recipe.limit_train == 20

    project = from_data.open_or_create(upload, ["cat", "dog"])  # as the same command would
    assert project.id == found["project"] and project.runs() == [run]

    listed = call("runs", "list").stdout
    assert found["run"] not in listed and found["run"] in call("runs", "list", "--private").stdout
    assert f"python -m core train {found['task']}" in " ".join(
        call("runs", "show", found["run"]).stdout.split()
    )
    assert "--label-smoothing" in call("train", found["task"], "--help", COLUMNS="300").stdout


def test_bad_calls_are_one_sentence(upload: Path, tmp_path: Path) -> None:
    assert "Name a folder or a zip" in call("train", "images", rc=1).stderr
    assert (
        "nowhere.zip was not found."
        in call("train", "images", "--data", tmp_path / "nowhere.zip", rc=1).stderr
    )
    assert "Closest matches:" in call("train", "images", "--data", upload, "--model", "resent", rc=1).stderr
    said = call("train", "images", "--data", upload, "--classes", "cat,owl", rc=1).stderr
    assert "animals.zip has no class owl. Its classes: cat, cow, dog." in said
    said = call("train", "images", "--data", upload, "--classes", "cat", rc=1).stderr
    assert "needs at least two classes" in said and not runs.list_runs(private=True)


def test_help_lists_the_options_of_the_model() -> None:
    shown = call("train", "images", "--model", "vgg", "--help", COLUMNS="300").stdout
    assert "--classes" in shown and "--epochs" in shown and "--mode" in shown and "--init" not in shown
    assert "images" in call("train", "--help", COLUMNS="300").stdout


def test_summary_of_a_photo_model() -> None:
    assert "ResNet" in call("summary", "resnet").stdout
