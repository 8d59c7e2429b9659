"""The playground's training in slices beside a plain loop, and fifty seeds at once beside a loop of fifty."""

from __future__ import annotations

import time

import torch

from benchmarks import table
from benchmarks.table import Measurement
from core.lessons.fair_share import FairShare
from core.lessons.playground import data_sets, luck, training
from core.lessons.playground.network import data_loss
from core.lessons.playground.settings import Settings
from core.lessons.playground.training import Trainer

SETTINGS = Settings(
    data="xor", points=1000, train_share=90, hidden=(32, 32), activation="relu", batch_size=32
)
SECONDS = 4.0


def _slice_rows() -> list[Measurement]:
    made = data_sets.make_points(SETTINGS)
    plain = Trainer(SETTINGS, made)
    begun = time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        plain.step()
    plain_rate = plain.step_count / plain.steps_per_epoch / (time.perf_counter() - begun)

    share, sliced, frames = FairShare(), Trainer(SETTINGS, made), 0
    slices, begun = training.train_in_slices((sliced,), share.slice_seconds), time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        next(slices)
        frames += 1
    seconds = time.perf_counter() - begun
    return [
        Measurement(
            "2-32-32-1, 900 training points, batch 32, in slices with frames",
            sliced.step_count / sliced.steps_per_epoch / seconds,
            "epochs/s",
            at_least=10,
            note=f"{frames / seconds:.1f} frames/s",
        ),
        Measurement("the same, plain loop without frames", plain_rate, "epochs/s"),
    ]


def _luck_rows() -> list[Measurement]:
    settings = luck.luck_settings("tanh", 4)
    begun = time.perf_counter()
    *_, last = luck.train_seeds(settings)
    together = time.perf_counter() - begun
    begun = time.perf_counter()
    for seed in range(luck.NUM_SEEDS):
        opened = luck.opened_settings(settings, seed)
        trainer = Trainer(opened, data_sets.make_points(opened))
        for _ in range(luck.EPOCHS):
            loss = data_loss(trainer.model(trainer.x)[:, 0], trainer.y, False)
            trainer.optimizer.zero_grad()
            loss.backward()
            trainer.optimizer.step()
    alone = time.perf_counter() - begun
    return [
        Measurement(
            f"{luck.NUM_SEEDS} seeds of XOR at once, {luck.EPOCHS} epochs",
            together,
            "s",
            at_most=5,
            note=f"{last.solved:.0%} solved",
        ),
        Measurement(f"a loop of {luck.NUM_SEEDS}", alone, "s", note=f"{alone / together:.1f}× as long"),
    ]


def measure_rows() -> list[Measurement]:
    torch.set_num_threads(1)  # as in the server
    return [*_slice_rows(), *_luck_rows()]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
