"""Translate photos of any size with a generator.

A photo is translated near the image size of the training, and the change is added to the original pixels, so that a large photo
keeps its detail and has no seams. Shapes: N photos, (N, 3, H, W) in [0, 1]; (h, w) is the size of the generator's input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor, nn

from core.runs import system_info

MAX_SIDE_RATIO = 6  # longest side of the input, in multiples of the training size; limits panoramas
MAX_INPUT_SIDE = 2048  # pixels of the longer side of tensors made from photos
_BLUR_SIZE = 9  # pixels of the generator's input
_STRIP_ROWS = 256  # rows


@dataclass(frozen=True)
class Translation:
    """Result of a translation, at the size of the generator's input.

    Attributes:
        inputs: Photos (N, 3, h, w) in [0, 1].
        change: Output minus input (N, 3, h, w), in [-1, 1].
        reconstruction: Translated photos after the reverse generator (N, 3, h, w), or None.
    """

    inputs: Tensor
    change: Tensor
    reconstruction: Tensor | None

    @property
    def outputs(self) -> Tensor:
        """Outputs of the generator (N, 3, h, w) in [0, 1]."""
        return (self.inputs + self.change).clamp(0, 1)

    @property
    def difference_map(self) -> Tensor:
        """Smoothed absolute change of each pixel (N, 1, h, w), averaged over channels."""
        size = self.change.abs().mean(1, keepdim=True)
        return F.avg_pool2d(F.pad(size, (_BLUR_SIZE // 2,) * 4, "replicate"), _BLUR_SIZE, stride=1)

    def change_mask(self, threshold: float) -> Tensor:
        """Soft mask (N, 1, h, w) in [0, 1] of the pixels that changed most.

        With the level `threshold` times the photo's 98th percentile of change: 0 below half of the level, 1 above 1.5 times it.
        """
        change = self.difference_map
        level = threshold * change.flatten(1).quantile(0.98, dim=1).view(-1, 1, 1, 1).clamp_min(1e-6)
        t = ((change - 0.5 * level) / level).clamp(0, 1)
        return t * t * (3 - 2 * t)


@torch.inference_mode()
def translate_photos(
    generator: nn.Module, photos: Tensor, input_size: int, reverse_generator: nn.Module | None = None
) -> Translation:
    """Translate photos (N, 3, H, W), resized to a short side of `input_size` pixels; reconstruct them if `reverse_generator` is given."""
    h, w = photos.shape[-2:]
    scale = min(input_size / min(h, w), MAX_SIDE_RATIO * input_size / max(h, w))
    size = max(8, round(h * scale)), max(8, round(w * scale))
    inputs = (
        F.interpolate(photos, size=size, mode="bilinear", antialias=True, align_corners=False)
        if size != (h, w)
        else photos
    )
    outputs = _run_generator(generator, inputs)
    reconstruction = _run_generator(reverse_generator, outputs) if reverse_generator is not None else None
    return Translation(inputs, outputs - inputs, reconstruction)


def _run_generator(generator: nn.Module, x: Tensor) -> Tensor:
    """Apply a generator to images (N, 3, h, w) in [0, 1], padded by reflection to a multiple of 4 and cropped back."""
    h, w = x.shape[-2:]
    padded = F.pad(x * 2 - 1, (0, -w % 4, 0, -h % 4), "reflect").contiguous(memory_format=torch.channels_last)
    with torch.autocast(
        x.device.type, torch.bfloat16, enabled=system_info.device_has_native_bf16(x.device.type)
    ):
        out = generator(padded)
    return ((out.float() + 1) / 2)[..., :h, :w].clamp(0, 1)


@torch.inference_mode()
def apply_change(photos: Tensor, change: Tensor, strength: float = 1.0, mask: Tensor | None = None) -> Tensor:
    """Add `change` (N, 3, h, w), resized, to photos (N, 3, H, W).

    Args:
        photos: Values in [0, 1].
        change: From `Translation.change`.
        strength: Factor of the change; above 1 exaggerates it.
        mask: Weights (N, 1, h, w) in [0, 1] of the change, or None.

    Returns photos clipped to [0, 1].
    """
    change = change * strength if mask is None else change * mask * strength
    if change.shape[-2:] != photos.shape[-2:]:
        change = F.interpolate(change, size=photos.shape[-2:], mode="bilinear", align_corners=False)
    return (photos + change).clamp_(0, 1)


def to_tensor(photo: np.ndarray) -> Tensor:
    """Convert a photo (H, W, 3) uint8 to a tensor (1, 3, h, w) in [0, 1], reduced to at most `MAX_INPUT_SIDE` pixels a side.

    The limit saves memory; generators get far smaller inputs.
    """
    if max(photo.shape[:2]) > MAX_INPUT_SIDE:
        reduced = Image.fromarray(photo)
        scale = MAX_INPUT_SIDE / max(reduced.size)
        size = tuple(max(1, round(n * scale)) for n in reduced.size)
        photo = np.asarray(reduced.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0))
    return torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None].float().div_(255)


@torch.inference_mode()
def apply_change_tiled(
    pixels: np.ndarray, change: Tensor, strength: float = 1.0, mask: Tensor | None = None
) -> np.ndarray:
    """Like `apply_change`, for one photo (H, W, 3) uint8, in strips of rows to limit memory.

    `change` is (1, 3, h, w), `mask` (1, 1, h, w).
    """
    height, width = pixels.shape[:2]
    change = change * strength if mask is None else change * mask * strength
    wide = F.interpolate(change, size=(change.shape[-2], width), mode="bilinear", align_corners=False)[
        0
    ].permute(1, 2, 0)  # (h, W, 3)
    # Bilinear interpolation along the columns: half-pixel centers, edges repeated.
    rows = ((torch.arange(height) + 0.5) * change.shape[-2] / height - 0.5).clamp(0, change.shape[-2] - 1)
    above, share = rows.floor().long(), rows.frac()[:, None, None]
    below = (above + 1).clamp_max(change.shape[-2] - 1)
    out = np.empty_like(pixels)
    for first in range(0, height, _STRIP_ROWS):
        part = slice(first, first + _STRIP_ROWS)
        added = torch.lerp(wide[above[part]], wide[below[part]], share[part])
        strip = torch.from_numpy(np.array(pixels[part])).float().add_(added, alpha=255)
        out[part] = strip.round_().clamp_(0, 255).byte().numpy()
    return out


def to_pixels(photos: Tensor) -> np.ndarray:
    """Convert (1, C, H, W) in [0, 1] to (H, W, C) uint8."""
    return (photos[0] * 255).round_().clamp_(0, 255).byte().permute(1, 2, 0).contiguous().numpy()
