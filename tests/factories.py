"""Run folders as trainings leave them, written in milliseconds without any training."""

from __future__ import annotations

import functools
import socket
import time

import numpy as np
import psutil
import pytest
from safetensors.numpy import save_file

from core import checkpoints, data, models, tasks
from core.checkpoints import Spec
from core.files import write_json
from core.runs import samples, store, system_info
from core.runs.store import Run
from core.training import gan_signals
from core.training.events import Sample

STEPS_AN_EPOCH = 10
SMALL = {
    "cifar10-mlp": {"width": 64, "depth": 1},
    "cifar10-cnn": {"width": 8},
    "cifar10-vgg": {"width": 8},
    "cifar10-resnet": {"width": 8, "depth": 10},
    "cifar10-mobilenetv1": {"multiplier": 0.125},
    "cifar10-inception": {"multiplier": 0.125},
    "cifar10-alexnet": {"width": 8, "hidden_units": 64},
    "cifar10-efficientnet": {"multiplier": 0.125},
    "cifar10-fast": {"width": 8},
    "cifar10-best": {"width": 8, "depth": 2},
    "cifar10-sandbox": {"width": 8, "depth": 3},
    "cifar10-resnet18-pretrained": {"init": "scratch", "image_size": 32},
    "fruit-classifier": {"width": 12},
    "backbone": {"init": "scratch", "width": 8},
    "backbone-seven": {"width": 8},
    "fruit-classifier-gray": {"width": 12},
    **{f"cyclegan-{n}": {"width": 4, "num_blocks": 1, "image_size": 64} for n in ("light", "paper")},
}
"""Recipe changes that make a task's network small enough for a test."""
PROBES = 8
LOSSES = [
    f"loss/{n}"
    for n in ("adversarial_a2b", "adversarial_b2a", "cycle", "identity", "discriminator_a", "discriminator_b")
]
SCORES = [f"score/{n}" for n in ("real_a", "translated_a", "real_b", "translated_b")]


@functools.cache
def _stand_in(name: str) -> data.ArrayDataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MANABI_DATA", raising=False)  # also for a test that reads real data
        return data.load_dataset(name, download=False)


def finished(task_name: str = "mnist-softmax", epochs: int = 4, name: str = "", **changes: object) -> Run:
    """A run that went to its end on the stand-in data, with everything that its pages read."""
    run = _begun(task_name, epochs, **changes)
    dataset = _stand_in(run.task.dataset)
    _weights(run, dataset, epochs)
    targets = dataset.test_y
    rng = np.random.default_rng(0)
    if run.task.kind == "classification":
        answers = targets.copy()
        # Every tenth is wrong: a 0 is taken for a 1, a 1 for a 2, and so on.
        count = len(dataset.classes)
        answers[::10] = (answers[::10] + 1) % count
        outputs = rng.uniform(0, 0.02, (len(targets), count)).astype(np.float32)
        outputs[np.arange(len(targets)), answers] = rng.uniform(0.8, 0.9, len(targets))
        metrics = {"accuracy": float((answers == targets).mean()), "cross_entropy": 0.31}
    elif run.task.kind == "translation":
        outputs, names = targets, ("fool_rate", "second_fool_rate", "kid")
        metrics = {
            "cycle_error": 0.05,
            **{f"{name}_{way}": 0.5 for name in names for way in gan_signals.REVERSE_DIRECTION},
        }
        _looks(run)
    else:
        outputs = (targets + rng.normal(0, 3, len(targets))).astype(np.float32)
        metrics = {"rmse": 3.0, "mae": 2.4, "r2": 0.8}
    save_file({"outputs": outputs, "targets": targets}, run.path / "predictions.safetensors")
    summary = {
        "metrics": metrics,
        "best_epoch": epochs,
        "epochs": epochs,
        "steps": epochs * STEPS_AN_EPOCH,
        "images": 1000,
        "seconds": 12.5,
        "why": "epochs",
        "parameters": 7850,
        "data": dataset.title,
        "stand_in_for": dataset.stand_in_for,
    }
    write_json(run.path / "summary.json", summary)
    status(run, "finished")
    if name:
        run.annotate(name)
    return run


def failed(task_name: str = "mnist-softmax") -> Run:
    """A run whose loss was no number any more."""
    from core.runs.status import divergence_message

    run = _begun(task_name, 1)
    status(run, "failed", reason=divergence_message("train/loss", 7).to_json())
    return run


def interrupted(task_name: str = "mnist-softmax") -> Run:
    """A run whose process was killed: its status says running, but the process is gone."""
    run = _begun(task_name, 2)
    status(run, "running", pid=2**22 + 1, process_started=1.0)
    return run


def stopped(task_name: str = "mnist-softmax") -> Run:
    """A stopped run."""
    run = _begun(task_name, 2)
    status(run, "stopped")
    return run


def running(task_name: str = "mnist-softmax") -> Run:
    """A run that is under way, in the process of this test."""
    run = _begun(task_name, 2)
    status(run, "running", pid=psutil.Process().pid, process_started=psutil.Process().create_time())
    return run


def damaged(task_name: str = "mnist-softmax") -> Run:
    """A finished run after an evil day: every file is torn, empty, or holds something else."""
    run = finished(task_name)
    (run.path / "status.json").write_bytes(b'{"state": "runn')
    (run.path / "config.json").write_bytes(b"[1, 2")
    (run.path / "summary.json").write_bytes(b"")
    (run.path / "note.json").write_bytes(b"null")
    (run.path / "metrics.csv").write_bytes(
        (run.path / "metrics.csv").read_bytes()[:-30] + b"\xff\xfe,,,x\n9,9"
    )
    (run.path / "probes.csv").write_bytes(b"1,0.1,0.2\nx,y\n")
    for name in ("best", "predictions", "probe"):
        (run.path / f"{name}.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}")
    return run


def status(run: Run, state: str, **more: object) -> None:
    """Write the run's status.json."""
    values = {
        "state": state,
        "step": 2 * STEPS_AN_EPOCH,
        "total_steps": 4 * STEPS_AN_EPOCH,
        "epoch": 2.0,
        "epochs": 4,
        "rate": 4321.0,
        "eta": 65.0,
        "seconds": 12.5,
        "best_epoch": 2,
        "host": socket.gethostname(),
        "heartbeat": time.time(),
        **more,
    }
    write_json(run.path / "status.json", values)


def _begun(task_name: str, epochs: int, **changes: object) -> Run:
    """A run with its config, its log and its probes up to `epochs`."""
    task = tasks.get_task(task_name)
    run = store.create_run(task, task.recipe.changed(**{"threads": 1, **SMALL.get(task_name, {}), **changes}))
    dataset = _stand_in(task.dataset)
    write_json(run.path / "config.json", {**run.config, "data": dataset.describe()})
    write_json(
        run.path / "env.json", {**system_info.describe_environment(), "precision": "32-true", "threads": 1}
    )
    _log(run, epochs)
    if task.kind != "translation":
        _probes(run, dataset, epochs)
    return run


def _looks(run: Run) -> None:
    """Two looks at the photos of a training of translators."""
    rng = np.random.default_rng(0)
    for step in (0, STEPS_AN_EPOCH):
        images = {
            f"{name}/{kind}": rng.integers(0, 256, (8, 3, 16, 16), dtype=np.uint8)
            for name in "ab"
            for kind in samples.IMAGE_KINDS
        }
        samples.write_sheets(run.path, Sample(step, step / STEPS_AN_EPOCH, images))


def _translation_log(run: Run, epochs: int) -> None:
    names = ["step", "epoch", "images", "seconds", *LOSSES, *SCORES, "lr", *gan_signals.SIGNALS]
    lines, each = [",".join(names)], len(LOSSES) + len(SCORES)
    for step in range(1, epochs * STEPS_AN_EPOCH + 1):
        at = f"{step},{step / STEPS_AN_EPOCH},{8 * step},{2.1 * step:.2f}"
        lines.append(f"{at},{','.join(['0.5'] * each)},0.0002{',' * len(gan_signals.SIGNALS)}")
        if step % STEPS_AN_EPOCH == 0:
            lines.append(f"{at}{',' * (each + 1)},{','.join(['0.5'] * len(gan_signals.SIGNALS))}")
    (run.path / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _log(run: Run, epochs: int) -> None:
    if run.task.kind == "translation":
        return _translation_log(run, epochs)
    score = "accuracy" if run.task.kind == "classification" else "rmse"
    lines = [
        f"step,epoch,images,seconds,train/loss,train/{score},lr,train/loss_epoch,train/{score}_epoch,val/loss,val/{score}"
    ]
    for step in range(1, epochs * STEPS_AN_EPOCH + 1):
        at = f"{step},{step / STEPS_AN_EPOCH},{64 * step},{0.1 * step:.2f}"
        lines.append(f"{at},{2 / step:.4f},{1 - 1 / (step + 1):.4f},0.001,,,,")
        if step % STEPS_AN_EPOCH == 0:
            lines.append(
                f"{at},,,,{2 / step:.4f},{1 - 1 / (step + 1):.4f},{2.2 / step:.4f},{1 - 1.2 / (step + 1):.4f}"
            )
    (run.path / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _probes(run: Run, dataset: data.ArrayDataset, epochs: int) -> None:
    x, y = dataset.train_x[:PROBES], dataset.train_y[:PROBES]
    save_file({"x": np.ascontiguousarray(x), "y": np.ascontiguousarray(y)}, run.path / "probe.safetensors")
    lines = []
    for epoch in range(1, epochs + 1):
        if dataset.classes:
            predictions = np.full((PROBES, len(dataset.classes)), 0.02)
            predictions[np.arange(PROBES), y] = 0.82
        else:
            predictions = y[:, None] + 1.0
        lines.append(",".join([str(epoch), *(f"{v:.5g}" for v in predictions.ravel())]))
    (run.path / "probes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _weights(run: Run, dataset: data.ArrayDataset, epochs: int) -> None:
    """Untrained weights: good enough to be loaded and to answer something."""
    spec = Spec(
        task=run.task_name,
        model=run.task.model,
        options=run.recipe.part("model"),
        in_shape=tuple(dataset.in_shape),
        kind=dataset.kind,
        classes=dataset.classes,
        mean=tuple(map(float, dataset.mean)),
        std=tuple(map(float, dataset.std)),
        output_mean=0.0,
        output_std=1.0,
        data=dataset.title,
        stand_in_for=dataset.stand_in_for,
        features=dataset.features,
        target=dataset.target,
        epoch=epochs,
    )
    network = models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options)
    checkpoints.save_weights(run.best_weights_path, network, spec)
    run.epoch_weights_path(1).parent.mkdir(exist_ok=True)
    for epoch in (1, epochs):
        checkpoints.save_weights(run.epoch_weights_path(epoch), network, spec, half=True)
