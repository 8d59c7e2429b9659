"""A photo classifier taken away: its bundle predicts what the page predicts, with few packages, and says nothing of the project's link."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from core import models, paths
from core.analysis import file_predictions
from core.cli.app import app
from core.inference.predictor import Predictor
from core.messages import UserError
from core.projects import export_bundle, results, store
from core.projects.tasks import MODELS
from core.runs.store import Run
from tests import factories
from tests.unit.test_photo_projects import make_project

# What `pip install torch safetensors pillow` brings, and what `pip install onnxruntime numpy pillow` does.
TORCH = "torch torchgen functorch safetensors PIL filelock typing_extensions sympy mpmath networkx jinja2 markupsafe fsspec"
ONNX = "onnxruntime numpy PIL flatbuffers packaging google protobuf"
PROGRAM = """
import json, runpy, sys
folder, script, allowed = sys.argv[1:4]
allowed = {*allowed.split(), *sys.stdlib_module_names, "model"}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in allowed:
            raise ModuleNotFoundError(f"no module {name}", name=name)
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, folder)
for arguments in json.loads(sys.argv[4]):
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(f"{folder}/{script}", run_name="__main__")
    except SystemExit as done:
        print("status", done.code)
"""


@pytest.fixture
def run() -> Run:
    """A finished run on 12 cats and 12 dogs, with an untrained network and a class whose name is Japanese."""
    project = make_project("わたしの動物", cat=12, 犬=12)
    return factories.finished(f"{project.dataset_name}-resnet", depth=10, width=8)


def unpack(content: bytes, folder: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    return folder / export_bundle.FOLDER


def call(folder: Path, script: str, allowed: str, *calls: list[str]) -> str:
    """Run a script of a bundle in a process that can import nothing but the packages `allowed`; return what it printed."""
    command = [sys.executable, "-I", "-c", PROGRAM, str(folder), script, allowed, json.dumps(calls)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def odd_photos(folder: Path) -> Path:
    """Photos as cameras and programs write them: turned, large, transparent, gray, with 16 bits, with a palette, as CMYK."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    image = Image.fromarray(pixels).resize((200, 120), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "turned.jpg", exif=exif)
    image.resize((3000, 1800)).save(folder / "large.jpg")
    clear = image.convert("RGBA")
    clear.putalpha(image.convert("L"))
    clear.save(folder / "transparent.png")
    image.convert("L").save(folder / "gray.png")
    wide = np.asarray(image.convert("L")).astype(np.uint16) * 257
    Image.fromarray(wide).save(folder / "sixteen.png")
    image.quantize(16).save(folder / "palette.gif")
    image.convert("CMYK").save(folder / "cmyk.jpg")
    return folder


def read_csv(path: Path) -> tuple[list[str], np.ndarray]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    rows = [line.split(",") for line in lines]
    return rows[0], np.array([[float(v) for v in row[2:]] for row in rows[1:]])


@pytest.mark.slow
def test_the_bundle_predicts_what_the_page_does_with_few_packages(run: Run, tmp_path: Path) -> None:
    folder = unpack(export_bundle.write_bundle(run), tmp_path)
    photos = odd_photos(tmp_path / "photos")
    predictor = Predictor.load(run.best_weights_path)
    files = file_predictions.list_image_files([photos])
    expected = np.stack([file_predictions.classify_file(predictor, path) for path in files])
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    for script, allowed in (("predict.py", TORCH), ("predict_onnx.py", ONNX)):
        printed = call(folder, script, allowed, ["--self-test"], [str(photos), "--csv", "found.csv"])
        assert "passed: 10 photos" in printed and printed.count("status 0") == 1 and "status 1" in printed
        head, found = read_csv(folder / "found.csv")
        assert head == ["image", "prediction", "cat", "犬"]
        np.testing.assert_allclose(found, expected, atol=1e-3)
    wrong = {f"photo-{i:02d}.jpg": [0.9, 0.1] for i in range(1, 11)}
    (folder / "self_test" / "expected.json").write_text(json.dumps(wrong), encoding="utf-8")
    printed = call(folder, "predict_onnx.py", ONNX, ["--self-test"])
    assert "FAILED: 10 photos" in printed and "status 1" in printed


def test_the_bundle_holds_the_scores_and_nothing_of_the_link_or_the_machine(run: Run) -> None:
    result = results.load_result(run)
    content = export_bundle.write_bundle(run, onnx=False)
    archive = zipfile.ZipFile(io.BytesIO(content))
    files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    card = json.loads(files["card.json"])
    assert card["classes"] == ["cat", "犬"] and card["photos"]["test"] == 2
    assert card["accuracy"] == result.accuracy.value
    assert card["accuracy_interval_95"][0] < card["accuracy"] <= card["accuracy_interval_95"][1]
    assert len([name for name in files if name.endswith(".jpg")]) == export_bundle.NUM_REPLAYED
    assert files["requirements.txt"].split() == [b"torch", b"safetensors", b"pillow"]
    for secret in (result.project.id, str(paths.projects()), str(paths.PROJECT)):
        assert not [name for name, part in files.items() if secret.encode() in part]
    for name in ("model.py", "predict.py"):
        assert b"from core" not in files[name] and b"import numpy" not in files[name]
    result.project.remove_class("cat")
    with zipfile.ZipFile(io.BytesIO(export_bundle.write_bundle(run, onnx=False))) as later:
        assert len([n for n in later.namelist() if n.endswith(".jpg")]) == export_bundle.NUM_REPLAYED
    store.delete_project(result.project)
    with pytest.raises(UserError, match="Project not found"):
        export_bundle.write_bundle(run)


@pytest.mark.parametrize("family", list(MODELS))
def test_the_source_of_every_model_stands_alone(family: str, tmp_path: Path) -> None:
    name, options = MODELS[family].model, MODELS[family].make_recipe().part("model")
    source = export_bundle.model_source(name)
    assert "from core" not in source and "from torchvision" not in source and "numpy" not in source
    space: dict = {"__name__": "model"}
    exec(compile(source, "model.py", "exec", dont_inherit=True), space)
    model = space["build_model"]((3, 64, 64), 3, **options).eval()
    original = models.create_model(name, (3, 64, 64), 3, **options).eval()
    model.load_state_dict(original.state_dict())
    x = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(model(x), original(x))


def test_a_folder_is_predicted_into_a_table(run: Run, tmp_path: Path) -> None:
    photos = odd_photos(tmp_path / "photos")
    done = CliRunner().invoke(app, ["predict", run.id, str(photos), "--csv", str(tmp_path / "found.csv")])
    assert done.exit_code == 0, done.output
    head, found = read_csv(tmp_path / "found.csv")
    assert head == ["image", "prediction", "cat", "犬"] and found.shape == (7, 2)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
