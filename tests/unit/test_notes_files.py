"""The files of the learning notes: they hold what the run measured."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix
from typer.testing import CliRunner

from core.analysis import evaluation_report, notes_files
from core.cli.app import app
from core.messages import UserError
from tests import factories

pytestmark = pytest.mark.slow


def test_the_history_is_that_of_the_log() -> None:
    run = factories.finished("mnist-softmax", epochs=4)
    found = notes_files.training_history(run)
    log = pd.read_csv(run.path / "metrics.csv")
    ends = log.dropna(subset=["train/loss_epoch"])
    assert found["epoch"] == ends["epoch"].astype(int).tolist() == [1, 2, 3, 4]
    for key, column in (
        ("train_loss", "train/loss_epoch"),
        ("train_accuracy", "train/accuracy_epoch"),
        ("val_loss", "val/loss"),
        ("val_accuracy", "val/accuracy"),
    ):
        assert found[key] == ends[column].tolist()
    assert found["test"] == run.summary["metrics"] and found["best_epoch"] == 4


def test_the_drawn_confusion_matrix_is_that_of_scikit_learn() -> None:
    run = factories.finished("mnist-softmax")
    report = evaluation_report.load_report(run)
    axis = notes_files.draw_confusion(report).axes[0]
    expected = confusion_matrix(report.targets, report.predictions)
    np.testing.assert_array_equal(np.asarray(axis.images[0].get_array()), expected)
    assert [int(text.get_text()) for text in axis.texts] == expected.ravel().tolist()


def test_the_curves_and_predictions_are_those_of_the_run() -> None:
    run = factories.finished("mnist-softmax")
    history = notes_files.training_history(run)
    loss, accuracy = notes_files.draw_curves(history).axes
    assert [line.get_ydata().tolist() for line in loss.lines] == [history["train_loss"], history["val_loss"]]
    assert [line.get_label() for line in accuracy.lines] == ["training", "validation"]
    titles = [
        a.get_title() for a in notes_files.draw_predictions(run, evaluation_report.load_report(run)).axes
    ]
    wrong = [t for t in titles if t.startswith("✗")]
    assert len(titles) == 24 and len(wrong) == 8
    assert all(t.split("true: ")[1][0] != t[-1] for t in wrong)


def test_the_zip_and_the_command_give_the_same_images(tmp_path: Path) -> None:
    run = factories.finished("mnist-softmax")
    names = {"training_history.json", "training_curves.png", "predictions.png", "confusion_matrix.png"}
    with zipfile.ZipFile(io.BytesIO(notes_files.write_notes_zip(run))) as archive:
        assert set(archive.namelist()) == {f"results/{name}" for name in names}
    done = CliRunner().invoke(app, ["export", run.id, "--notes", str(tmp_path / "results")])
    assert done.exit_code == 0, done.output
    assert {p.name for p in (tmp_path / "results").iterdir()} == names
    for name in names - {"training_history.json"}:
        assert np.asarray(Image.open(tmp_path / "results" / name)).std() > 5
    assert json.loads((tmp_path / "results" / "training_history.json").read_text())["run"] == run.id


def test_the_command_writes_a_script_and_a_notebook(tmp_path: Path) -> None:
    run = factories.finished("mnist-softmax")
    arguments = [
        "--script",
        str(tmp_path / "a.py"),
        "--notebook",
        str(tmp_path / "a.ipynb"),
        "--language",
        "ja",
    ]
    assert CliRunner().invoke(app, ["export", run.id, *arguments]).exit_code == 0
    assert "データ" in (tmp_path / "a.py").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "a.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4


def test_what_has_no_files_is_said() -> None:
    regression = notes_files.write_notes_files(factories.finished("boston-mlp"))
    assert set(regression) == {"training_history.json", "training_curves.png", "predictions.png"}
    with pytest.raises(UserError, match="no test predictions"):
        notes_files.write_notes_files(factories.finished("cyclegan-light"))
    with pytest.raises(UserError, match="has not finished"):
        notes_files.write_notes_files(factories.stopped())
    done = CliRunner().invoke(app, ["export", factories.finished().id])
    assert isinstance(done.exception, UserError) and "Nothing to export" in str(done.exception)


def test_names_that_the_font_cannot_write_are_numbered() -> None:
    assert notes_files.writable_names(("cat", "犬", "café")) == ["cat", "1", "café"]
