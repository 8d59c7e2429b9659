"""A run as one file of plain PyTorch: what a learner takes home, reads from top to bottom, changes and runs anywhere.

The file is made from `core/templates/`: only the lines that the run's recipe uses are printed. The network, the order of the
examples, the augmentation and the squared error are the project's own source, so that the code shown is the code that ran.
"""

from __future__ import annotations

import ast
import inspect
import json
import math
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import jinja2

from core import data, models, paths, pretrained, tasks
from core.data import SPLIT_SEED
from core.messages import N_, UserError
from core.runs import system_info
from core.runs.store import Run
from core.task_spec import SUPERVISED_TRAINER
from core.training.recipe import Recipe

_TEMPLATE_DIR = paths.PROJECT / "core" / "templates"
_TEMPLATES = {SUPERVISED_TRAINER: "supervised.py.jinja"}
_MAX_LINE_LENGTH = 112  # characters, so that its line has at most 130
_PACKAGE_OF_NAME = {
    "torch": "torch",
    "MNIST": "torchvision",
    "CIFAR10": "torchvision",
    "ImageFolder": "torchvision",
    "resnet18": "torchvision",
    "train_test_split": "scikit-learn",
    "resize": "scikit-image",
    "pd": "pandas",
}
_DATASET_KEYS = {"name", "train", "test", "in_shape", "classes", "mean", "std"}
_SCALING_COMMENTS = {
    "standardized": "Bytes become numbers around zero: scaled to [0, 1], then mean 0 and standard deviation 1 over the training part.",
    "unit": "Bytes become numbers from 0 to 1.",
    "bytes": "Bytes stay numbers from 0 to 255.",
}
_TEMPLATE_IMPORTS = """
import argparse
import copy
import math
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from collections.abc import Callable
from pathlib import Path
from skimage.transform import resize
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import train_test_split
from PIL import Image
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.datasets import CIFAR10, MNIST, ImageFolder
"""


def script_name(run: Run) -> str:
    """The name under which the script of `run` is handed out."""
    return f"{run.id}.py"


def has_script(task: tasks.Task) -> bool:
    """Whether trainings of `task` can be handed out as a script."""
    return task.trainer in _TEMPLATES


def render_script(run: Run) -> str:
    """The training of `run` as one Python file that needs PyTorch and the data, and nothing of this project.

    Raises UserError where the run has not read its data yet, or its kind of training has no script.
    """
    task, recipe, used = run.task, run.recipe, run.config.get("data")
    if not isinstance(used, dict) or not used.keys() >= _DATASET_KEYS:
        raise UserError(
            N_("Run {run} has not loaded its data yet. The script will be available once training starts."),
            run=run.id,
        )
    data_name = re.sub(r"\W", "", str(used["name"]))
    if not has_script(task) or not (_TEMPLATE_DIR / "load" / f"{data_name}.py.jinja").is_file():
        raise UserError(N_("A plain PyTorch script is not available for {task} yet."), task=task.name)
    from core.data import augment  # these import torch, and pages import this module
    from core.training import batches, optim

    network, network_imports = _model_source(task.model)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATE_DIR),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    classifies, known = task.kind == "classification", _data_context(task, used)
    load = environment.get_template(f"load/{data_name}.py.jinja").render(
        recipe.model_dump(), **known, definitions=lambda name: _synthetic_source(task.dataset, name)
    )
    turns, moves = recipe.shift or recipe.rotate or recipe.scale, recipe.flip != "none" or recipe.crop_padding
    used_augmentations = {
        augment.random_affine: turns,
        augment.random_crop_flip: moves,
        augment.random_hue_grayscale: recipe.hue or recipe.grayscale,
        augment.color_jitter: recipe.color_jitter,
        augment.cutout: recipe.cutout,
    }
    sources = [_function_source(f) for f, used in used_augmentations.items() if used] if classifies else []
    if moves and sources:
        sources.insert(0, _function_source(augment._reflect_indices))
    has_norms = "BatchNorm" in network
    text = environment.get_template(_TEMPLATES[task.trainer]).render(
        recipe.model_dump(),
        **known,
        about=_script_header(run, recipe, used),
        title=task.name,
        file=script_name(run),
        out=f"{run.id}.pt",
        packages="@packages@",
        banner=lambda words: f"# ---- {words} ".ljust(100, "-"),
        classifies=classifies,
        augmentations=sources,
        turns=classifies and turns,
        moves=classifies and moves,
        colours=classifies and recipe.color_jitter,
        recolours=classifies and (recipe.hue or recipe.grayscale),
        cuts=classifies and recipe.cutout,
        prepared=_SCALING_COMMENTS[recipe.input_scaling],
        **_scaling_context(recipe, used),
        judged="average.module" if recipe.ema_decay else "network",
        begins_with_data=batches.MAX_WARM_START_EXAMPLES if "def init_whitening" in network else 0,
        squared_error=_function_source(optim.squared_error) if _uses_squared_error(task, recipe) else "",
        averaging=_function_source(optim.ema_update) if recipe.ema_decay else "",
        one_cycle=_one_cycle_call(optim.momentum_cycle(recipe), has_norms and recipe.norm_lr_factor != 1),
        loss=_loss_expression(task, recipe),
        optimizer=_optimizer_call(recipe, has_norms),
        has_norms=has_norms,
        imagenet=pretrained.required_weights(task, recipe) is not None,
        schedule="" if recipe.schedule == "none" else recipe.schedule,
        max_steps=_max_steps(recipe, used),
        patience=recipe.patience if recipe.num_validation else 0,
        dropout=getattr(recipe, "dropout", 0),
        bf16=(run.environment.get("precision") or system_info.resolve_precision(recipe.precision))
        == "bf16-mixed",
        model=network,
        convolves="Conv2d" in network,
        build=_model_call(task.model, used, recipe),
        load=load.strip(),
        splits=recipe.num_validation or "cut_validation(" in load,
        cut_validation=_function_source(data.train_val_split),
        few=_function_source(data.stratified_subset),
        epoch_order=_function_source(batches.epoch_order),
    )
    return _finish_script(text, recipe, network_imports)


# ---- what the template is told ---------------------------------------------------------------------------------------


def _data_context(task: tasks.Task, used: dict[str, Any]) -> dict[str, Any]:
    """Which data the run read. Words come from the `DatasetInfo` and numbers are checked: a run folder is not trusted."""
    info = data.dataset_info(task.dataset)
    real, folder = (
        not used.get("stand_in_for"),
        {"cifar10-copy": "cifar10"}.get(used["name"], info.layout.split("/")[0]),
    )
    return {
        "test": int(used["test"]),
        "mean": _format_constant(used["mean"]),
        "std": _format_constant(used["std"]),
        "features": "[" + ", ".join(f'"{f}"' for f in info.features if f in used.get("features", ())) + "]",
        "root_help": f"folder that holds {folder}/" if real else "",
    }


def _scaling_context(recipe: Recipe, used: dict[str, Any]) -> dict[str, Any]:
    """How augmentation sees the pixels: as the network does, or standardised where the network sees them in another scale."""
    if "standard" not in used or not (recipe.color_jitter or recipe.cutout):
        return {"rescales": None, "seen": "prepare"}
    return {"rescales": [_format_constant(values) for values in used["standard"]], "seen": "standardized"}


def _script_header(run: Run, recipe: Recipe, used: dict[str, Any]) -> str:
    """What the run was and reached, in a few lines."""
    info = data.dataset_info(run.task.dataset)
    stood_in = f"{info.fallback_title} (in place of {info.title})"
    title = stood_in if used.get("stand_in_for") else info.title_of(used["name"])
    held = f"{recipe.num_validation:,} to choose the best epoch, " if recipe.num_validation else ""
    text = f"It repeats run {run.id}: {title}, {_num_train(recipe, used):,} examples to train, {held}{int(used['test']):,} to test. "
    summary = run.summary
    if summary is None:
        text += "The run had not come to its end when this file was written, so there is no figure yet to compare with."
    else:
        figures = ", ".join(
            f"{re.sub('[^a-z0-9_]', '', name)} {float(v):.4f}" for name, v in summary["metrics"].items()
        )
        epochs = f"the weights of epoch {int(summary['best_epoch'])} of {int(summary['epochs'])}"
        text += f"With {epochs} it reached {figures} on the test part, in {float(summary['seconds']):.0f} s. Another "
        text += "processor or version rounds differently: expect figures close to these, not the same digits."
    return textwrap.fill(text, 100)


def _optimizer_call(recipe: Recipe, has_norms: bool) -> str:
    """The line that makes the optimizer, as `core.training.optim` makes it."""
    grouped = recipe.weight_decay or (recipe.norm_lr_factor != 1 and has_norms)
    arguments = ["groups" if grouped else "network.parameters()", "lr=LEARNING_RATE"]
    if recipe.optimizer in ("sgd", "rmsprop") and recipe.momentum:
        arguments.append("momentum=MOMENTUM")
    if recipe.optimizer == "sgd" and recipe.momentum and recipe.nesterov:
        arguments.append("nesterov=True")
    if recipe.optimizer == "adamw" and not recipe.weight_decay:
        arguments.append("weight_decay=0.0")
    if recipe.optimizer in ("adam", "adamw"):
        arguments.append("fused=True")
    name = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}[recipe.optimizer]
    return f"torch.optim.{name}({', '.join(arguments)})"


def _one_cycle_call(swing: dict[str, float | bool], rates_differ: bool) -> str:
    """The call that makes the one-cycle schedule, as `core.training.optim` makes it."""
    highest = '[g["lr"] for g in optimizer.param_groups]' if rates_differ else "LEARNING_RATE"
    arguments = [
        "optimizer",
        f"max_lr={highest}",
        "total_steps=total_steps",
        *(f"{name}={value}" for name, value in swing.items()),
    ]
    call = f"torch.optim.lr_scheduler.OneCycleLR({', '.join(arguments)})"
    if len(call) <= _MAX_LINE_LENGTH:
        return call
    rest = ", ".join(arguments)
    if len(rest) <= _MAX_LINE_LENGTH:
        return f"torch.optim.lr_scheduler.OneCycleLR(\n        {rest}\n    )"
    return "torch.optim.lr_scheduler.OneCycleLR(\n" + "".join(f"        {a},\n" for a in arguments) + "    )"


def _uses_squared_error(task: tasks.Task, recipe: Recipe) -> bool:
    return task.kind == "classification" and recipe.loss == "squared-error"


def _loss_expression(task: tasks.Task, recipe: Recipe):  # noqa: ANN202
    """How the template writes the loss of outputs and targets."""
    if task.kind == "regression":
        name, more = "F.mse_loss", ""
    elif recipe.loss == "squared-error":
        name, more = "squared_error", "LABEL_SMOOTHING"
    else:
        name, more = "F.cross_entropy", "label_smoothing=LABEL_SMOOTHING"
    more = f", {more}" if more and recipe.label_smoothing else ""
    return lambda outputs, targets: f"{name}({outputs}, {targets}{more})"


def _max_steps(recipe: Recipe, used: dict[str, Any]) -> int:
    """The recipe's end in steps, 0 where it comes after the last epoch anyway."""
    steps = recipe.epochs * math.ceil(_num_train(recipe, used) / recipe.batch_size)
    return recipe.max_steps if recipe.max_steps < steps else 0


def _num_train(recipe: Recipe, used: dict[str, Any]) -> int:
    rest = int(used["train"]) - recipe.num_validation
    return min(rest, recipe.limit_train or rest)


def _model_call(model: str, used: dict[str, Any], recipe: Recipe) -> str:
    """The call that builds the network."""
    in_shape, outputs = tuple(int(n) for n in used["in_shape"]), len(used["classes"]) or 1
    options = "".join(f", {name}={name.upper()}" for name in recipe.part("model"))
    call = f"{model}(in_shape={in_shape}, num_outputs={outputs}{options})"
    if len(call) <= _MAX_LINE_LENGTH:
        return call
    arguments = [f"in_shape={in_shape}", f"num_outputs={outputs}", *options.removeprefix(", ").split(", ")]
    return f"{model}(\n" + "".join(f"        {a},\n" for a in arguments) + "    )"


# ---- the network's source --------------------------------------------------------------------------------------------


def _function_source(function: Callable[..., Any]) -> str:
    """The function as it stands in the project; what it imports inside goes to the head of the script."""
    text = inspect.getsource(function).strip()
    return re.sub(r"\n +(from \S+ )?import .*\n?(?=\n)", "", text)


def _synthetic_source(dataset: str, name: str) -> str:
    """What of a data set's module the function `name` needs, standing alone: a stand-in that is drawn is drawn by the script too."""
    return "\n\n\n".join(
        _extract_definitions(inspect.getmodule(data.dataset_info(dataset).load), {name}, [])[1:]
    )


def _model_source(name: str) -> tuple[str, list[ast.stmt]]:
    """What of the network's module the function `name` needs, standing alone, and the module's imports.

    Names that come from another module of `core.models` are written before it.
    """
    imports: list[ast.stmt] = []
    module = inspect.getmodule(models.get_builder(name))
    return "\n\n\n".join(_extract_definitions(module, {name}, imports)), imports


def _extract_definitions(module: ModuleType, wanted: set[str], imports: list[ast.stmt]) -> list[str]:
    text = inspect.getsource(module)
    lines, tree = text.splitlines(), ast.parse(text)
    defined = {name: node for node in tree.body for name in _bound_names(node)}
    needed = _reachable_names(wanted, defined)
    parts, end = [], 0
    for node in tree.body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        while start > end and lines[start - 1].startswith("#"):
            start -= 1  # comments right above belong to what they are above
        end = node.end_lineno
        if isinstance(node, ast.ImportFrom) and node.module.startswith("core"):
            names = {a.asname or a.name for a in node.names} & needed - {"register_model"}
            if names:
                other = sys.modules[node.module]
                parts += _extract_definitions(other, names, imports)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(node)
        elif _bound_names(node) & needed:
            block = "\n".join(line for line in lines[start:end] if line.strip() != "@register_model")
            parts.append(re.sub(r'\bN_\(("[^"]*")\)', r"\1", block))  # the script speaks one language
    said = ast.get_docstring(tree)
    if said:
        comment = "\n".join(f"# {line}".rstrip() for line in said.splitlines())
        parts.insert(0, comment)
    return parts


def _bound_names(node: ast.stmt) -> set[str]:
    """The names that a top-level statement defines or brings in."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.ImportFrom | ast.Import):
        return {(a.asname or a.name).split(".")[0] for a in node.names}
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}


def _reachable_names(wanted: set[str], defined: dict[str, ast.stmt]) -> set[str]:
    """The names that the definitions of `wanted` use, and those that these use, and so on."""
    found, todo = set(), list(wanted)
    while todo:
        name = todo.pop()
        if name in defined and name not in found:
            found.add(name)
            todo += _known_names(defined[name])
    return found


def _known_names(*nodes: ast.AST) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


# ---- the head of the file --------------------------------------------------------------------------------------------


def _finish_script(text: str, recipe: Recipe, network_imports: list[ast.stmt]) -> str:
    """The rendered template with the imports, constants and packages that it uses."""
    names = _known_names(ast.parse(text))
    constants = {}
    for field in type(recipe).model_fields:
        # What a zero would mean is of no use beside a number that is not zero, and what a schedule does stands where it is made.
        comment = re.sub(r"; (0|one-cycle) .*", ".", recipe.field(field).description)
        constants[field.upper()] = (getattr(recipe, field), comment)
    constants["SPLIT_SEED"] = (SPLIT_SEED, "Cuts the parts of the data, whatever SEED is.")
    shown = {
        name: json.dumps(value) if isinstance(value, str) else repr(value)
        for name, (value, _) in constants.items()
    }
    lines = [
        f"{name} = {shown[name]}  # {comment}" for name, (_, comment) in constants.items() if name in names
    ]
    imports = _merge_imports([*ast.parse(_TEMPLATE_IMPORTS).body, *network_imports], names)
    packages = dict.fromkeys(package for name, package in _PACKAGE_OF_NAME.items() if name in names)
    text = text.replace("# imports\n", f"{imports}\n\n").replace("# constants\n", "\n".join(lines) + "\n")
    return text.replace("@packages@", " ".join(packages))


def _format_constant(values: list[float]) -> str:
    """One number, or one per channel, as it is written in a script."""
    numbers = [_format_float32(v) for v in values]
    return str(numbers[0]) if len(numbers) == 1 else f"torch.tensor({numbers}, device=DEVICE).view(-1, 1, 1)"


def _format_float32(value: float) -> float:
    """The shortest decimal that is the same number in single precision."""
    import numpy as np

    return float(str(np.float32(value)))


def _merge_imports(statements: Iterable[ast.stmt], names: set[str]) -> str:
    """Those imports that bring in one of `names`, merged and in isort's order."""
    plain: set[str] = set()
    members: dict[str, set[str]] = {}
    for node in statements:
        for alias in node.names:
            if (alias.asname or alias.name).split(".")[0] not in names:
                continue
            word = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
            if isinstance(node, ast.Import):
                plain.add(word)
            elif node.module != "__future__":
                members.setdefault(node.module, set()).add(word)
    sections: dict[bool, list[str]] = {True: [], False: []}
    for word in sorted(plain):
        sections[_is_stdlib(word)].append(f"import {word}")
    for module, words in sorted(members.items()):
        sections[_is_stdlib(module)].append(f"from {module} import {', '.join(sorted(words))}")
    future = ["from __future__ import annotations"]
    return "\n\n".join("\n".join(section) for section in (future, sections[True], sections[False]) if section)


def _is_stdlib(module: str) -> bool:
    return re.split(r"[. ]", module)[0] in sys.stdlib_module_names
