"""Export a run as one file of plain PyTorch that repeats the training without this project.

The file is `core/templates/supervised.py` with the run's recipe filled in as a dictionary. The model, the split, the augmentation,
the optimizer and the schedule are inlined from the project's own source, and branches that the recipe decides are removed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import textwrap
from typing import Any

from core import data, models, paths, pretrained, tasks
from core.analysis.source_bundle import (
    extract_definitions,
    fold_branches,
    known_names,
    merge_imports,
    split_template,
)
from core.kinds import get_kind
from core.messages import N_, UserError
from core.runs import system_info
from core.runs.store import Run
from core.task_spec import SUPERVISED_TRAINER
from core.training.recipe import Recipe

_TEMPLATE_DIR = paths.PROJECT / "core" / "templates"
_TEMPLATES = {SUPERVISED_TRAINER: "supervised.py"}
_LINE_LENGTH = 110
_PACKAGES = {
    "torch": "torch",
    "torchvision": "torchvision",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
}
_PACKAGES |= {"pandas": "pandas", "PIL": "pillow", "numpy": "numpy"}
_DATASET_KEYS = {"name", "train", "test", "in_shape", "classes", "mean", "std"}


def script_name(run: Run) -> str:
    """Return the file name for the script of `run`."""
    return f"{run.id}.py"


def has_script(task: tasks.Task) -> bool:
    """Return whether runs of `task` can be exported as a script."""
    return get_kind(task.kind).can_export_script and task.trainer in _TEMPLATES


def render_script(run: Run) -> str:
    """Return the training of `run` as one Python file that needs PyTorch and the data, and nothing of this project.

    Raises:
        UserError: if the run has not read its data yet, or its kind of training has no script.
    """
    task, recipe, used = run.task, run.recipe, run.config.get("data")
    if not isinstance(used, dict) or not used.keys() >= _DATASET_KEYS:
        raise UserError(
            N_("Run {run} has not loaded its data yet. The script will be available once training starts."),
            run=run.id,
        )
    load_path = _TEMPLATE_DIR / "load" / (re.sub(r"\W", "", str(used["name"])) + ".py")
    if not has_script(task) or not load_path.is_file():
        raise UserError(N_("A plain PyTorch script is not available for {task} yet."), task=task.name)
    precision = run.environment.get("precision") or system_info.resolve_precision(recipe.precision)
    recipe = recipe.changed(precision="bf16-mixed" if precision == "bf16-mixed" else "32-true")

    template, loader = (
        (_TEMPLATE_DIR / _TEMPLATES[task.trainer]).read_text(encoding="utf-8"),
        load_path.read_text(),
    )
    imports: list[ast.stmt] = []
    module = inspect.getmodule(models.get_builder(task.model))
    model = extract_definitions(module, {task.model}, imports)
    _, banner, body = template.partition("# ---- training")
    body = fold_branches(banner + body, _known_values(task, recipe, used, "\n".join(model)))
    body = body.replace("build_model(", f"{task.model}(")
    load = loader[loader.index("def load(") :].rstrip()
    names = known_names(ast.parse(load), ast.parse(body))
    data_helpers, helpers = inline_helpers((loader, template), names, imports)
    code = "\n\n\n".join(
        [
            "\n".join([_banner("model"), *_as_comment(inspect.getdoc(module))]),
            *model,
            _banner("data"),
            *(part for part in data_helpers if part not in model),
            load,
            _banner("batches, augmentation, optimizer"),
            *(part for part in helpers if part not in model),
            body.rstrip(),
        ]
    )
    return _assemble(run, recipe, used, code, imports)


def _known_values(task: tasks.Task, recipe: Recipe, used: dict[str, Any], model: str) -> dict[str, object]:
    """What decides branches of the template."""
    return {
        "recipe": recipe,
        "IS_CLASSIFIER": get_kind(task.kind).predicts_classes,
        "IS_IMAGE": len(used["in_shape"]) == 3,
        "IS_REAL": not used.get("stand_in_for"),
        "IS_PRETRAINED": pretrained.required_weights(task, recipe) is not None,
        "HAS_WHITENING": "def init_whitening" in model,
        "STANDARDIZES_FIRST": "standard" in used
        and bool(recipe.color_jitter or recipe.cutout or recipe.random_erasing),
    }


def inline_helpers(
    templates: tuple[str, ...], names: set[str], imports: list[ast.stmt]
) -> tuple[list[str], list[str]]:
    """Return the project's functions that the templates import and the script uses: of data, and of training."""
    wanted: dict[str, set[str]] = {}
    for text in templates:
        libraries, project = split_template(text)
        imports += libraries
        for module, members in project.items():
            if not module.startswith(("core.models", "core.templates")):
                wanted.setdefault(module, set()).update(members & names)
    of_data, of_training = [], []
    for module, members in wanted.items():
        if members:
            concerns_data = module.startswith("core.data") and not module.startswith("core.data.augment")
            parts = of_data if concerns_data else of_training
            parts += extract_definitions(importlib.import_module(module), members, imports)
    return of_data, of_training


def _assemble(run: Run, recipe: Recipe, used: dict[str, Any], code: str, imports: list[ast.stmt]) -> str:
    """Put the docstring, the imports and the dictionaries that `code` reads in front of it."""
    classes = len(used["classes"])
    values = {
        "num_outputs": classes or 1,
        "num_test": int(used["test"]),
        "features": [
            f for f in data.dataset_info(run.task.dataset).features if f in used.get("features", ())
        ],
        "mean": floats(used["mean"]),
        "std": floats(used["std"]),
        "standardization": [floats(v) for v in used.get("standard", ())],
    }
    read = set(re.findall(r"\brecipe\.(\w+)", code))
    fields = {name: value for name, value in recipe if name in read}
    parts = [
        render_dict("RECIPE", fields, {name: recipe.field(name).description for name in fields}),
        render_dict(
            "MODEL", recipe.part("model"), {n: recipe.field(n).description for n in recipe.part("model")}
        ),
        render_dict("DATA", {k: v for k, v in values.items() if f'DATA["{k}"]' in code}, {}),
        'DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")',
    ]
    names = known_names(ast.parse(code)) | {"torch"}
    merged = merge_imports(imports, names, _LINE_LENGTH)
    packages = [
        p for name, p in _PACKAGES.items() if re.search(rf"^(from|import) {name}\b", merged, re.MULTILINE)
    ]
    root = " --root data" if "--root" in code else ""
    head = (
        f'"""{run.task.name} in plain PyTorch: one run of Manabi Lab in one file.\n\n{_describe(run, used)}\n\n'
        f'    pip install {" ".join(packages)}\n    python {script_name(run)}{root}\n"""'
    )
    code = code.replace('default="weights.pt"', f'default="{run.id}.pt"')
    return "\n\n".join([head, merged, "\n".join(parts)]) + f"\n\n\n{code}\n"


def render_dict(name: str, values: dict[str, Any], comments: dict[str, str]) -> str:
    """Write a dictionary, one entry per line, the comment behind the entry or above it if the line would be too long."""
    if not values:
        return f"{name} = {{}}"
    lines = []
    for key, value in values.items():
        shown = json.dumps(value) if isinstance(value, str | list) else repr(value)
        line, comment = f'    "{key}": {shown},', comments.get(key, "")
        if len(line) > _LINE_LENGTH:
            line = f'    "{key}": [\n' + "".join(f"        {v!r},\n" for v in value) + "    ],"
        if not comment:
            lines.append(line)
        elif len(line) + len(comment) + 4 <= _LINE_LENGTH:
            lines.append(f"{line}  # {comment}")
        else:
            lines += [f"    # {part}" for part in textwrap.wrap(comment, _LINE_LENGTH - 6)] + [line]
    return "\n".join([f"{name} = {{", *lines, "}"])


def _describe(run: Run, used: dict[str, Any]) -> str:
    """What the run was and reached. Words come from the `DatasetInfo` and numbers are checked: a run folder is not trusted."""
    info, recipe, summary = data.dataset_info(run.task.dataset), run.recipe, run.summary
    fallback = f"{info.fallback_title} (in place of {info.title})"
    title = fallback if used.get("stand_in_for") else info.title_of(used["name"])
    rest = int(used["train"]) - recipe.num_validation
    text = (
        f"It repeats run {run.id} on {title}: {min(rest, recipe.limit_train or rest):,} training examples, "
    )
    text += f"{recipe.num_validation:,} for validation, {int(used['test']):,} for testing. "
    if summary is None:
        text += "The run had not finished when this file was written, so there are no test metrics to compare with."
    else:
        metrics = [f"{re.sub('[^a-z0-9_]', '', k)} {float(v):.4f}" for k, v in summary["metrics"].items()]
        text += f"The weights of epoch {int(summary['best_epoch'])} of {int(summary['epochs'])} reached "
        text += f"{', '.join(metrics)} on the test set, after {float(summary['seconds']):.0f} s. "
        text += "Another processor or version of PyTorch rounds differently, so expect similar numbers."
    return textwrap.fill(text, 100)


def _banner(words: str) -> str:
    return f"# ---- {words} ".ljust(100, "-")


def _as_comment(text: str | None) -> list[str]:
    return [f"# {line}".rstrip() for line in (text or "").splitlines()]


def floats(values: Any) -> list[float]:
    """Return the shortest decimals that are the same numbers in single precision."""
    import numpy as np

    return [float(str(np.float32(v))) for v in values]
