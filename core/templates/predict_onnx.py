"""Template of `predict_onnx.py` in an exported bundle: ONNX Runtime, NumPy and Pillow."""

from __future__ import annotations

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image

from core.templates.photo_input import FOLDER, crop_square, main

# ---- prediction


def predict(session: onnxruntime.InferenceSession, photo: Image.Image, card: dict) -> list[float]:
    """Return the probability of each class. The model takes pixels as they are, uint8 (N, C, H, W)."""
    channels, size, _ = card["input_shape"]
    pixels = np.asarray(crop_square(photo, size, channels)).reshape(size, size, channels)
    inputs = {"pixels": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])}
    return session.run(["probabilities"], inputs)[0][0].tolist()


if __name__ == "__main__":
    CARD = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    SESSION = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])
    sys.exit(main(CARD, lambda photo: predict(SESSION, photo, CARD)))
