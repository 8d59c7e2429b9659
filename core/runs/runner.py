"""Run a trainer: write its events to the run folder, and restore its state from there."""

from __future__ import annotations

import io
import logging
import math
import os
import pickle
import struct
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from safetensors.numpy import save
from torch.utils.tensorboard import SummaryWriter

from core import checkpoints, pretrained
from core.checkpoints import Spec
from core.data import ArrayDataset
from core.evaluation import EVALUATING, evaluate_model
from core.files import write_bytes, write_json
from core.kinds import get_kind
from core.messages import Message, N_, UserError
from core.runs import samples, step_times, system_info
from core.runs.logs import PROBE_FILE, MetricsWriter, append_probe, filter_lines
from core.runs.status import (
    NullStatusWriter,
    StatusWriter,
    StopRequest,
    divergence_message,
    is_out_of_memory,
)
from core.runs.store import Run
from core.task_spec import Task
from core.training.events import Done, EpochEnd, Sample, Step
from core.training.recipe import Recipe, num_cores
from core.training.trainer import Trainer

logger = logging.getLogger("manabi.runner")

FLUSH_SECONDS = 0.5
TENSORBOARD_STEPS = 10
_STOP_CHECK_STEPS = 8  # steps between two agreements of all ranks on whether to stop
MAX_SAVED_EPOCHS = 24  # approximate number of epochs whose weights are kept for replays

# A damaged checkpoint is a damaged program of the unpickler's stack machine, which fails in any of these ways.
_CHECKPOINT_ERRORS = (
    pickle.UnpicklingError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
)


class TrainingRunner:
    """One run from its last checkpoint (or its start) to its end, its stop or its failure."""

    def __init__(
        self,
        run: Run,
        task: Task,
        recipe: Recipe,
        dataset: ArrayDataset,
        status: StatusWriter | NullStatusWriter,
        stop: StopRequest,
    ) -> None:
        self.run_folder, self.task, self.recipe, self.data, self.status, self.stop = (
            run,
            task,
            recipe,
            dataset,
            status,
            stop,
        )
        config, precision = run.config, system_info.resolve_precision(recipe.precision)
        devices = config.get("devices", 1)
        # On the CPU, "devices" are processes that share its cores.
        torch.set_num_threads(max(1, (recipe.threads or num_cores()) // devices))
        self.fabric = Fabric(
            accelerator="auto", devices=devices, num_nodes=config.get("num_nodes", 1), precision=precision
        )
        self.fabric.launch()
        self.trainer: Trainer = task.trainer_class()(task.model, dataset, recipe, self.fabric)
        get_kind(task.kind).prepare_trainer(self.trainer, dataset)
        self.is_writer = self.fabric.is_global_zero
        self.previous_seconds, self.last_save, self.save_cost = 0.0, 0.0, 0.0
        self.step, self.epoch, self.images = 0, 0.0, 0
        if self.is_writer:
            write_json(
                run.path / "env.json",
                {
                    **system_info.describe_environment(),
                    "precision": precision,
                    "threads": torch.get_num_threads(),
                },
            )

    def run(self) -> None:
        """Train, then evaluate on the test set once. Raises UserError if a metric becomes NaN or infinite, OSError if a file cannot be
        written.
        """
        resumed = self._restore()
        if not self.trainer.step and pretrained.is_transfer(self.task, self.recipe):
            pretrained.load_pretrained(
                self.task,
                self.recipe,
                self.trainer.trained_module,
                lambda what, share: self.status.write(phase=what, fraction=share),
            )
        self.start_time = self.last_flush = self.last_save = time.perf_counter()
        self.first: tuple[float, int, int] | None = (
            None  # time, step and examples of this process's first event
        )
        if not self.is_writer:
            self._consume_events()
            return
        self._open_logs(resumed)
        with closing(self.metrics), closing(self.tensorboard):
            done = self._consume_events()
            self._save()
        if done is None:
            self.status.end("stopped")
        else:
            self._finish(done, self.seconds)

    def _consume_events(self) -> Done | None:
        """Turn events into files. Returns the trainer's `Done`, or None if the run was stopped."""
        for event in self.trainer.run():
            match event:
                case Step():
                    self._on_step(event)
                case EpochEnd():
                    self._on_epoch(event)
                case Sample():
                    self._on_sample(event)
                case Done():
                    return event
            if self._stop_requested():
                return None
        raise RuntimeError("the trainer ended without Done")

    def _stop_requested(self) -> bool:
        if self.fabric.world_size == 1:
            return bool(self.stop)
        # All ranks must leave the loop at the same batch; the agreement costs time, so it is not made at every batch.
        if self.trainer.step % _STOP_CHECK_STEPS:
            return False
        flag = torch.tensor(float(bool(self.stop)), device=self.fabric.device)
        return bool(self.fabric.all_reduce(flag, reduce_op="max") > 0)

    @property
    def seconds(self) -> float:
        """Training time of this run over all resumes, without pauses."""
        return self.previous_seconds + time.perf_counter() - self.start_time

    def _record_progress(self, event: Step | EpochEnd) -> None:
        """Record where the training stands. Raises UserError if a metric is NaN or infinite."""
        self.step, self.epoch, self.images = event.step, float(event.epoch), event.images
        self.first = self.first or (time.perf_counter(), event.step, event.images)
        bad = [name for name, value in event.metrics.items() if not math.isfinite(value)]
        if bad:
            raise UserError(divergence_message(bad[0], event.step))

    def _on_step(self, event: Step) -> None:
        self._record_progress(event)
        if not self.is_writer:
            return
        self.metrics.write(
            step=event.step, epoch=event.epoch, images=event.images, seconds=self.seconds, **event.metrics
        )
        if event.step % TENSORBOARD_STEPS == 0:
            self._write_tensorboard(event.metrics, event.step)
        now = time.perf_counter()
        if now - self.last_flush >= FLUSH_SECONDS:
            self.metrics.flush()
            self._write_status()
            self.last_flush = now
        # Saving takes at most a fiftieth of the time, however large the model.
        if now - self.last_save >= max(_save_interval(), 50 * self.save_cost):
            self._save()

    def _on_epoch(self, event: EpochEnd) -> None:
        self._record_progress(event)
        if not self.is_writer:
            return
        self.metrics.write(
            step=event.step,
            epoch=float(event.epoch),
            images=event.images,
            seconds=self.seconds,
            **event.metrics,
        )
        self._write_tensorboard(event.metrics, event.step)
        if event.probe is not None:
            append_probe(self.run_folder.path / PROBE_FILE, event.epoch, event.probe)
        if event.best:
            checkpoints.save_weights(
                self.run_folder.best_weights_path, self.trainer.module, self._make_spec(event.epoch)
            )
        if _should_save_epoch(event.epoch, self.trainer.total_epochs):
            path = self.run_folder.epoch_weights_path(event.epoch)
            path.parent.mkdir(exist_ok=True)
            checkpoints.save_weights(path, self.trainer.module, self._make_spec(event.epoch), half=True)
        self._save()
        self._write_status(now=True)

    def _on_sample(self, event: Sample) -> None:
        if self.is_writer and event.images:
            samples.write_sheets(self.run_folder.path, event)

    def _write_status(self, now: bool = False) -> None:
        """Write progress, speed and remaining time. Speed counts from this process's first event, so that a resume does not distort it."""
        began, first_step, first_images = self.first
        elapsed, steps = time.perf_counter() - began, self.step - first_step
        rate = (self.images - first_images) / elapsed if elapsed > 0 else 0.0
        eta = elapsed / steps * (self.trainer.total_steps - self.step) if steps else 0.0
        self.status.values.pop("phase", None)
        self.status.write(
            now=now,
            state="running",
            step=self.step,
            total_steps=self.trainer.total_steps,
            epoch=self.epoch,
            epochs=self.trainer.total_epochs,
            rate=rate,
            eta=eta,
            seconds=self.seconds,
            best_epoch=self.trainer.best["epoch"],
        )

    def _write_tensorboard(self, metrics: dict, step: int) -> None:
        for name, value in metrics.items():
            self.tensorboard.add_scalar(name, value, step)

    # ---- files -------------------------------------------------------------------------------------------------------

    def _make_spec(self, epoch: int) -> Spec:
        scale, d = self.trainer.output_scale(), self.data
        return Spec(
            task=self.task.name,
            model=self.task.model,
            options=self.recipe.part("model"),
            in_shape=self.trainer.in_shape,
            kind=d.kind,
            classes=d.classes,
            mean=tuple(map(float, d.mean)),
            std=tuple(map(float, d.std)),
            output_mean=scale["mean"],
            output_std=scale["std"],
            data=d.title,
            stand_in_for=d.stand_in_for,
            features=d.features,
            target=d.target,
            epoch=epoch,
            tta_flip=getattr(self.recipe, "tta_flip", False),
            tta_shift=getattr(self.recipe, "tta_shift", False),
            data_options=self.recipe.part("data"),
        )

    def _save(self) -> None:
        """Write last.ckpt, from which the run can be resumed."""
        if not self.is_writer:
            return
        begun = time.perf_counter()
        self.metrics.flush()
        buffer = io.BytesIO()  # torch.save() to a file reports a full disk with a RuntimeError
        torch.save({"trainer": self.trainer.state(), "seconds": self.seconds}, buffer)
        write_bytes(self.run_folder.path / "last.ckpt", buffer.getbuffer())
        self.last_save = time.perf_counter()
        self.save_cost = self.last_save - begun

    def _restore(self) -> bool:
        """Restore last.ckpt if it exists. Returns whether the run was started before.

        Raises UserError if it is damaged, OSError if it cannot be read, and torch's error if there is too little memory.
        """
        path = self.run_folder.path / "last.ckpt"
        if not path.exists():
            return (self.run_folder.path / "metrics.csv").exists()
        device = self.fabric.device if self.fabric.device.type == "cuda" else "cpu"
        content = (
            path.read_bytes()
        )  # outside the try block, so that a disk error is not taken for damaged content
        try:
            state = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
        except _CHECKPOINT_ERRORS as error:
            if is_out_of_memory(error):
                raise
            raise _damaged_checkpoint_error(path) from error
        try:
            self.trainer.load_state(state["trainer"])
            self.previous_seconds = float(state["seconds"])
        except (KeyError, RuntimeError, ValueError) as error:
            if is_out_of_memory(error):
                raise
            raise _damaged_checkpoint_error(path) from error
        logger.info("resumed at step %d", self.trainer.step)
        return True

    def _open_logs(self, resumed: bool) -> None:
        step, epoch = self.trainer.step, self.trainer.epoch
        self.metrics = MetricsWriter(
            self.run_folder.path / "metrics.csv",
            self.trainer.metric_names,
            resumed_at=(step, epoch) if resumed else None,
        )
        probes = self.run_folder.path / PROBE_FILE
        if resumed and probes.exists():
            write_bytes(
                probes, filter_lines(probes, "", lambda cells: cells[0].isdigit() and int(cells[0]) <= epoch)
            )
        purge = step + 1 if resumed else None
        self.tensorboard = SummaryWriter(str(self.run_folder.path), purge_step=purge)
        if probe := self.trainer.probe_examples():
            x, y = probe
            write_bytes(
                self.run_folder.path / "probe.safetensors",
                save({"x": np.ascontiguousarray(x), "y": np.ascontiguousarray(y)}),
            )

    def _show_evaluation(self, what: Message, share: float) -> None:
        self.status.write(phase=what, fraction=share)

    def _finish(self, done: Done, seconds: float) -> None:
        """Evaluate the best weights on the test set; write the summary last."""
        if not self.is_writer:
            return
        self.status.write(now=True, phase=EVALUATING, fraction=0.0, step=self.step or done.step)
        network, spec = checkpoints.load_weights(self.run_folder.best_weights_path)
        result = last = evaluate_model(network, spec, self.data, self._show_evaluation)
        if done.best_epoch != self.trainer.epoch:
            spec = self._make_spec(self.trainer.epoch)
            last = evaluate_model(self.trainer.module, spec, self.data, self._show_evaluation)
        if result.outputs is not None:
            arrays = {
                "outputs": np.ascontiguousarray(result.outputs),
                "targets": np.ascontiguousarray(result.targets),
            }
            write_bytes(self.run_folder.path / "predictions.safetensors", save(arrays))
        write_json(
            self.run_folder.path / "summary.json",
            {
                "metrics": result.metrics,
                "last_metrics": last.metrics,
                "best_epoch": done.best_epoch,
                "epochs": self.trainer.epoch,
                "steps": done.step,
                "images": self.trainer.images_seen,
                "seconds": round(seconds, 2),
                "why": done.reason,
                "parameters": sum(p.numel() for p in network.parameters()),
                "data": self.data.title,
                "stand_in_for": self.data.stand_in_for,
            },
        )
        steps = done.step - self.first[1] if self.first else 0
        if steps >= 100 and self.fabric.world_size == 1:
            with suppress(OSError):  # only future time estimates would use it
                step_times.record(self.task, self.recipe, (seconds - self.previous_seconds) / steps)
        self.status.end("finished")


def _damaged_checkpoint_error(path: Path) -> UserError:
    logger.exception("resume from %s", path)
    return UserError(
        N_("Cannot resume from {file}: it is corrupted or belongs to another model. Start a new run."),
        file=str(path),
    )


def _save_interval() -> float:
    """Seconds between two saves inside an epoch (`MANABI_SAVE_SECONDS`, default 10)."""
    try:
        return float(os.environ.get("MANABI_SAVE_SECONDS", "10"))
    except ValueError:
        return 10.0


def _should_save_epoch(epoch: int, total: int) -> bool:
    """Whether to keep an epoch's weights: all of a short run; of a long one the first five, where most changes, then every n-th."""
    every = math.ceil(total / MAX_SAVED_EPOCHS)
    return epoch <= 5 or epoch % every == 0 or epoch == total
