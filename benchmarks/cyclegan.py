"""CycleGAN: a training step vs. a straightforward implementation, a photo through the generators, a
12-megapixel photo.

The straightforward step follows https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix: the same networks and
losses, fp32, default memory format, torch's instance norm, each pass separate. Ours runs with the environment
of a run. Photos are random: their content does not affect the time.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from lightning_fabric import Fabric
from torch import nn

from benchmarks import table
from benchmarks.coco import peak_memory
from benchmarks.table import Measurement
from core import tasks
from core.data import ArrayDataset
from core.models.cyclegan import Discriminators, Generator, Generators, InstanceNorm, init_weights
from core.runs import queue, system_info
from core.training.cyclegan import CycleGANTrainer
from core.training.recipe import num_cores
from core.translation import photo_translation

TASK = tasks.get_task("cyclegan-light")


def make_photos() -> ArrayDataset:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (16, 3, 144, 144), dtype=np.uint8), np.arange(16) % 2
    half = np.full(3, 0.5, np.float32)
    return ArrayDataset("random", "random", "translation", "", x, y, x, y, half, half, classes=("A", "B"))


def project_step_seconds(steps: int) -> float:
    """Return the median seconds per step of the trainer."""
    torch.set_num_threads(num_cores())
    recipe = TASK.recipe.changed(num_validation=0, epochs=1000, sample_every=1_000_000)
    fabric = Fabric(accelerator="auto", devices=1, precision=system_info.resolve_precision("auto"))
    times, last = [], time.perf_counter()
    for _event in CycleGANTrainer("cyclegan", make_photos(), recipe, fabric).run():
        now = time.perf_counter()
        times.append(now - last)
        last = now
        if len(times) > steps + 2:
            break
    return statistics.median(times[3:])


def reference_step_seconds(steps: int) -> float:
    """Return the median seconds per step of the straightforward loop."""
    torch.set_num_threads(num_cores())
    recipe = TASK.recipe
    generators, discriminators = (
        init_weights(Generators(recipe.width, recipe.num_blocks, recipe.resize_conv)),
        init_weights(Discriminators(recipe.width)),
    )
    for network in (generators, discriminators):
        for name, module in list(network.named_modules()):
            if isinstance(module, InstanceNorm):
                parent, leaf = name.rsplit(".", 1)
                setattr(
                    network.get_submodule(parent), leaf, nn.InstanceNorm2d(1)
                )  # without affine parameters it takes any number of channels
    g, f, d_x, d_y = generators.a2b, generators.b2a, discriminators.a, discriminators.b
    g_optimizer = torch.optim.Adam(generators.parameters(), lr=2e-4, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminators.parameters(), lr=2e-4, betas=(0.5, 0.999))
    x, y = (torch.rand(recipe.batch_size, 3, recipe.image_size, recipe.image_size) * 2 - 1 for _ in range(2))

    def gan(scores: torch.Tensor, wanted: float) -> torch.Tensor:
        return F.mse_loss(scores, torch.full_like(scores, wanted))

    times = []
    for _step in range(steps + 1):
        begun = time.perf_counter()
        discriminators.requires_grad_(False)
        fake_y, fake_x = g(x), f(y)
        loss = (
            gan(d_y(fake_y), 1)
            + gan(d_x(fake_x), 1)
            + 10 * (F.l1_loss(f(fake_y), x) + F.l1_loss(g(fake_x), y))
        )
        loss = loss + 5 * (F.l1_loss(g(y), y) + F.l1_loss(f(x), x))
        g_optimizer.zero_grad()
        loss.backward()
        g_optimizer.step()
        discriminators.requires_grad_(True)
        d_optimizer.zero_grad()
        for network, real, fake in ((d_x, x, fake_x), (d_y, y, fake_y)):
            ((gan(network(real), 1) + gan(network(fake.detach()), 0)) / 2).backward()
        d_optimizer.step()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def generator_seconds(width: int, blocks: int) -> float:
    """Return the seconds for one 256×256 photo, the best of several."""
    torch.set_num_threads(num_cores())
    network = Generator(width, blocks, resize_conv=False).eval().to(memory_format=torch.channels_last)
    photo = torch.rand(1, 3, 256, 256)
    times = []
    for _ in range(8):
        begun = time.perf_counter()
        photo_translation.translate_photos(network, photo, 256)
        times.append(time.perf_counter() - begun)
    return min(times)


def large_photo_seconds() -> tuple[float, float]:
    """Return the seconds for a 4000×3000 photo through the light generator, pixels in and out, and the
    process's peak memory in GB.
    """
    torch.set_num_threads(num_cores())
    network = (
        Generator(TASK.recipe.width, TASK.recipe.num_blocks, TASK.recipe.resize_conv)
        .eval()
        .to(memory_format=torch.channels_last)
    )
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), dtype=np.uint8)
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        photos = photo_translation.to_tensor(pixels)
        photo_translation.to_pixels(
            photo_translation.apply_change(
                photos, photo_translation.translate_photos(network, photos, TASK.recipe.image_size).change
            )
        )
        times.append(time.perf_counter() - begun)
    return min(times), peak_memory()


def run_isolated(function: Callable, *arguments: object, worker: bool = False):  # noqa: ANN201
    """Call a function of this module in its own process, with `worker` in the environment of a run."""
    call = f"cyclegan.{function.__name__}(*{arguments!r})"
    code = f"import json; from benchmarks import cyclegan; print(json.dumps({call}))"
    environment = {**(queue.WORKER_ENV if worker else {}), **os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_rows() -> list[Measurement]:
    mine, theirs = run_isolated(project_step_seconds, 6, worker=True), run_isolated(reference_step_seconds, 3)
    seconds, size = run_isolated(large_photo_seconds)
    return [
        Measurement(
            "training step, straightforward / ours",
            theirs / mine,
            "times",
            at_least=2,
            note=f"{theirs:.2f} s against {mine:.2f} s",
        ),
        Measurement(
            "256×256, generator from the paper",
            run_isolated(generator_seconds, 64, 9),
            "s",
            at_most=0.5,
        ),
        Measurement("256×256, light generator", run_isolated(generator_seconds, 32, 9), "s", at_most=0.12),
        Measurement("12-megapixel photo", seconds, "s", at_most=2, note="light generator, pixels in and out"),
        Measurement("peak memory of that process", size, "GB", at_most=2),
    ]


if __name__ == "__main__":
    table.run_standalone(measure_rows)
