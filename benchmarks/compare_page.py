"""The compare page with seven networks: a rerun on the server, and one photo through all of them with Grad-CAM."""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch

from benchmarks import table
from benchmarks.pages import opened, quiet, timed
from benchmarks.runs_apart import runs_apart
from benchmarks.table import NotHereError, Row
from core import checkpoints, contenders
from core.inference.grad_cam import grad_cam
from core.inference.predictor import Predictor
from core.messages import UserError

MOST, TIMES = 7, 10


def rows() -> list[Row]:
    quiet()
    names = [n for n in contenders.ids("cifar10") if not n[:1].isdigit()][:MOST]
    if not names:
        raise NotHereError("No network for CIFAR-10 ships with this copy.")
    with runs_apart():
        found = []
        for view, limit in (("figures", 500), ("curves", 500), ("classes", 500), ("closely", 500), ("photo", 2000)):
            app = opened("pages/compare.py", nets=",".join(names), view=view)
            timed(app)
            times = [1000 * timed(app) for _ in range(TIMES)]
            note = "a test image through all, with Grad-CAM" if view == "photo" else ""
            found.append(Row(f"rerun with {len(names)} networks: {view}", statistics.median(times), "ms", below=limit, note=note))
    torch.set_num_threads(1)  # as the server does
    networks = [Predictor(*checkpoints.load_weights(checkpoints.card(n).weights)) for n in names]
    photo = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        for network in networks:
            answer = int(network.predict(photo[None])[0].argmax())
            try:
                grad_cam(network, photo, answer)
            except UserError:
                continue  # a network without maps
        times.append(time.perf_counter() - begun)
    return [*found, Row(f"one photo through {len(names)} networks, with Grad-CAM", statistics.median(times), "s", below=2)]


if __name__ == "__main__":
    table.alone(rows)
