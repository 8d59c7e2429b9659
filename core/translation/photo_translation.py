"""A photo of any size through a generator: translated near the size that it was trained at, the change put onto the original pixels.

So a large photo keeps its detail and shows no seams. Shapes: N photos, (N, 3, H, W) in [0, 1]; h, w at the working size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor, nn

from core.runs import system_info

MAX_SIDE_RATIO = 6  # times the working size: the long side of a panorama is no larger than that
MAX_INPUT_SIDE = 2048  # pixels of the longer side of what networks are given
_BLUR_SIZE = 9  # pixels at the working size
_STRIP_ROWS = 256  # rows


@dataclass(frozen=True)
class Translation:
    """What became of photos. `change` (N, 3, h, w) is what the generator adds, in [-1, 1]; `cycled` (N, 3, h, w) came back through the
    other generator, `seen` (N, 3, h, w) is what went in; all at the working size."""

    seen: Tensor
    change: Tensor
    reconstruction: Tensor | None

    @property
    def outputs(self) -> Tensor:
        """The generator's own pictures (N, 3, h, w) in [0, 1]."""
        return (self.seen + self.change).clamp(0, 1)

    @property
    def where(self) -> Tensor:
        """How much each pixel changed (N, 1, h, w): the mean over channels, smoothed."""
        size = self.change.abs().mean(1, keepdim=True)
        return F.avg_pool2d(F.pad(size, (_BLUR_SIZE // 2,) * 4, "replicate"), _BLUR_SIZE, stride=1)

    def mask(self, threshold: float) -> Tensor:
        """Where the network moved the fruit (N, 1, h, w) in [0, 1], soft: 0 below half of `threshold` times the photo's strongest change,
        1 above one and a half of it."""
        where = self.where
        level = threshold * where.flatten(1).quantile(0.98, dim=1).view(-1, 1, 1, 1).clamp_min(1e-6)
        t = ((where - 0.5 * level) / level).clamp(0, 1)
        return t * t * (3 - 2 * t)


@torch.inference_mode()
def translate_photos(
    there: nn.Module, photos: Tensor, working: int, back: nn.Module | None = None
) -> Translation:
    """Photos (N, 3, H, W) through the generator `there`, and through `back` again where it is given, with a short side of `working`
    pixels."""
    h, w = photos.shape[-2:]
    scale = min(working / min(h, w), MAX_SIDE_RATIO * working / max(h, w))
    size = max(8, round(h * scale)), max(8, round(w * scale))
    seen = (
        F.interpolate(photos, size=size, mode="bilinear", antialias=True, align_corners=False)
        if size != (h, w)
        else photos
    )
    translated = _run_generator(there, seen)
    cycled = _run_generator(back, translated) if back is not None else None
    return Translation(seen, translated - seen, cycled)


def _run_generator(generator: nn.Module, x: Tensor) -> Tensor:
    """Pictures (N, 3, h, w) in [0, 1] of any size; a generator takes multiples of 4, so they are padded by reflection and cut back."""
    h, w = x.shape[-2:]
    padded = F.pad(x * 2 - 1, (0, -w % 4, 0, -h % 4), "reflect").contiguous(memory_format=torch.channels_last)
    with torch.autocast(
        x.device.type, torch.bfloat16, enabled=system_info.device_has_native_bf16(x.device.type)
    ):
        out = generator(padded)
    return ((out.float() + 1) / 2)[..., :h, :w].clamp(0, 1)


@torch.inference_mode()
def apply_change(photos: Tensor, change: Tensor, strength: float = 1.0, mask: Tensor | None = None) -> Tensor:
    """Photos (N, 3, H, W) with `change` (N, 3, h, w), enlarged to their own size, put on with `strength` (0 none of it, 1 as the
    network made it, more exaggerates it), and only where `mask` (N, 1, h, w) in [0, 1] says so; what leaves [0, 1] is cut off."""
    change = change * strength if mask is None else change * mask * strength
    if change.shape[-2:] != photos.shape[-2:]:
        change = F.interpolate(change, size=photos.shape[-2:], mode="bilinear", align_corners=False)
    return (photos + change).clamp_(0, 1)


def to_tensor(photo: np.ndarray) -> Tensor:
    """A photo (H, W, 3) uint8 as (1, 3, h, w) in [0, 1] for the networks: as it is, or reduced to SEEN pixels of its longer side, since
    they see far less and a large one would fill the memory."""
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
    """What `applied` does, on the pixels (H, W, 3) uint8 of one photo and strip by strip, so that a large photo stays small in memory.
    `change` (1, 3, h, w), `mask` (1, 1, h, w)."""
    height, width = pixels.shape[:2]
    change = change * strength if mask is None else change * mask * strength
    wide = F.interpolate(change, size=(change.shape[-2], width), mode="bilinear", align_corners=False)[
        0
    ].permute(1, 2, 0)  # (h, W, 3)
    # Bilinear down the columns as well, written out: half-pixel centres, edges repeated.
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
    """(1, C, H, W) in [0, 1] as (H, W, C) uint8."""
    return (photos[0] * 255).round_().clamp_(0, 255).byte().permute(1, 2, 0).contiguous().numpy()
