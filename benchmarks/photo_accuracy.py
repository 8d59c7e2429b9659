"""Cats, dogs and horses of CIFAR-10 from scratch, through `train images`: the best family on all 3 × 5,000 training images, and the
model `original` on the numbers of images that the learning notes had (1,668 cats, 4,863 dogs, 2,623 horses). Both are tested on the
same 3 × 1,000 images.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from PIL import Image

from benchmarks import table
from benchmarks.isolated_runs import isolated_runs
from benchmarks.table import Measurement, UnavailableError
from core import data
from core.data import ArrayDataset, cifar7, cifar10

BEST_FAMILY = "fast"
NOTES_COUNTS = {"cat": 1668, "dog": 4863, "horse": 2623}


def measure_rows() -> list[Measurement]:
    dataset = data.load_dataset("cifar10", download=False)
    if dataset.stand_in_for:
        raise UnavailableError("CIFAR-10 is not installed")
    photos = cifar7.select_classes(dataset, cifar7.HELD_OUT)
    everything = {name: sum(photos.train_y == i) for i, name in enumerate(photos.classes)}
    title = cifar10.INFO.title_of(dataset.name)
    with tempfile.TemporaryDirectory() as folder:
        whole = _write_zip(Path(folder) / "all.zip", photos, everything)
        notes = _write_zip(Path(folder) / "notes.zip", photos, NOTES_COUNTS)
        return [
            _train(f"{BEST_FAMILY}, {sum(everything.values()):,} images", whole, BEST_FAMILY, title, 86),
            _train(f"original, {sum(NOTES_COUNTS.values()):,} images", notes, "original", title, None),
        ]


def _write_zip(path: Path, photos: ArrayDataset, counts: dict[str, int]) -> Path:
    """Write the first `counts` training images of each class and all test images, as PNG files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for label, name in enumerate(photos.classes):
            train = photos.train_x[photos.train_y == label][: counts[name]]
            for split, images in (("train", train), ("test", photos.test_x[photos.test_y == label])):
                for i, image in enumerate(images):
                    out = io.BytesIO()
                    Image.fromarray(image.transpose(1, 2, 0)).save(out, "PNG", compress_level=1)
                    archive.writestr(f"{split}/{name}/{i:05d}.png", out.getvalue())
    return path


def _train(row: str, archive: Path, model: str, title: str, at_least: float | None) -> Measurement:
    command = [sys.executable, "-m", "core", "train", "images", "--data", str(archive), "--model", model]
    with isolated_runs(), tempfile.TemporaryDirectory() as projects:
        done = subprocess.run(
            [*command, "--mode", "scratch", "--json"],
            env={**os.environ, "MANABI_PROJECTS": projects},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
    answer = json.loads(done.stdout.splitlines()[-1])
    f1 = ", ".join(f"{name} {100 * scores['f1']:.1f}" for name, scores in answer["per_class"].items())
    return Measurement(
        row, round(100 * answer["accuracy"], 1), "%", at_least=at_least, note=f"{title}; F1: {f1}"
    )


if __name__ == "__main__":
    # Accuracy does not depend on what else the machine does, so a run in progress does not matter.
    print(table.print_header() + "\n", flush=True)
    table.measure_and_print(measure_rows)
