"""What `tools.home_images` stores for the home page: its images, and the predictions of the sample digits."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from core.files import read_json

CHECKPOINT = "mnist-modern"
IMAGES = Path(__file__).with_name("images")
PREDICTIONS = Path(__file__).with_name("sample_predictions.json")


@functools.cache
def load_predictions() -> dict[str, Any]:
    """`probabilities` of the ten digits for each sample digit, and the `sha256` of the weights that predicted them."""
    return read_json(PREDICTIONS)
