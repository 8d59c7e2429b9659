"""Export a finished run as a pretrained checkpoint: half precision, evaluated as released, with a model card."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from core import checkpoints, data, paths
from core.checkpoints import Spec
from core.evaluation import Evaluation, evaluate_model
from core.files import write_json
from core.kinds import get_kind
from core.messages import N_, UserError
from core.migration import FORMAT
from core.runs import store, system_info
from core.runs.logs import MetricsReader
from core.runs.store import Run

MAX_BYTES = 25_000_000
MAX_EPOCHS = 200  # points of a learning curve in a card


def _learning_curves(run: Run) -> dict[str, list[float]]:
    """The learning curves of the run by column, one value per epoch, thinned to `MAX_EPOCHS`."""
    log = MetricsReader(run.path / "metrics.csv").read()
    columns = [c for c in ("train/loss_epoch", "val/cycle_error") if c in log]  # logged once per epoch
    rows = log[log[columns[0]].notna()] if columns else log.iloc[:0]
    rows = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), MAX_EPOCHS)).astype(int)]
    columns = [
        c for c in rows.columns if c not in ("step", "lr", "train/loss", "train/accuracy", "train/rmse")
    ]
    return {c: [float(f"{v:.5g}") for v in rows[c]] for c in columns if rows[c].notna().all()}


def _check_complete(path: Path, values: dict, names: tuple[str, ...]) -> None:
    """Raise UserError if `values`, read from `path`, lack a field of the model card."""
    missing = [name for name in names if name not in values]
    if missing:
        raise UserError(
            N_("{file} is corrupted: required model card fields are missing ({names})."),
            file=str(path),
            names=", ".join(missing),
        )


def export_checkpoint(run_id: str) -> Path:
    """Write checkpoints/<task>.safetensors and its card from a finished run on real data. Returns the weights' path.

    Raises UserError for a run that is not finished, was trained on fallback data or on other data than found now, whose files are
    damaged, or whose weights are too large.
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
    get_kind(run.task.kind).check_release(run, dataset)
    folder = paths.checkpoints()
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{run.task.checkpoint}.safetensors"
    network, spec = checkpoints.load_weights(run.best_weights_path)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as temporary:
        aside = (
            Path(temporary) / weights.name
        )  # the current checkpoint stays in place until the new one is complete
        checkpoints.save_weights(aside, network, spec, half=True)
        if aside.stat().st_size > MAX_BYTES:
            raise UserError(
                N_("The weights of run {run} are too large to export ({size} MB). The limit is 25 MB."),
                run=run.id,
                size=f"{aside.stat().st_size / 1e6:.0f}",
            )
        # The metrics are those of the released file, not of the fp32 weights.
        network, spec = checkpoints.load_weights(aside)
        evaluation = evaluate_model(network, spec, dataset)
        write_json(
            aside.with_suffix(".json"), _make_card(run, spec, evaluation, aside, dataset.test_fingerprint())
        )
        os.replace(aside, weights)
        os.replace(aside.with_suffix(".json"), weights.with_suffix(".json"))
    return weights


def _make_card(run: Run, spec: Spec, evaluation: Evaluation, weights: Path, levels: list[float]) -> dict:
    """The model card of the file `weights`, exported from `run`, with its `evaluation` on a test set with fingerprint `levels`."""
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
        **get_kind(spec.kind).card_entries(evaluation, spec),
        "made": time.strftime("%Y-%m-%d"),
        "sha256": checkpoints.sha256(weights),
    }
