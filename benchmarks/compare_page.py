"""The Compare page with seven models: a rerun on the server, and one photo through all of them with Grad-CAM."""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs
from benchmarks.pages import open_page, rerun_seconds, silence_streamlit
from benchmarks.table import Measurement, UnavailableError
from core import checkpoints
from core.analysis import model_results
from core.inference.grad_cam import grad_cam
from core.inference.predictor import Predictor
from core.messages import UserError

NUM_MODELS, NUM_REPEATS = 7, 10


def measure_rows() -> list[Measurement]:
    silence_streamlit()
    names = [n for n in model_results.classifier_ids("cifar10") if not n[:1].isdigit()][:NUM_MODELS]
    if not names:
        raise UnavailableError("No pretrained CIFAR-10 model found.")
    with isolated_runs():
        found = []
        for view, limit in (
            ("figures", 500),
            ("curves", 500),
            ("classes", 500),
            ("closely", 500),
            ("photo", 2000),
        ):
            app = open_page("pages/compare.py", nets=",".join(names), view=view)
            rerun_seconds(app)
            times = [1000 * rerun_seconds(app) for _ in range(NUM_REPEATS)]
            note = "a test image through all, with Grad-CAM" if view == "photo" else ""
            found.append(
                Measurement(
                    f"rerun with {len(names)} models: {view}",
                    statistics.median(times),
                    "ms",
                    at_most=limit,
                    note=note,
                )
            )
    torch.set_num_threads(1)  # as the server does
    networks = [Predictor(*checkpoints.load_weights(checkpoints.load_card(n).weights)) for n in names]
    photo = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        for network in networks:
            answer = int(network.predict(photo[None])[0].argmax())
            try:
                grad_cam(network, photo, answer)
            except UserError:
                continue  # a model without feature maps
        times.append(time.perf_counter() - begun)
    return [
        *found,
        Measurement(
            f"one photo through {len(names)} models, with Grad-CAM",
            statistics.median(times),
            "s",
            at_most=2,
        ),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
