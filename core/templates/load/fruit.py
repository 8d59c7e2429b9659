"""Photos of apples and oranges (CycleGAN's apple2orange) for classification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def load(root: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The extracted folder `apple2orange`: shorter side resized to 64 pixels, center crop.

    Images (N, 3, 64, 64), uint8, and labels (N,), 0 for apples, of the training set, then of the test set.
    """
    arrays = []
    for part in ("train", "test"):
        images, labels = [], []
        for label, letter in enumerate("AB"):
            for path in sorted(Path(root, "apple2orange", part + letter).iterdir()):
                photo = Image.open(path).convert("RGB")
                scale = 64 / min(photo.size)
                width, height = (max(64, round(n * scale)) for n in photo.size)
                photo = photo.resize((width, height), Image.Resampling.BICUBIC)
                left, top = (width - 64) // 2, (height - 64) // 2
                images.append(np.asarray(photo.crop((left, top, left + 64, top + 64))))
                labels.append(label)
        arrays += [torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2), torch.tensor(labels)]
    return tuple(arrays)
