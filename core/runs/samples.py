"""Sample images of a run: one JPEG per set of photos and evaluation, `samples/<step>-<set>.jpg`.

A sheet has one row per kind of image and one column per photo, without gaps.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.files import write_bytes
from core.training.events import Sample

IMAGE_KINDS = ("real", "translated", "cycled", "identity")
_JPEG_QUALITY = 92


@dataclass(frozen=True)
class SampleSheet:
    """Where a look is: `step`, the set of photos it is of, its file."""

    step: int
    name: str
    path: Path


def write_sheets(run: Path, event: Sample) -> None:
    """Write the sheets of one evaluation to the run folder. Images are named `<set>/<kind>`. Raises OSError."""
    folder = run / "samples"
    folder.mkdir(exist_ok=True)
    for name in sorted({key.split("/")[0] for key in event.images}):
        rows = [event.images[f"{name}/{kind}"] for kind in IMAGE_KINDS]  # each (N, 3, H, W)
        sheet = np.concatenate([np.concatenate(list(row.transpose(0, 2, 3, 1)), axis=1) for row in rows])
        buffer = io.BytesIO()
        Image.fromarray(sheet).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
        write_bytes(folder / f"{event.step:07d}-{name}.jpg", buffer.getbuffer())


def list_sheets(run: Path) -> list[SampleSheet]:
    """The looks of a run, oldest first."""
    found = []
    for path in sorted((run / "samples").glob("*-*.jpg")):
        step, _, name = path.stem.partition("-")
        if step.isdigit():
            found.append(SampleSheet(int(step), name, path))
    return found


def read_images(sheet: Path, kind: str) -> list[np.ndarray]:
    """The images (H, H, 3) uint8 of one kind on a sheet. Raises OSError if it cannot be read."""
    with Image.open(sheet) as image:
        pixels = np.asarray(image.convert("RGB"))
    side = pixels.shape[0] // len(IMAGE_KINDS)
    row = pixels[IMAGE_KINDS.index(kind) * side :][:side]
    return [row[:, x : x + side] for x in range(0, row.shape[1] - side + 1, side)]
