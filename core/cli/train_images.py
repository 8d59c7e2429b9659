"""`train images`: train a classifier on a folder or a zip of photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from core.cli import options
from core.cli.follow import start_and_follow
from core.cli.output import _, print_message, progress_bar
from core.messages import N_, UserError
from core.projects import dataset, from_data, splits
from core.projects.store import Project
from core.projects.tasks import MODELS, base_task, fitted_recipe, make_task
from core.runs.store import Run

NAME = "images"
DEFAULT_MODEL = next(iter(MODELS))
_INIT = {"scratch": "scratch", "frozen": "frozen", "finetune": "fine-tuned"}
_ABOUT = N_("Train a classifier on your own photos: a folder or a zip with one folder per class.")


def find_model(args: Sequence[str]) -> str:
    """The model that the command line names, or the default."""
    for i, arg in enumerate(args):
        if arg == "--model" and i + 1 < len(args):
            return args[i + 1]
        if arg.startswith("--model="):
            return arg.partition("=")[2]
    return DEFAULT_MODEL


def make_command(model: str = DEFAULT_MODEL) -> Any:
    """The command with the options of `model`'s recipe. Raises UserError if no such model is offered."""
    base = base_task(model)
    fields = [n for n in base.fields() if n not in ("init", "num_validation")]
    own = {
        "data": (
            Path,
            typer.Option(
                help=_(N_("Folder or zip with one folder per class, or the ID of a photo project.")),
                metavar="DIR|ZIP|ID",
            ),
        ),
        "classes": (str, typer.Option(help=_(N_("Use only these classes, separated by commas.")))),
        "model": (
            str,
            typer.Option(help=_(N_("Model: one of {models}.")).format(models=", ".join(MODELS))),
        ),
        "mode": (
            Literal["scratch", "frozen", "finetune"],
            typer.Option(
                help=_(
                    N_(
                        "scratch: random initialization; frozen: pretrained backbone, only the head is "
                        "trained; finetune: all layers are trained."
                    )
                )
            ),
        ),
        "num_validation": (
            int,
            typer.Option(help=_(N_("Number of validation photos (default: about a tenth)."))),
        ),
        **options.run_parameters(),
    }
    parameters = [(n, Annotated[kind | None, option]) for n, (kind, option) in own.items()]
    parameters += options.recipe_parameters(base.recipe, fields)

    def command(**values: object) -> None:
        given = {name: values.pop(name) for name in own}
        if given["num_validation"] is not None:
            values["num_validation"] = given["num_validation"]
        _train(model, given, {k: v for k, v in values.items() if v is not None})

    return options.build_command(NAME, options.with_parameters(command, parameters, _(_ABOUT)))


def _train(model: str, given: dict[str, Any], changes: dict[str, Any]) -> None:
    if given["data"] is None:
        raise UserError(N_("Name a folder or a zip of photos with --data."))
    classes = [c for c in (given["classes"] or "").split(",") if c.strip()] or None
    with progress_bar() as show:
        project = from_data.open_or_create(given["data"], classes, show)
    dataset.check_trainable(project)
    _print_project(project)
    task = make_task(project, model)
    recipe = fitted_recipe(project, model, _INIT[given["mode"]] if given["mode"] else None)
    recipe = recipe.changed(**(task.quick if given["quick"] else {})).changed(**changes)
    start_and_follow(task, recipe, given, describe=lambda run: describe_result(run, project))


def _print_project(project: Project) -> None:
    split = list(splits.split_photos(project).values())
    counts = {name: split.count(name) for name in ("train", "validation", "test")}
    print_message(
        N_("Photo project {id}: training {train}, validation {validation}, test {test}."),
        id=project.id,
        **{name: f"{count:,}" for name, count in counts.items()},
    )


def describe_result(run: Run, project: Project) -> dict[str, Any]:
    """Accuracy, macro precision, recall and F1 on the test photos, and the same per class, as scikit-learn defines them."""
    from core.analysis import evaluation_report  # pandas, which no other command waits for

    report = evaluation_report.load_report(run)
    if report is None:
        return {"project": project.id}
    table = report.per_class()
    macro = {name: float(table[name].mean()) for name in ("precision", "recall", "f1")}
    return {
        "accuracy": float((report.predictions == report.targets).mean()),
        **macro,
        "per_class": {
            str(name): {**{k: float(row[k]) for k in macro}, "support": int(row["support"])}
            for name, row in table.iterrows()
        },
        "project": project.id,
    }
