"""Augmentation of whole batches as tensors: no Python per example.

Shapes: B batch, C H W image. Random numbers come from the generator that is handed in, so that a resumed training draws the same.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def affine(x: Tensor, shift: float, rotate: float, scale: float, generator: torch.Generator) -> Tensor:
    """Images (B, C, H, W), each moved by up to `shift` pixels, turned by up to `rotate` degrees and scaled by up to the share
    `scale`; what comes in from outside repeats the border. Bilinear (Simard, Steinkraus, Platt, ICDAR 2003, argue for it)."""
    if not (shift or rotate or scale):
        return x
    b, _, h, w = x.shape
    angle, factor, dx, dy = torch.rand(4, b, generator=generator) * 2 - 1  # each (B,), in [-1, 1]
    angle, factor = angle * math.radians(rotate), 1 / (1 + factor * scale)
    cos, sin = torch.cos(angle) * factor, torch.sin(angle) * factor
    theta = torch.stack([cos, -sin, dx * 2 * shift / w, sin, cos, dy * 2 * shift / h], dim=1).view(b, 2, 3)
    grid = F.affine_grid(theta.to(x.device), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def crop_and_flip(x: Tensor, reach: int, flipped: Tensor | None, generator: torch.Generator) -> Tensor:
    """Images (B, C, H, W) of any type, each moved by up to `reach` whole pixels both ways, its border mirrored into the gap (a
    random crop of the reflect-padded image), and those of `flipped` (B,) bool mirrored left to right.

    One gather does both, so that uint8 images can be moved before they become floats. `reach` is less than H and W.
    """
    if not reach and flipped is None:
        return x
    b, _, h, w = x.shape
    device = x.device
    dy, dx = torch.randint(-reach, reach + 1, (2, b, 1), generator=generator).to(device)
    rows = _reflected(torch.arange(h, device=device) + dy, h)  # (B, H)
    columns = _reflected(torch.arange(w, device=device) + dx, w)  # (B, W)
    if flipped is not None:
        columns = torch.where(flipped.to(device)[:, None], columns.flip(1), columns)
    picture = torch.arange(b, device=device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]  # (B, H, W, C)
    return moved.permute(0, 3, 1, 2)


def _reflected(index: Tensor, size: int) -> Tensor:
    """Indices outside [0, size) mirrored at the border, which itself is not repeated."""
    return (size - 1) - ((size - 1) - index.abs()).abs()


def flips(kind: str, index: Tensor, epoch: int, first: Tensor, generator: torch.Generator) -> Tensor | None:
    """Which of the examples `index` (B,) are mirrored in `epoch`: (B,) bool, or None for `kind` "none".

    "random" draws anew each time. "alternating" starts from `first` (N,) bool and turns every example over in every second epoch, so
    that any two epochs in a row show each picture both ways (Jordan, arXiv 2404.00498).
    """
    match kind:
        case "random":
            return torch.rand(len(index), generator=generator) < 0.5
        case "alternating":
            return first[index] ^ bool(epoch % 2)
        case "none":
            return None
    raise ValueError(f"no way of mirroring is called {kind}")


def cutout(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Normalised images (B, C, H, W), in each a square of `size` pixels, its centre anywhere, set to 0, the mean of the training
    part (DeVries and Taylor, arXiv 1708.04552)."""
    if not size:
        return x
    b, _, h, w = x.shape
    top = torch.randint(0, h, (b, 1), generator=generator) - size // 2
    left = torch.randint(0, w, (b, 1), generator=generator) - size // 2
    rows, columns = torch.arange(h), torch.arange(w)
    hole = ((rows >= top) & (rows < top + size))[:, :, None] & ((columns >= left) & (columns < left + size))[:, None, :]
    return x.masked_fill(hole[:, None].to(x.device), 0.0)


def jitter(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Normalised colour images (B, C, H, W) with brightness, contrast and saturation changed by up to the share `strength`, each
    image by amounts of its own: brightness adds, contrast scales around the image's mean, saturation around its grey."""
    if not strength:
        return x
    amounts = (torch.rand(3, len(x), 1, 1, 1, generator=generator) * 2 - 1) * strength
    brightness, contrast, saturation = amounts.to(x.device, x.dtype)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * (1 + contrast) + brightness
    grey = x.mean(1, keepdim=True)
    return grey + (x - grey) * (1 + saturation)
