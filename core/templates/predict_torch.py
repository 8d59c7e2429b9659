"""Template of `predict.py` in an exported bundle: PyTorch, safetensors and Pillow."""

from __future__ import annotations

import json
import sys

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from core.models.original import original as build_model
from core.templates.photo_input import FOLDER, crop_square, main

# ---- prediction


def load_model(card: dict) -> nn.Module:
    """Return the model with its weights, ready to predict."""
    model = build_model(tuple(card["input_shape"]), len(card["classes"]), **card["model_options"])
    weights = load_file(FOLDER / "model.safetensors")
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights.items()})
    return model.eval()


def to_input(photo: Image.Image, card: dict) -> Tensor:
    """Return the photo as model input (1, C, H, W): centered square, resized and standardized."""
    channels, size, _ = card["input_shape"]
    pixels = bytearray(crop_square(photo, size, channels).tobytes())
    x = torch.frombuffer(pixels, dtype=torch.uint8).view(size, size, channels).permute(2, 0, 1)[None].float()
    mean, std = (torch.tensor(card[name]).view(1, -1, 1, 1) for name in ("mean", "std"))
    return (x / 255 - mean) / std


def predict_logits(model: nn.Module, x: Tensor, card: dict) -> Tensor:
    """Return the logits (1, K), averaged over the views of the test-time augmentation."""

    def once(v: Tensor) -> Tensor:
        return (model(v) + model(v.flip(-1))) / 2 if card["tta_flip"] else model(v)

    if not card["tta_shift"]:
        return once(x)
    height, width = x.shape[-2:]
    padded = F.pad(x, (1, 1, 1, 1), "reflect")
    moved = once(padded[..., :height, :width]) + once(padded[..., 2:, 2:])
    return once(x) / 2 + moved / 4


@torch.inference_mode()
def predict(model: nn.Module, photo: Image.Image, card: dict) -> list[float]:
    """Return the probability of each class."""
    return predict_logits(model, to_input(photo, card), card).softmax(1)[0].tolist()


if __name__ == "__main__":
    CARD = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    MODEL = load_model(CARD)
    sys.exit(main(CARD, lambda photo: predict(MODEL, photo, CARD)))
