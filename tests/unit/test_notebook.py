"""The exported notebook trains a photo model in plain PyTorch, with comments in the language of the reader."""

from __future__ import annotations
import __future__

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from core import checkpoints, models, pretrained
from core.analysis import notebook
from core.files import write_json
from core.projects import export_bundle
from core.runs.store import Run
from tests import factories
from tests.unit.test_photo_projects import make_project


def make_run(model: str, **changes: object) -> Run:
    project = make_project("わたしの動物", cat=14, 犬=12)
    return factories.finished(f"{project.dataset_name}-{model}", **changes)


def code_cells(content: bytes, folder: Path) -> list[str]:
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    cells = json.loads((folder / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    assert all({"cell_type", "id", "metadata", "source"} <= cell.keys() for cell in cells)
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("init", ("scratch", "fine-tuned", "frozen"))
def test_the_notebook_trains_alone(
    init: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    name = "backbone" if init == "frozen" else "resnet"
    small = {"depth": 10, "width": 8} if name == "resnet" else {}
    run = make_run(
        name, **small, init=init, epochs=2, color_jitter=0.3, resized_crop=0.5, ema_decay=0.5, patience=2
    )
    if name == "resnet" and init != "scratch":
        monkeypatch.setattr(pretrained, "load_into", lambda name, network: None)
    cells = code_cells(export_bundle.write_notebook_bundle(run, "ja"), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    space: dict = {"__name__": "__main__"}
    for cell in cells:
        assert "from core" not in cell and "N_(" not in cell
        exec(compile(cell, "cell", "exec", __future__.annotations.compiler_flag, True), space)
    printed = capsys.readouterr().out
    assert "test accuracy" in printed and re.search(r"^2 ", printed, re.MULTILINE)
    state = space["best_model"].state_dict()
    spec = checkpoints.read_spec(run.best_weights_path)
    model = models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options)
    model.load_state_dict(state)
    moved = {n for n, _ in model.named_parameters() if not n.startswith("head.")}
    assert space["model"].head.weight.requires_grad
    assert all(
        p.requires_grad == (init != "frozen") for n, p in space["model"].named_parameters() if n in moved
    )


@pytest.mark.slow
def test_comments_are_in_the_language_of_the_reader() -> None:
    run = make_run("resnet", depth=10, width=8)
    write_json(run.path / "config.json", {**run.config, "recipe": {**run.config["recipe"], "flip": "random"}})
    accuracy = (0.95, 0.9, 0.98)
    japanese, english = (notebook.render_notebook(run, language, accuracy) for language in ("ja", "en"))
    for text in (japanese, english):
        assert "95.0%" in text and "わたしの動物" in text and "-> (B, 8*W0)" in text
        assert run.task_name not in text
    comments = re.findall(r'^\s*"\s*# (.*?)(?:\\n)?",?$', japanese, re.MULTILINE)
    assert comments and all("->" in c or re.search(r"[ぁ-んァ-ヶ一-龠]", c) for c in comments)
    assert '\\"\\"\\"' not in japanese and '\\"\\"\\"' in english
    assert "Each step predicts a batch" in english and "Each step predicts a batch" not in japanese
