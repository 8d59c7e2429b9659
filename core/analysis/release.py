"""From a finished run to a checkpoint that ships: half precision, measured again as it ships, with its card."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from core import checkpoints, data, models, paths
from core.analysis import significance
from core.checkpoints import Spec
from core.evaluation import Evaluation, evaluate_model
from core.files import write_json
from core.inference import model_summary
from core.messages import N_, UserError
from core.migration import FORMAT
from core.runs import store, system_info
from core.runs.logs import MetricsReader
from core.runs.store import Run

MAX_BYTES = 25_000_000
MAX_EPOCHS = 200  # of a learning curve in a card


def _prediction_summary(evaluation: Evaluation, spec: Spec) -> dict:
    """What the compare page needs where the data set is not: the answers on the test part, and what follows from them."""
    if spec.kind != "classification":
        return {}
    predictions = evaluation.outputs.argmax(1)
    matrix = significance.confusion_matrix(predictions, evaluation.targets, len(spec.classes))
    return {
        "classes": list(spec.classes),
        "per_class": [round(float(a), 4) for a in significance.per_class_accuracy(matrix)],
        "confusion": matrix.tolist(),
        "labels": significance.encode_predictions(evaluation.targets),
        "predictions": significance.encode_predictions(predictions),
        "multiply_adds": model_summary.count_macs(
            models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options), spec.in_shape
        ),
    }


def _learning_curves(run: Run) -> dict[str, list[float]]:
    """What every epoch of the run came to, by column: its learning curves, small enough to ship."""
    log = MetricsReader(run.path / "metrics.csv").read()
    marks = [
        c for c in ("train/loss_epoch", "val/cycle_error") if c in log
    ]  # written at the end of an epoch alone
    rows = log[log[marks[0]].notna()] if marks else log.iloc[:0]
    rows = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), MAX_EPOCHS)).astype(int)]
    columns = [
        c for c in rows.columns if c not in ("step", "lr", "train/loss", "train/accuracy", "train/rmse")
    ]
    return {c: [float(f"{v:.5g}") for v in rows[c]] for c in columns if rows[c].notna().all()}


def _check_complete(path: Path, values: dict, names: tuple[str, ...]) -> None:
    """Raise UserError where `values`, read from `path`, lack what a card says."""
    missing = [name for name in names if name not in values]
    if missing:
        raise UserError(
            N_("{file} is corrupted: required model card fields are missing ({names})."),
            file=str(path),
            names=", ".join(missing),
        )


def export_checkpoint(run_id: str) -> Path:
    """Write checkpoints/<task>.safetensors and its card from a finished run on real data. Returns the weights' path.

    Raises UserError for a run that is not finished, was trained on a stand-in or on other data than those found now, whose files
    are damaged, or whose weights are too large to ship.
    """
    run = store.find_run(run_id)
    summary, config = run.summary, run.config
    if summary is None:
        raise UserError(
            N_("Run {run} is not finished. Only finished runs can be exported as pretrained models."),
            run=run.id,
        )
    if summary.get("stand_in_for"):
        raise UserError(
            N_(
                "Run {run} was trained on fallback data instead of {title}. Only runs on real data can "
                "be exported as pretrained models."
            ),
            run=run.id,
            title=summary["stand_in_for"],
        )
    _check_complete(run.path / "config.json", config, ("data",))
    _check_complete(run.path / "env.json", run.environment, ("processor", "cores", "precision", "versions"))
    _check_complete(run.path / "summary.json", summary, ("steps", "parameters"))
    dataset = data.load_dataset(
        run.task.dataset, config.get("data_root") or None, download=False, **run.recipe.part("data")
    )
    data.check_same_dataset(config["data"], dataset.describe())
    if dataset.name == "unpaired":
        raise UserError(
            N_(
                "Run {run} was trained on a custom photo set ({title}). Only runs on apples and "
                "oranges can be exported as pretrained models."
            ),
            run=run.id,
            title=dataset.title,
        )
    folder = paths.checkpoints()
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{run.task.checkpoint}.safetensors"
    network, spec = checkpoints.load_weights(run.best_weights_path)
    with tempfile.TemporaryDirectory(
        dir=folder, prefix=".ship-"
    ) as made:  # what ships now stays whole until the new one is
        aside = Path(made) / weights.name
        checkpoints.save_weights(aside, network, spec, half=True)
        if aside.stat().st_size > MAX_BYTES:
            raise UserError(
                N_("The weights of run {run} are too large to export ({size} MB). The limit is 25 MB."),
                run=run.id,
                size=f"{aside.stat().st_size / 1e6:.0f}",
            )
        # The figures are those of the file that ships, not of the fp32 weights that it was made from.
        network, spec = checkpoints.load_weights(aside)
        evaluation = evaluate_model(network, spec, dataset)
        write_json(
            aside.with_suffix(".json"), _make_card(run, spec, evaluation, aside, dataset.test_fingerprint())
        )
        os.replace(aside, weights)
        os.replace(aside.with_suffix(".json"), weights.with_suffix(".json"))
    return weights


def _make_card(run: Run, spec: Spec, evaluation: Evaluation, weights: Path, levels: list[float]) -> dict:
    """What a model card says of the file `weights`, made from `run` and measured as `evaluation` on a test part of these `levels`."""
    summary, config = run.summary, run.config
    environment, used = run.environment, config["data"]
    return {
        "task": run.task_name,
        "model": spec.model,
        "format": FORMAT,
        "recipe": config["recipe"],
        "command": run.command(),
        "data": {"title": used["title"], "train": used["train"], "test": used["test"], "test_levels": levels},
        "commit": environment.get("commit", ""),
        "seed": config["recipe"]["seed"],
        "epochs": summary["epochs"],
        "best_epoch": summary["best_epoch"],
        "steps": summary["steps"],
        "seconds": summary["seconds"],
        "machine": system_info.summarize_environment(environment),
        "versions": environment["versions"],
        "parameters": summary["parameters"],
        "metrics": evaluation.metrics,
        "last_metrics": summary.get("last_metrics", {}),
        "history": _learning_curves(run),
        **_prediction_summary(evaluation, spec),
        "made": time.strftime("%Y-%m-%d"),
        "sha256": checkpoints.sha256(weights),
    }
