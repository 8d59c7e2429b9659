"""From a 280×280 drawing to the prediction, in `core`: preprocessing to 28×28, then the model."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
from core.digits import canvas
from core.inference import available_models
from core.inference.predictor import Predictor
from core.runs import queue
from core.training.recipe import num_cores

NUM_REPEATS = 200
NUM_THREADS = 1  # of the server, for predictions
# Digit strokes in the unit square.
STROKES = {
    "1": [[(0.4, 0.2), (0.55, 0.0), (0.55, 1.0)]],
    "4": [[(0.7, 1.0), (0.7, 0.0), (0.1, 0.65), (1.0, 0.65)]],
    "7": [[(0.0, 0.0), (1.0, 0.0), (0.4, 1.0)]],
    "0": [[(0.5, 0.0), (0.1, 0.3), (0.1, 0.7), (0.5, 1.0), (0.9, 0.7), (0.9, 0.3), (0.5, 0.0)]],
    "5": [[(0.9, 0.0), (0.2, 0.0), (0.2, 0.45), (0.7, 0.45), (0.9, 0.7), (0.7, 1.0), (0.1, 1.0)]],
}


def make_drawings(count: int) -> list[np.ndarray]:
    """Create white strokes on black as the canvas returns them, (280, 280) uint8: digits of many sizes,
    positions and brush widths.
    """
    rng, found = random.Random(0), []
    for _ in range(count):
        image = Image.new("L", (280, 280))
        pen, side = ImageDraw.Draw(image), rng.uniform(60, 200)
        x, y, brush = rng.uniform(20, 260 - side), rng.uniform(20, 260 - side), rng.randint(8, 30)
        for stroke in rng.choice(list(STROKES.values())):
            pen.line([(x + a * side, y + b * side) for a, b in stroke], fill=255, width=brush, joint="curve")
        found.append(np.asarray(image))
    return found


def _milliseconds(function, inputs: list) -> np.ndarray:
    times = []
    for value in inputs:
        begun = time.perf_counter()
        function(value)
        times.append(1000 * (time.perf_counter() - begun))
    return np.array(times)


def _prediction_milliseconds(path: Path, inputs: list[np.ndarray], threads: int = NUM_THREADS) -> np.ndarray:
    """Return the milliseconds from each drawing to its probabilities."""
    predictor = Predictor.load(path)
    torch.set_num_threads(threads)

    def answer(ink: np.ndarray) -> np.ndarray:
        return predictor.predict(canvas.prepare_digit(ink).pixels[None, None])

    _milliseconds(answer, inputs[:20])
    return _milliseconds(answer, inputs)


@contextmanager
def _background_load() -> Iterator[None]:
    """A process that computes on all cores, niced like a training process (see `core.runs.queue`)."""
    code = (
        "import os, torch; os.nice(10); conv, x = torch.nn.Conv2d(1, 32, 5), torch.randn(64, 1, 28, 28); print(flush=True)\n"
        "while True: conv(x).sum().backward()"
    )
    environment = {**queue.WORKER_ENV, **os.environ}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    try:
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()


def _make_row(what: str, times: np.ndarray, below: float | None = None) -> Measurement:
    return Measurement(
        what, float(np.median(times)), "ms", at_most=below, note=f"p95 {np.percentile(times, 95):.2g} ms"
    )


def measure_rows() -> list[Measurement]:
    shipped = [c for c in available_models.list_digit_models() if c.run is None]
    if not shipped:
        raise UnavailableError("no digit network is in the checkpoints folder.")
    inputs = make_drawings(NUM_REPEATS)
    found = [
        _make_row(f"drawing to prediction, {c.id}", _prediction_milliseconds(c.weights, inputs), below=10)
        for c in shipped
    ]
    _milliseconds(canvas.prepare_digit, inputs[:20])
    found.append(_make_row("canvas to 28×28", _milliseconds(canvas.prepare_digit, inputs)))
    every, first = num_cores(), shipped[0]
    with _background_load():
        # Threads of one prediction wait for each other, and each waits for a busy core.
        found.append(
            _make_row(
                f"during a run: {first.id}, {NUM_THREADS} thread",
                _prediction_milliseconds(first.weights, inputs),
                below=10,
            )
        )
        if every > NUM_THREADS:
            found.append(
                _make_row(
                    f"during a run: {first.id}, {every} threads",
                    _prediction_milliseconds(first.weights, inputs, every),
                )
            )
    return found


if __name__ == "__main__":
    table.run_standalone(measure_rows)
