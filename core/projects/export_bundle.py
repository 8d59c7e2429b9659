"""A trained photo classifier to take away: one zip that predicts without this project.

It holds the weights (safetensors), a card, the source of the model, `predict.py` (needs PyTorch, safetensors and Pillow) and, if wanted,
`model.onnx` with `predict_onnx.py` (needs ONNX Runtime, NumPy and Pillow). `--self-test` of both replays ten photos of the project and
compares the probabilities with those of the page. Neither the id of the project nor a path of this machine is in it.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import io
import json
import tempfile
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from core import checkpoints, images, models, paths
from core.analysis import significance
from core.analysis.file_predictions import prepare_image
from core.analysis.notebook import write_notebook
from core.analysis.source_bundle import (
    extract_definitions,
    extract_model,
    known_names,
    merge_imports,
    split_template,
)
from core.checkpoints import Spec
from core.data import ProgressCallback
from core.inference.predictor import Predictor
from core.messages import Message, N_, UserError
from core.projects.results import ProjectResult, load_result
from core.projects.run_photos import find_project, split_ids
from core.projects.tasks import parse_task_name
from core.runs.store import Run

FOLDER = "photo-classifier"
NUM_REPLAYED = 10
"""Photos that the self-test predicts."""
_TEMPLATES = paths.PROJECT / "core" / "templates"
_LINE_LENGTH = 110
_TORCHVISION_RESNET = (
    "resnet18_imagenet"  # its model is torchvision's, which a bundle has in a file of its own
)


def write_bundle(run: Run, *, onnx: bool = True, progress: ProgressCallback | None = None) -> bytes:
    """The content of the zip of a finished run of a project.

    Args:
        run: the run.
        onnx: whether `model.onnx` and its script are included.
        progress: called with a message and the fraction done.

    Raises:
        UserError: if the run has no weights, if its project was deleted, or if the model cannot be exported to ONNX.
    """
    show = progress or (lambda message, fraction: None)
    show(Message(N_("Reading the model")), 0.0)
    project, predictor = find_project(run), Predictor.load(run.best_weights_path)
    result = load_result(run)
    photos = {
        f"photo-{i:02d}.jpg": project.file(project.photo(photo_id)).read_bytes()
        for i, photo_id in enumerate(_replayed_photos(run), 1)
    }
    expected = {name: _probabilities(predictor, content) for name, content in photos.items()}
    card = make_card(run, predictor.spec, result)
    files: dict[str, bytes] = {
        "README.md": _readme(card, onnx).encode(),
        "card.json": (json.dumps(card, ensure_ascii=False, indent=1) + "\n").encode(),
        "model.safetensors": _weights(run, predictor),
        "model.py": model_source(predictor.spec.model).encode(),
        "predict.py": script_source("predict_torch").encode(),
        "requirements.txt": b"torch\nsafetensors\npillow\n",
        "self_test/expected.json": (json.dumps(expected, indent=1) + "\n").encode(),
        **{f"self_test/{name}": content for name, content in photos.items()},
    }
    if onnx:
        from core.analysis.onnx_export import export_onnx

        show(Message(N_("Exporting to ONNX")), 0.2)
        files["model.onnx"] = export_onnx(predictor)
        files["predict_onnx.py"] = script_source("predict_onnx").encode()
        files["requirements_onnx.txt"] = b"onnxruntime\nnumpy\npillow\n"
    show(Message(N_("Writing the file")), 0.95)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{FOLDER}/{name}", content)
    return out.getvalue()


def write_notebook_bundle(run: Run, language: str) -> bytes:
    """The content of a zip with a notebook that trains the run's model in plain PyTorch, and the photos in its splits.

    Args:
        run: a finished run of a project.
        language: of text and comments, as `core.i18n.LANGUAGES`.

    Raises:
        UserError: if the run has no result, if its project was deleted, or if the weights that it started from are missing.
    """
    project, result = find_project(run), load_result(run)
    if result is None:
        raise UserError(N_("Run {run} has no test predictions."), run=run.id)
    files = {photo.id: project.file(photo) for photo in project.photos(dropped=True)}
    photos = {
        f"photos/{split}/{label}/{photo_id}.jpg": files[photo_id].read_bytes()
        for split in ("train", "validation", "test")
        for photo_id, label in zip(*split_ids(run, split), strict=True)
        if photo_id in files and files[photo_id].exists()
    }
    accuracy = result.accuracy
    return write_notebook(run, language, (accuracy.value, accuracy.low, accuracy.high), photos)


def make_card(run: Run, spec: Spec, result: ProjectResult | None) -> dict[str, Any]:
    """What a bundle says about its model: input, classes, recipe and test scores with their intervals."""
    counts = {name: len(split_ids(run, name)[0]) for name in ("train", "validation", "test")}
    card = {
        "title": spec.data,
        "model": spec.model,
        "model_options": spec.options,
        "classes": list(spec.classes),
        "input_shape": list(spec.in_shape),
        "mean": list(spec.mean),
        "std": list(spec.std),
        "tta_flip": spec.tta_flip,
        "tta_shift": spec.tta_shift,
        "run": run.id,
        "epoch": spec.epoch,
        "photos": counts,
        "started_from": getattr(run.recipe, "init", "scratch"),
        "recipe": run.recipe.model_dump(),
    }
    if result is not None:
        accuracy = result.accuracy
        card["accuracy"] = round(accuracy.value, 4)
        card["accuracy_interval_95"] = [round(accuracy.low, 4), round(accuracy.high, 4)]
        card["per_class"] = {
            s.name: {
                **{n: round(getattr(s, n).value, 4) for n in ("precision", "recall", "f1")},
                "support": s.support,
            }
            for s in result.class_scores()
        }
        card["confusion"] = result.matrix.tolist()
    return card


def model_source(name: str) -> str:
    """The source of model `name` as one file that imports torch alone; `build_model` makes the model."""
    module, imports = inspect.getmodule(models.get_builder(name)), []
    parts = extract_model(module, name, imports)
    build = textwrap.dedent(f'''
        def build_model(in_shape: tuple[int, ...], num_outputs: int, **options: object) -> nn.Module:
            """Return the model without its weights."""
            return {name}(in_shape=in_shape, num_outputs=num_outputs, **options)
    ''').strip()
    code = "\n\n\n".join([*parts, build])
    imports.append(ast.parse("from torch import nn").body[0])
    head = f'"""{inspect.getdoc(module)}\n"""'
    return "\n\n".join([head, merge_imports(imports, known_names(ast.parse(code)), _LINE_LENGTH)]) + (
        f"\n\n\n{code}\n"
    )


def script_source(template: str) -> str:
    """The script of a template, "predict_torch" or "predict_onnx", with what it shares with the other inlined."""
    name = "predict.py" if template == "predict_torch" else "predict_onnx.py"
    text = (_TEMPLATES / f"{template}.py").read_text(encoding="utf-8")
    libraries, project = split_template(text)
    body = text.partition("# ---- prediction")[2].strip()
    shared_module = importlib.import_module("core.templates.photo_input")
    shared = extract_definitions(shared_module, project["core.templates.photo_input"], libraries)
    code = "\n\n\n".join(["\n".join(_join_constants(shared)), body])
    docstring = (
        f'"""Classify photos.\n\n    python {name} PHOTO_OR_FOLDER... [--csv FILE]\n'
        f'    python {name} --self-test\n"""'
    )
    head = merge_imports(libraries, known_names(ast.parse(code)), _LINE_LENGTH)
    if template == "predict_torch":
        head += "\n\nfrom model import build_model"
    return f"{docstring}\n\n{head}\n\n{code}\n"


def _join_constants(parts: list[str]) -> list[str]:
    """Constants on lines of their own, functions behind two blank lines."""
    return [part if not part.startswith(("def ", "class ", "@")) else f"\n\n{part}" for part in parts]


def _weights(run: Run, predictor: Predictor) -> bytes:
    """The weights file; its metadata name the model in place of the task, which contains the id of the project."""
    parsed = parse_task_name(run.task_name)
    spec = dataclasses.replace(predictor.spec, task=f"photos-{parsed[1] if parsed else predictor.spec.model}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        checkpoints.save_weights(path, predictor.network, spec)
        return path.read_bytes()


def _replayed_photos(run: Run) -> list[str]:
    """Ids of the photos for the self-test: test photos that still exist, the classes in turn, then validation and training photos."""
    project = find_project(run)
    there = {p.id for p in project.photos(dropped=True) if project.file(p).exists()}
    chosen: list[str] = []
    for split in ("test", "validation", "train"):
        ids, labels = split_ids(run, split)
        kept = np.array([i for i, photo_id in enumerate(ids) if photo_id in there], np.int64)
        numbers = np.unique(labels, return_inverse=True)[1] if labels else np.array([], np.int64)
        order = significance.interleave_classes(kept, numbers) if len(kept) else kept
        chosen += [ids[i] for i in order]
    return chosen[:NUM_REPLAYED]


def _probabilities(predictor: Predictor, content: bytes) -> list[float]:
    pixels = prepare_image(predictor, images.decode_image(content))
    return [round(float(p), 6) for p in predictor.predict(pixels)[0]]


def _readme(card: dict[str, Any], onnx: bool) -> str:
    lines = [
        f"# {card['title']}",
        "",
        f"An image classifier for {', '.join(card['classes'])}, trained with Manabi Lab. `card.json` says on what, and how well it did.",
        "",
        "    pip install -r requirements.txt",
        "    python predict.py PHOTO_OR_FOLDER... --csv predictions.csv",
        "    python predict.py --self-test",
        "",
    ]
    if onnx:
        lines += [
            "Or with ONNX Runtime:",
            "",
            "    pip install -r requirements_onnx.txt",
            "    python predict_onnx.py PHOTO_OR_FOLDER... --csv predictions.csv",
            "    python predict_onnx.py --self-test",
            "",
        ]
    lines += [
        f"`self_test/` holds {NUM_REPLAYED} photos of the project: delete the folder before you pass the bundle on if they are private.",
        "",
    ]
    return "\n".join(lines)
