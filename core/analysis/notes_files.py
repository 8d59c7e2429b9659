"""The files of the learning notes' `results/` folder, made from a finished run.

`training_history.json`, `training_curves.png` and `predictions.png`, and of classification `confusion_matrix.png`. Their labels are
English: matplotlib's own font has no Japanese characters, and none is shipped. Classes that it cannot write are numbered.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.analysis import evaluation_report
from core.analysis.evaluation_report import ClassificationReport, EvaluationReport
from core.data import ArrayDataset
from core.messages import N_, UserError
from core.runs.logs import MetricsReader
from core.runs.store import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HISTORY, CURVES = "training_history.json", "training_curves.png"
PREDICTIONS, CONFUSION = "predictions.png", "confusion_matrix.png"
_BLUE, _RED, _GREEN = "#0072B2", "#C62828", "#00805E"
_NUM_ROWS, _NUM_COLUMNS = 3, 8
_NUM_WRONG = 8  # images of errors, if there are that many
_NOT_WRITABLE = re.compile(r"[^\x20-\x7e\u00a0-\u024f]")


def write_notes_files(run: Run) -> dict[str, bytes]:
    """The content of the files by name.

    Raises:
        UserError: if the run has not finished or is of a kind without test predictions.
    """
    if run.summary is None:
        raise UserError(
            N_("Run {run} has not finished. The files of the notes are made from its test results."),
            run=run.id,
        )
    report = evaluation_report.load_report(run)
    if report is None:
        raise UserError(
            N_(
                "Run {run} has no test predictions. The files of the notes are made for classification and regression."
            ),
            run=run.id,
        )
    history = training_history(run)
    files = {
        HISTORY: (json.dumps(history, ensure_ascii=False, indent=1) + "\n").encode(),
        CURVES: _to_png(draw_curves(history)),
        PREDICTIONS: _to_png(draw_predictions(run, report)),
    }
    if isinstance(report, ClassificationReport):
        files[CONFUSION] = _to_png(draw_confusion(report))
    return files


def write_notes_zip(run: Run) -> bytes:
    """The files in a zip, in a folder `results`, as the notes have them. Raises UserError as `write_notes_files`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in write_notes_files(run).items():
            archive.writestr(f"results/{name}", content)
    return out.getvalue()


def training_history(run: Run) -> dict[str, object]:
    """What `training_history.json` holds: the figures of every epoch as lists, as `metrics.csv` has them, and the test metrics.

    The keys are `epoch`, `train_loss`, `val_loss`, and `train_…` and `val_…` of accuracy or RMSE; None where an epoch has no figure.
    """
    log = MetricsReader(run.path / "metrics.csv").read()
    ends = log[log["train/loss_epoch"].notna()] if "train/loss_epoch" in log else log.iloc[:0]
    columns = {
        name.removesuffix("_epoch").replace("/", "_"): ends[name]
        for name in ends.columns
        if name.startswith("val/") or (name.startswith("train/") and name.endswith("_epoch"))
    }
    return {
        "run": run.id,
        "task": run.task_name,
        "data": str(run.config.get("data", {}).get("title", "")),
        "epoch": [int(epoch) for epoch in ends["epoch"]],
        **{
            name: [None if pd.isna(value) else float(value) for value in column]
            for name, column in columns.items()
        },
        "best_epoch": int(run.summary["best_epoch"]),
        "test": {name: float(value) for name, value in run.summary["metrics"].items()},
    }


def draw_curves(history: dict[str, object]) -> Figure:
    """Loss on the left; accuracy, or another score, on the right: training in blue, validation in red."""
    figure, axes = _figure(1, 2, (11, 4))
    score = next((name[4:] for name in history if name.startswith("val_") and name != "val_loss"), "")
    score = score or next(
        (name[6:] for name in history if name.startswith("train_") and name != "train_loss"), ""
    )
    for axis, name in zip(axes, ("loss", score), strict=True):
        for part, words, color in (("train", "training", _BLUE), ("val", "validation", _RED)):
            values = history.get(f"{part}_{name}")
            if values and any(value is not None for value in values):
                points = [np.nan if value is None else value for value in values]
                axis.plot(history["epoch"], points, color=color, marker="o", markersize=3, label=words)
        axis.set_xlabel("epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set_ylabel(name)
        axis.set_title(name)
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend()
    return figure


def draw_predictions(run: Run, report: EvaluationReport) -> Figure:
    """Test examples with their predictions, or of regression predicted against actual values."""
    dataset = evaluation_report.load_test_dataset(run)
    if not isinstance(report, ClassificationReport):
        return _draw_scatter(report)
    return _draw_examples(report, dataset)


def _draw_examples(report: ClassificationReport, dataset: ArrayDataset | None) -> Figure:
    """Test images with their true and predicted classes, correct ones in green and errors in red; without the images their numbers."""
    wrong = report.worst(_NUM_WRONG)
    correct = np.flatnonzero(report.predictions == report.targets)[: _NUM_ROWS * _NUM_COLUMNS - len(wrong)]
    names = writable_names(report.classes)
    figure, axes = _figure(_NUM_ROWS, _NUM_COLUMNS, (14, 6.2))
    for axis in axes.ravel():
        axis.axis("off")
    for axis, i in zip(axes.ravel(), [*correct, *wrong], strict=False):
        true, predicted = report.targets[i], report.predictions[i]
        if dataset is None:
            axis.text(0.5, 0.5, f"test image\n{i}", ha="center", va="center")
        else:
            image = np.asarray(dataset.test_x[i])
            axis.imshow(image[0] if len(image) == 1 else image.transpose(1, 2, 0), cmap="gray")
        mark = "✓" if true == predicted else "✗"
        axis.set_title(
            f"{mark} true: {names[true]}\npredicted: {names[predicted]}",
            color=_GREEN if true == predicted else _RED,
            fontsize=9,
        )
    return figure


def _draw_scatter(report: EvaluationReport) -> Figure:
    """Predicted against actual values of the test set."""
    figure, axes = _figure(1, 1, (5.5, 5))
    axis = axes.item()
    ends = [float(f(np.r_[report.targets, report.outputs])) for f in (np.min, np.max)]
    axis.plot(ends, ends, color="#7B818B", linestyle="--", label="ideal (y = x)")
    axis.scatter(report.targets, report.outputs, s=14, color=_BLUE, alpha=0.7)
    axis.set_xlabel("actual")
    axis.set_ylabel("predicted")
    axis.legend()
    return figure


def draw_confusion(report: ClassificationReport) -> Figure:
    """Counts: rows are true classes, columns predicted ones."""
    counts, names = report.confusion(), writable_names(report.classes)
    size = 2.5 + 0.5 * len(names)
    figure, axes = _figure(1, 1, (size + 0.8, size))
    axis = axes.item()
    shown = axis.imshow(counts, cmap="Blues")
    figure.colorbar(shown, ax=axis, fraction=0.046)
    for (true, predicted), count in np.ndenumerate(counts):
        color = "white" if count > counts.max() / 2 else "black"
        axis.text(predicted, true, str(count), ha="center", va="center", color=color, fontsize=8)
    ticks = range(len(names))
    is_long = max(map(len, names)) > 3
    axis.set_xticks(ticks, names, rotation=45 if is_long else 0, ha="right" if is_long else "center")
    axis.set_yticks(ticks, names)
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    axis.set_title("confusion matrix (test set)")
    return figure


def writable_names(classes: tuple[str, ...]) -> list[str]:
    """Names of classes that matplotlib's own font can write; of others their number."""
    return [str(i) if _NOT_WRITABLE.search(name) else name for i, name in enumerate(classes)]


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure outside pyplot, which keeps every figure of a server in memory, and its axes (rows, columns) or (columns,)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, axes[0] if rows == 1 and columns > 1 else axes


def _to_png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()
