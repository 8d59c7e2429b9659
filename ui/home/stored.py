"""What `tools.home_images` stores for the home page: its images, and the predictions of the sample digits."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from core.files import read_json

CHECKPOINT = "mnist-modern"
IMAGES = Path(__file__).with_name("images")
# Photos of COCO on the card of the Browse page, all under CC BY 2.0: split and id, and number at Flickr, whose page names the author.
COCO_PHOTOS = {
    ("train2017", 129648): "5438252538",
    ("train2017", 358083): "2102573498",
    ("val2017", 214753): "8392128987",
    ("val2017", 519208): "9135914617",
}
PREDICTIONS = Path(__file__).with_name("sample_predictions.json")


@functools.cache
def load_predictions() -> dict[str, Any]:
    """`probabilities` of the ten digits for each sample digit, and the `sha256` of the weights that predicted them."""
    return read_json(PREDICTIONS)
