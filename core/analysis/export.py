"""Export a run as one file of plain PyTorch, or as a notebook, that repeats the training without this project.

Both are `core/templates/supervised.py` with the run's recipe filled in as a dictionary, and with comments in the language asked for. The
model, the split, the augmentation, the optimizer and the schedule are inlined from the project's own source, and branches that the recipe
decides are removed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from core import data, models, paths, pretrained, tasks
from core.analysis import prose
from core.analysis.source_bundle import (
    extract_definitions,
    fold_branches,
    known_names,
    merge_imports,
    split_template,
)
from core.i18n import SOURCE, get_translator
from core.kinds import get_kind
from core.messages import N_, Translate, UserError
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


_MAIN_DOCSTRING = N_("Train, keep the best epoch, test and save it.")


def script_name(run: Run) -> str:
    """Return the file name for the script of `run`."""
    return f"{run.id}.py"


def has_script(task: tasks.Task) -> bool:
    """Return whether runs of `task` can be exported as a script."""
    return get_kind(task.kind).can_export_script and task.trainer in _TEMPLATES


def render_script(run: Run, language: str = SOURCE) -> str:
    """Return the training of `run` as one Python file that needs PyTorch and the data, and nothing of this project.

    Args:
        run: a run that has read its data.
        language: of the comments, as `core.i18n.LANGUAGES`.

    Raises:
        UserError: if the run has not read its data yet, or its kind of training has no script.
    """
    parts = collect_parts(run, language)
    translate, about = parts.translate, inspect.getdoc(parts.model_module)
    if not parts.is_source:
        about = "\n".join(prose.wrap(translate(run.task.about), 98))
    code = "\n\n\n".join(
        [
            "\n".join([_banner(translate(N_("model"))), *_as_comment(about)]),
            *parts.model,
            _banner(translate(N_("data"))),
            *parts.data,
            _banner(translate(N_("batches, augmentation, optimizer"))),
            *parts.helpers,
            _banner(translate(N_("training"))),
            *parts.functions,
            prose.remove_cell_marks(parts.main).rstrip(),
        ]
    )
    head = translate(N_("{task} in plain PyTorch: one run of Manabi Lab in one file.")).format(
        task=run.task.name
    )
    root = " --root data" if "--root" in code else ""
    usage = f"    pip install {' '.join(parts.packages)}\n    python {script_name(run)}{root}"
    docstring = "\n".join([head, "", *prose.wrap(parts.about, 100), "", usage])
    code = code.replace('default="weights.pt"', f'default="{run.id}.pt"')
    return f'"""{docstring}\n"""\n\n{parts.imports}\n\n{parts.settings}\n\n\n{code}\n'


def render_notebook(run: Run, language: str = SOURCE) -> str:
    """Return the training of `run` as a notebook (JSON) of the same steps; arguments and errors are those of `render_script`."""
    parts = collect_parts(run, language, is_notebook=True)
    words = {
        "title": parts.translate(run.task.title),
        "about": parts.about,
        "packages": " ".join([*parts.packages, "matplotlib"]),
    }
    start = parts.main.index(":\n") + 2
    body = textwrap.dedent(parts.main[start:].partition("\n\n\nif __name__")[0])
    inserted = {
        "settings": [parts.imports, parts.settings],
        "data": parts.data,
        "model": parts.model,
        "helpers": [*parts.helpers, *parts.functions],
    }
    cells = []
    for kind, text in prose.split_cells(body):
        if kind == "[markdown]":
            cells.append(("markdown", prose.markdown(text, parts.translate, words)))
        elif kind.startswith("insert:"):
            cells.append(("code", "\n\n\n".join(inserted[kind.removeprefix("insert:").strip()])))
        else:
            cells.append(("code", prose.comment(text, parts.translate)))
    return prose.notebook((kind, text) for kind, text in cells if text.strip())


@dataclass(frozen=True)
class ScriptParts:
    """What a script and a notebook are put together from: sources by subject, and text in a language.

    Attributes:
        translate: translates message ids.
        is_source: whether the language is that of the message ids, so that docstrings and comments of inlined sources stay.
        about: what the run was, and reached.
        model_module: the module that defines the model.
        imports: import statements.
        settings: the dictionaries that the code reads.
        model: definitions of the model.
        data: definitions of the data, `load` last.
        helpers: inlined functions of the training.
        functions: functions of the template.
        main: the function `main` of the template: of a script with its comments, of a notebook with `N_("…")` and marks of cells.
        packages: what `pip` installs.
    """

    translate: Translate
    is_source: bool
    about: str
    model_module: ModuleType
    imports: str
    settings: str
    model: list[str]
    data: list[str]
    helpers: list[str]
    functions: list[str]
    main: str
    packages: list[str]


def collect_parts(run: Run, language: str, *, is_notebook: bool = False) -> ScriptParts:
    """Collect the sources of the training of `run`. Raises UserError as `render_script`."""
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
    translate = get_translator(language)

    template, loader = (
        (_TEMPLATE_DIR / _TEMPLATES[task.trainer]).read_text(encoding="utf-8"),
        load_path.read_text(),
    )
    imports: list[ast.stmt] = []
    module = inspect.getmodule(models.get_builder(task.model))
    model = extract_definitions(module, {task.model}, imports)
    known = {**_known_values(task, recipe, used, "\n".join(model)), "IS_NOTEBOOK": is_notebook}
    body = fold_branches(template.partition("# ---- training")[2].partition("\n")[2], known)
    body = body.replace("build_model(", f"{task.model}(").strip("\n")
    functions, _, main = body.partition("def main() -> None:\n")
    main = f"def main() -> None:\n{main}"
    commented = prose.comment(main, translate)
    load = loader[loader.index("def load(") :].rstrip()
    names = known_names(ast.parse(load), ast.parse(functions), ast.parse(commented))
    data_helpers, helpers = inline_helpers((loader, template), names, imports)
    data_helpers, helpers = (
        [part for part in parts if part not in model] for parts in (data_helpers, helpers)
    )
    functions = functions.strip("\n")
    code = "\n\n\n".join([*model, *data_helpers, load, *helpers, functions, commented])
    merged = merge_imports(imports, known_names(ast.parse(code)) | {"torch"}, _LINE_LENGTH)
    is_source = language == SOURCE
    if not is_source:
        model, data_parts, helpers, (functions,) = (
            [prose.strip_prose(part, translate) for part in parts]
            for parts in (model, [*data_helpers, load], helpers, [functions])
        )
        commented = prose.translate_help(commented, translate)
        commented = commented.replace(_MAIN_DOCSTRING, translate(_MAIN_DOCSTRING), 1)
    else:
        data_parts = [*data_helpers, load]
    return ScriptParts(
        translate=translate,
        is_source=is_source,
        about=_describe(run, used, translate),
        model_module=module,
        imports=merged,
        settings=_settings(run, recipe, used, code, translate),
        model=model,
        data=data_parts,
        helpers=helpers,
        functions=[functions],
        main=main.replace(f'    """{_MAIN_DOCSTRING}"""\n', "") if is_notebook else commented,
        packages=[
            p for name, p in _PACKAGES.items() if re.search(rf"^(from|import) {name}\b", merged, re.MULTILINE)
        ],
    )


def _known_values(task: tasks.Task, recipe: Recipe, used: dict[str, Any], model: str) -> dict[str, object]:
    """What decides branches of the template."""
    return {
        "recipe": recipe,
        "IS_CLASSIFIER": get_kind(task.kind).predicts_classes,
        "IS_IMAGE": len(used["in_shape"]) == 3,
        "IS_REAL": not used.get("stand_in_for"),
        "IS_PRETRAINED": pretrained.required_weights(task, recipe) is not None,
        "ONE_BY_ONE": getattr(recipe, "batching", "tensors") == "dataloader",
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


def _settings(run: Run, recipe: Recipe, used: dict[str, Any], code: str, translate: Translate) -> str:
    """The dictionaries that `code` reads."""
    values = {
        "num_outputs": len(used["classes"]) or 1,
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
    options = recipe.part("model")

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
            lines += [f"    # {part}" for part in prose.wrap(comment, _LINE_LENGTH - 6)] + [line]
    return "\n".join([f"{name} = {{", *lines, "}"])


def _describe(run: Run, used: dict[str, Any], translate: Translate) -> str:
    """What the run was and reached. Words come from the `DatasetInfo` and numbers are checked: a run folder is not trusted."""
    info, recipe, summary = data.dataset_info(run.task.dataset), run.recipe, run.summary
    title = translate(info.title_of(used["name"]))
    if used.get("stand_in_for"):
        title = translate(N_("{fallback} (in place of {title})")).format(
            fallback=translate(info.fallback_title), title=translate(info.title)
        )
    rest = int(used["train"]) - recipe.num_validation
    text = translate(
        N_(
            "It repeats run {run} on {title}. Examples for training: {train}, for validation: {validation}, for testing: {test}."
        )
    ).format(
        run=run.id,
        title=title,
        train=f"{min(rest, recipe.limit_train or rest):,}",
        validation=f"{recipe.num_validation:,}",
        test=f"{int(used['test']):,}",
    )
    if summary is None:
        return f"{text} " + translate(
            N_(
                "The run had not finished when this file was written, so there are no test metrics to compare with."
            )
        )
    metrics = [f"{re.sub('[^a-z0-9_]', '', k)} {float(v):.4f}" for k, v in summary["metrics"].items()]
    return f"{text} " + translate(
        N_(
            "The weights of epoch {best} of {epochs} reached {metrics} on the test set, after {seconds} s. "
            "Another processor or version of PyTorch rounds differently, so expect similar numbers."
        )
    ).format(
        best=int(summary["best_epoch"]),
        epochs=int(summary["epochs"]),
        metrics=", ".join(metrics),
        seconds=f"{float(summary['seconds']):.0f}",
    )


def _banner(words: str) -> str:
    return f"# ---- {words} ".ljust(100, "-")


def _as_comment(text: str | None) -> list[str]:
    return [f"# {line}".rstrip() for line in (text or "").splitlines()]


def floats(values: Any) -> list[float]:
    """Return the shortest decimals that are the same numbers in single precision."""
    import numpy as np

    return [float(str(np.float32(v))) for v in values]
