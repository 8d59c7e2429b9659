"""Photos that come with the project, for image classifiers without an installed test set: crops of six CIFAR-10 classes, and a cup of
coffee, which belongs to none of them.

The crops are from COCO 2017; the names of the photographers are not in its annotations, so each credit links to the photo's page.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.files import read_json
from core.messages import N_

FOLDER = Path(__file__).parent
COFFEE = N_("cup of coffee (none of the ten classes)")


@dataclass(frozen=True)
class ClassSample:
    """A photo: square, uint8 (H, W, 3). `label` is the class it shows, "" for none of CIFAR-10's."""

    name: str
    photo: np.ndarray
    label: str
    credit: str
    license: str
    url: str


@functools.cache
def load_samples() -> tuple[ClassSample, ...]:
    """The photos, those of the classes first."""
    found = []
    for entry in read_json(FOLDER / "credits.json"):
        with Image.open(FOLDER / entry["file"], formats=["JPEG"]) as image:
            photo = np.asarray(image.convert("RGB"))
        found.append(
            ClassSample(
                Path(entry["file"]).stem,
                photo,
                entry["label"],
                entry["credit"],
                entry["license"],
                entry["url"],
            )
        )
    return tuple(found)
