"""Export a run of a photo project as a notebook that trains the same model in plain PyTorch, with its photos beside it.

The text and the comments are in the language asked for. The model, the augmentation, the optimizer and the schedule are inlined from the
project's own source (see `core.analysis.export`); in other languages than English their docstrings are left out.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import zipfile
from collections.abc import Iterable
from typing import Any

from core import models, paths, pretrained
from core.analysis.export import floats, inline_helpers, render_dict
from core.analysis.prose import LINE_LENGTH, comment, markdown, notebook, split_cells, strip_prose
from core.analysis.source_bundle import (
    bound_names,
    extract_model,
    fold_branches,
    known_names,
    merge_imports,
)
from core.checkpoints import read_spec
from core.i18n import SOURCE, get_translator
from core.messages import Translate
from core.runs.store import Run
from core.training.recipe import Recipe

_TEMPLATES = paths.PROJECT / "core" / "templates"
_SHARED = "core.templates.supervised"
_PLOT_NAMES = re.compile(r"[^\x20-\x7e]")  # matplotlib's default font has no glyphs for others


def write_notebook(
    run: Run, language: str, accuracy: tuple[float, float, float], photos: dict[str, bytes]
) -> bytes:
    """The content of a zip with `notebook.ipynb`, the photos, and the weights that the training starts from.

    Args:
        run: a finished run of a photo project.
        language: of text and comments, as `core.i18n.LANGUAGES`.
        accuracy: test accuracy of the run, with the limits of its interval.
        photos: JPEG files by their path in the zip, `photos/<split>/<class>/<name>.jpg`.

    Raises:
        UserError: if the run's weights cannot be read, or if the weights that it started from are missing.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("notebook.ipynb", render_notebook(run, language, accuracy))
        for name, content in photos.items():
            archive.writestr(name, content)
        if pretrained.is_transfer(run.task, run.recipe):
            archive.writestr("start.safetensors", _start_weights(run))
    return out.getvalue()


def render_notebook(run: Run, language: str, accuracy: tuple[float, float, float]) -> str:
    """The notebook (nbformat 4.5, JSON); the other arguments are those of `write_notebook`."""
    translate, used = get_translator(language), run.config["data"]
    recipe = run.recipe.changed(precision="32-true")
    template, shared = (
        (_TEMPLATES / f"{n}.py").read_text(encoding="utf-8") for n in ("notebook", "supervised")
    )
    imports, helper_imports = [], []
    module = inspect.getmodule(models.get_builder(run.task.model))
    model = extract_model(module, run.task.model, imports)
    known = _known_values(recipe, used, "\n".join(model))
    body = template.partition('"""The cells."""\n')[2].partition("\n\nif __name__")[0]
    text = textwrap.dedent(body).replace("build_model(", f"{run.task.model}(")
    value, low, high = (f"{100 * v:.1f}%" for v in accuracy)
    words = {"title": str(used["title"]), "accuracy": value, "low": low, "high": high}
    cells = list(split_cells(fold_branches(text, known)))
    code = "\n".join(comment(body, translate) for kind, body in cells if kind == "")
    training = _reachable(
        fold_branches(shared[shared.index("# ---- training") :], known), known_names(ast.parse(code))
    )
    names = known_names(ast.parse(code), *map(ast.parse, training))
    data_parts, helpers = inline_helpers((template, shared), names, helper_imports)
    inlined = [*model, *data_parts, *helpers, *training]
    everything = "\n\n".join([code, *inlined])
    settings = _settings(recipe, used, everything, translate)
    used_names = known_names(ast.parse(everything)) | {"torch", "nn", "Tensor", "SimpleNamespace"}
    prose = language == SOURCE
    inserted = {
        "settings": [
            merge_imports([*imports, *helper_imports], used_names, LINE_LENGTH),
            settings,
            *data_parts,
        ],
        "model": model,
        "helpers": [*(part for part in helpers if part not in model), *training],
    }
    made = []
    for kind, body in cells:
        if kind == "[markdown]":
            made.append(("markdown", markdown(body, translate, words)))
        elif kind.startswith("insert:"):
            parts = inserted[kind.removeprefix("insert:").strip()]
            made.append(("code", "\n\n\n".join(parts if prose else map(strip_prose, parts))))
        else:
            made.append(("code", comment(body, translate)))
    return notebook(made)


def _known_values(recipe: Recipe, used: dict[str, Any], model: str) -> dict[str, object]:
    """What decides branches of the templates."""
    init = getattr(recipe, "init", "scratch")
    return {
        "recipe": recipe,
        "IS_FROZEN": init == "frozen",
        "IS_FINE_TUNED": init == "fine-tuned",
        "HAS_WHITENING": "def init_whitening" in model and init == "scratch",
        "IS_CLASSIFIER": True,
        "IS_IMAGE": True,
        "IS_REAL": True,
        "IS_PRETRAINED": False,
        "ONE_BY_ONE": False,
        "STANDARDIZES_FIRST": "standard" in used
        and bool(recipe.color_jitter or recipe.cutout or recipe.random_erasing),
    }


def _reachable(source: str, names: set[str]) -> list[str]:
    """The definitions of the shared template that code with these `names` needs, in order."""
    lines, tree = source.splitlines(), ast.parse(source)
    nodes = [n for n in tree.body if bound_names(n) - {"main"}]
    wanted, before = set(names) | {"recipe", "SupervisedRecipe"}, -1
    while len(wanted) != before:
        before = len(wanted)
        for node in nodes:
            if bound_names(node) & wanted:
                wanted |= known_names(node)
    kept = [n for n in nodes if bound_names(n) & wanted]
    return [
        "\n".join(
            lines[min([n.lineno, *(d.lineno for d in getattr(n, "decorator_list", ()))]) - 1 : n.end_lineno]
        )
        for n in kept
    ]


def _settings(recipe: Recipe, used: dict[str, Any], code: str, translate: Translate) -> str:
    """The dictionaries that the code reads."""
    read = set(re.findall(r"\brecipe\.(\w+)", code))
    fields = {name: value for name, value in recipe if name in read}
    options = recipe.part("model")
    classes = list(used["classes"])
    plain = [name if not _PLOT_NAMES.search(name) else str(i) for i, name in enumerate(classes)]
    values = {
        "classes": classes,
        "labels": plain,
        "size": int(used["in_shape"][1]),
        "num_outputs": len(classes),
        "mean": floats(used["mean"]),
        "std": floats(used["std"]),
        "standardization": [floats(v) for v in used.get("standard", ())],
    }

    def comments(names: Iterable[str]) -> dict[str, str]:
        return {name: translate(recipe.field(name).description or "") for name in names}

    return "\n".join(
        [
            render_dict("RECIPE", fields, comments(fields)),
            render_dict("MODEL", options, comments(options)),
            render_dict("DATA", {k: v for k, v in values.items() if f'DATA["{k}"]' in code}, {}),
            'DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")',
        ]
    )


def _start_weights(run: Run) -> bytes:
    """The tensors that the training started from, without the head."""
    from safetensors.torch import save

    spec = read_spec(run.best_weights_path)
    network = models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options)
    pretrained.load_into(run.task.pretrained, network)
    return save({k: v.contiguous() for k, v in network.state_dict().items() if not k.startswith("head.")})
