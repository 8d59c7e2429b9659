"""The commands of `python -m core`."""

from __future__ import annotations

import errno
import logging
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from core import data, paths, pretrained, tasks
from core.cli import ablate, export, learning_rate
from core.cli import coco as coco_commands
from core.cli import runs as runs_commands
from core.cli import train as train_command
from core.cli.output import _, format_duration, print_json, print_message, print_table, progress_bar
from core.files import write_bytes
from core.messages import Message, N_, UserError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=_(N_("Manabi Lab command line: train, evaluate, predict.")),
)
app.add_typer(train_command.app, name="train")
app.add_typer(runs_commands.app, name="runs")
app.add_typer(coco_commands.app, name="coco")
app.command("lr", help=_(N_("Raise the learning rate step by step, and suggest one for a task.")))(
    learning_rate.find_rate
)
app.command("export", help=_(N_("Export a run as a script, a notebook or the files of the notes.")))(
    export.export_run
)
app.command("ablate", help=_(N_("Train the variants of an ablation and write their curves.")))(
    ablate.run_ablation
)
data_app = typer.Typer(no_args_is_help=True, help=_(N_("Datasets: list and download.")))
app.add_typer(data_app, name="data")
weights_app = typer.Typer(
    no_args_is_help=True, help=_(N_("Third-party pretrained weights: list and download."))
)
app.add_typer(weights_app, name="weights")
ood_detector_app = typer.Typer(
    no_args_is_help=True, help=_(N_("Out-of-distribution detector for the digit classifiers."))
)
app.add_typer(ood_detector_app, name="guard")

Json = Annotated[bool, typer.Option("--json", help=_(N_("Print the result as JSON on the last line.")))]
DataRoot = Annotated[
    Path | None, typer.Option(help=_(N_("Dataset folder (default: MANABI_DATA, then data/).")))
]


@app.command("tasks", help=_(N_("List all tasks.")))
def list_tasks(json: Json = False) -> None:
    if json:
        print_json(
            {
                "tasks": [
                    {"name": t.name, "kind": t.kind, "dataset": t.dataset, "model": t.model}
                    for t in tasks.TASKS
                ]
            }
        )
        return
    rows = []
    for t in tasks.TASKS:
        e = t.expected_result
        reached = f"{e.metric} {e.value:.4f}, {format_duration(e.seconds)}" if e else "-"
        rows.append((t.name, _(t.title), t.model, t.dataset, reached))
    print_table(
        [_(N_("task")), _(N_("description")), _(N_("model")), _(N_("data")), _(N_("reference result"))], rows
    )


@app.command(help=_(N_("Evaluate a task's pretrained weights, or your own, on the test set.")))
def evaluate(
    task: str,
    checkpoint: Annotated[
        Path | None, typer.Option(help=_(N_("Weights file (.safetensors) for this task's model.")))
    ] = None,
    data_root: DataRoot = None,
    json: Json = False,
) -> None:
    tasks.task_for_checkpoint(task)
    from core.evaluation import evaluate_task

    with progress_bar() as progress:
        evaluation, path, dataset = evaluate_task(task, checkpoint, data_root, progress)
    if dataset.notice:
        print_message(dataset.notice)
    print_message(
        Message.counted(
            "{task} on the {data} test set ({count} example): {figures}",
            "{task} on the {data} test set ({count} examples): {figures}",
            len(evaluation.targets),
            task=task,
            data=_(dataset.title),
            figures=", ".join(f"{k} {v:.4f}" for k, v in evaluation.metrics.items()),
        )
    )
    if json:
        print_json(
            {"task": task, "checkpoint": str(path), "data": dataset.title, "metrics": evaluation.metrics}
        )


@app.command(help=_(N_("Classify images with a task's pretrained weights or with one of your runs.")))
def predict(
    source: Annotated[str, typer.Argument(metavar="TASK|RUN", help=_(N_("Task name or run ID.")))],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE|FOLDER...", help=_(N_("Image files, or folders of images."))),
    ],
    checkpoint: Annotated[
        Path | None, typer.Option(help=_(N_("Weights file (.safetensors) to use instead.")))
    ] = None,
    top: Annotated[int, typer.Option(help=_(N_("Number of classes to print.")), min=1)] = 3,
    csv: Annotated[
        Path | None,
        typer.Option(help=_(N_("Write the probability of each class for each image to this CSV file."))),
    ] = None,
    json: Json = False,
) -> None:
    from core.analysis.file_predictions import (
        classify_file,
        list_image_files,
        load_predictor,
        predictions_csv,
        top_classes,
    )

    predictor = load_predictor(source, checkpoint)
    files, found = list_image_files(paths), []
    for path in files:
        try:
            found.append((str(path), classify_file(predictor, path)))
        except UserError as error:
            if len(files) == 1:
                raise
            print_message(N_("{file} was skipped: {reason}"), file=str(path), reason=error.message)
    predictions = [{"image": name, "top": top_classes(predictor, p, top)} for name, p in found]
    if csv:
        write_bytes(csv, predictions_csv(predictor.spec.classes, found))
    if json:
        print_json({"source": source, "answers": predictions})
    else:
        print_table(
            [_(N_("image")), _(N_("top predictions"))],
            [(p["image"], ", ".join(f"{c} {100 * v:.1f}%" for c, v in p["top"])) for p in predictions],
        )
    if len(predictions) < len(files):
        raise typer.Exit(1)


@app.command(
    help=_(N_("Translate a photo of an apple into an orange, or vice versa. The photo keeps its size."))
)
def translate(
    photo: Annotated[Path, typer.Argument(metavar="IN", help=_(N_("Image file.")))],
    out: Annotated[
        Path, typer.Argument(metavar="OUT.png", help=_(N_("Output path for the translated photo.")))
    ],
    direction: Annotated[
        Literal["auto", "a2b", "b2a"],
        typer.Option(help=_(N_("A to B (a2b), B to A (b2a), or detected by the classifier (auto)."))),
    ] = "auto",
    checkpoint: Annotated[
        Path | None, typer.Option(help=_(N_("Weights file (.safetensors) to use instead.")))
    ] = None,
    strength: Annotated[
        float, typer.Option(help=_(N_("Strength of the change; 1 applies it fully.")), min=0.0, max=1.5)
    ] = 1.0,
    json: Json = False,
) -> None:
    from core.translation.image_file import translate_file

    made = translate_file(photo, out, direction, checkpoint, strength)
    print_message(N_("Saved: {file}"), file=str(out))
    if json:
        print_json({"out": str(out), **made})


@app.command(help=_(N_("Show the layers, shapes, parameters and MACs of a model.")))
def summary(model: Annotated[str, typer.Argument(help=_(N_("Task name or registered model name.")))]) -> None:
    from core import models
    from core.projects import tasks as photo_tasks

    known = {t.name: t for t in tasks.TASKS}
    entry = known.get(tasks.current_name(model)) or next((t for t in tasks.TASKS if t.model == model), None)
    if entry is None and model in photo_tasks.MODELS:
        entry = photo_tasks.base_task(model)
    if entry is None:
        models.get_builder(model)
        raise UserError(N_("No task uses the model {model}, so its input shape is unknown."), model=model)
    import torchinfo

    info = data.dataset_info(entry.dataset)
    in_shape = info.example_shape(**entry.recipe.part("data"))
    network = models.create_model(entry.model, in_shape, info.num_outputs, **entry.recipe.part("model"))
    columns = ("output_size", "num_params", "mult_adds")
    print(torchinfo.summary(network, (1, *in_shape), col_names=columns, verbose=0, depth=4))


@app.command(help=_(N_("Export a finished run as the task's pretrained checkpoint, with a model card.")))
def ship(run: str) -> None:
    from core.analysis.release import export_checkpoint

    print_message(N_("Saved: {file}"), file=str(export_checkpoint(run)))


@data_app.command("status", help=_(N_("Show the location, number of examples and size of each dataset.")))
def data_status(data_root: DataRoot = None, json: Json = False) -> None:
    statuses = [data.dataset_status(name, data_root) for name in data.list_source_datasets()]
    if json:
        print_json(
            {
                "data": [
                    {
                        "name": s.name,
                        "title": s.title,
                        "folder": str(s.folder) if s.folder else None,
                        "train": s.train,
                        "test": s.test,
                        "bytes": s.bytes,
                        "problem": str(s.problem) if s.problem else None,
                    }
                    for s in statuses
                ]
            }
        )
        return
    rows = []
    for s in statuses:
        size = f"{s.bytes / 1e6:,.1f} MB" if s.folder else "-"
        missing = N_("not installed (fallback data: {stand_in})") if s.fallback_title else N_("not installed")
        where = s.folder or _(missing).format(stand_in=_(s.fallback_title))
        rows.append((_(s.title), where, f"{s.train:,}", f"{s.test:,}", size))
    print_table([_(N_("dataset")), _(N_("location")), _(N_("training")), _(N_("test")), _(N_("size"))], rows)
    for s in statuses:
        if s.problem:
            print_message(s.problem)
    searched = ", ".join(str(p) for p in paths.data_roots(data_root))
    print_message(N_("Searched: {folders}"), folders=searched)


@data_app.command("get", help=_(N_("Download a dataset from its official source.")))
def data_get(name: str) -> None:
    info = data.dataset_info(name)
    with progress_bar() as show:
        folder = data.download_dataset(name, show)
    print_message(N_("{title} is in {folder}."), title=_(info.title), folder=str(folder))


@weights_app.command("status", help=_(N_("List pretrained weights and their locations.")))
def weights_status(json: Json = False) -> None:
    if json:
        print_json(
            {
                "weights": [
                    {"name": w.name, "file": str(w.path), "there": w.path.exists()}
                    for w in pretrained.WEIGHTS
                ]
            }
        )
        return
    rows = [
        (w.name, w.title, w.path if w.path.exists() else _(N_("not installed"))) for w in pretrained.WEIGHTS
    ]
    print_table([_(N_("weights")), _(N_("description")), _(N_("location"))], rows)


@weights_app.command("get", help=_(N_("Download weights from their official source.")))
def weights_get(name: str) -> None:
    entry = pretrained.get_weights(name)
    with progress_bar() as show:
        path = pretrained.download_weights(entry, show)
    print_message(N_("{title} is in {folder}."), title=entry.title, folder=str(path.parent))


@ood_detector_app.command(
    "build",
    help=_(
        N_("Fit the out-of-distribution detector on MNIST training digits and save it with the checkpoints.")
    ),
)
def ood_detector_build() -> None:
    from core.digits.ood_detector import build_detector

    print_json(build_detector())


def main() -> None:
    """Run the command line. Errors that the user can fix are printed as one sentence, with exit status 1."""
    logging.basicConfig(level="ERROR")
    try:
        app()
    except UserError as error:
        print_message(error.message)
        sys.exit(1)
    except OSError as error:
        print_message(_os_error_message(error))
        sys.exit(1)


def _os_error_message(error: OSError) -> Message:
    """The sentence for an error of the operating system."""
    values = {"file": str(error.filename), "reason": error.strerror or str(error)}
    if error.filename is None:
        return Message(N_("Operating system error: {reason}."), values)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Message(
            N_("The disk is full: {file} could not be written. Free up space and try again."), values
        )
    return Message(N_("{file} cannot be read or written: {reason}."), values)
