"""Augmentation of whole batches as tensors: no Python per example.

Shapes: B batch, C H W image. Random numbers come from the generator that is handed in, so that a resumed training draws the same.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from core.messages import N_, UserError


def random_affine(x: Tensor, shift: float, rotate: float, scale: float, generator: torch.Generator) -> Tensor:
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


def check_crop_size(reach: int, in_shape: tuple[int, ...]) -> None:
    """Raises UserError where images of `in_shape` (C, H, W) cannot be moved by `reach` pixels: their border does not mirror so far."""
    most = min(in_shape[1:]) - 1
    if reach > most:
        raise UserError(
            N_("crop_padding is {value}, but must be at most {most} for images of {height}×{width} pixels."),
            value=reach,
            height=in_shape[1],
            width=in_shape[2],
            most=most,
        )


def random_crop_flip(x: Tensor, reach: int, flipped: Tensor | None, generator: torch.Generator) -> Tensor:
    """Images (B, C, H, W) of any type, each moved by up to `reach` whole pixels both ways, its border mirrored into the gap (a
    random crop of the reflect-padded image), and those of `flipped` (B,) bool mirrored left to right.

    One gather does both, so that uint8 images can be moved before they become floats. `reach` is less than H and W.
    """
    if not reach and flipped is None:
        return x
    b, _, h, w = x.shape
    device = x.device
    dy, dx = torch.randint(-reach, reach + 1, (2, b, 1), generator=generator).to(device)
    rows = _reflect_indices(torch.arange(h, device=device) + dy, h)  # (B, H)
    columns = _reflect_indices(torch.arange(w, device=device) + dx, w)  # (B, W)
    if flipped is not None:
        columns = torch.where(flipped.to(device)[:, None], columns.flip(1), columns)
    picture = torch.arange(b, device=device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]  # (B, H, W, C)
    return moved.permute(0, 3, 1, 2)


def _reflect_indices(index: Tensor, size: int) -> Tensor:
    """Indices outside [0, size) mirrored at the border, which itself is not repeated."""
    return (size - 1) - ((size - 1) - index.abs()).abs()


def flip_mask(
    kind: str, index: Tensor, epoch: int, first: Tensor, generator: torch.Generator
) -> Tensor | None:
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
    """Standardised images (B, C, H, W), in each a square of `size` pixels, its centre anywhere, set to 0, the mean of the training
    part (DeVries and Taylor, arXiv 1708.04552)."""
    if not size:
        return x
    b, _, h, w = x.shape
    top = torch.randint(0, h, (b, 1), generator=generator) - size // 2
    left = torch.randint(0, w, (b, 1), generator=generator) - size // 2
    rows, columns = torch.arange(h), torch.arange(w)
    hole = ((rows >= top) & (rows < top + size))[:, :, None] & ((columns >= left) & (columns < left + size))[
        :, None, :
    ]
    return x.masked_fill(hole[:, None].to(x.device), 0.0)


def color_jitter(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Standardised colour images (B, C, H, W) with brightness, contrast and saturation changed by up to the share `strength`, each
    image by amounts of its own: brightness adds, contrast scales around the image's mean, saturation around its grey."""
    if not strength:
        return x
    amounts = (torch.rand(3, len(x), 1, 1, 1, generator=generator) * 2 - 1) * strength
    brightness, contrast, saturation = amounts.to(x.device, x.dtype)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * (1 + contrast) + brightness
    grey = x.mean(1, keepdim=True)
    return grey + (x - grey) * (1 + saturation)


def random_hue_grayscale(x: Tensor, hue: float, grey: float, generator: torch.Generator) -> Tensor:
    """Colour images (B, 3, H, W) in [0, 1], each with its hue turned by up to the share `hue` of the circle, and the share `grey` of them
    without any colour; brightness (Y of YIQ) stays."""
    if not (hue or grey):
        return x
    b = len(x)
    to_yiq = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    angle = (torch.rand(b, generator=generator) * 2 - 1) * math.pi * hue
    strength = (torch.rand(b, generator=generator) >= grey).float()
    turn = torch.zeros(b, 3, 3)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = torch.cos(angle) * strength
    turn[:, 1, 2], turn[:, 2, 1] = -torch.sin(angle) * strength, torch.sin(angle) * strength
    matrix = (torch.linalg.inv(to_yiq) @ turn @ to_yiq).to(x.device, x.dtype)  # (B, 3, 3)
    return (matrix @ x.flatten(2)).view_as(x).clamp(0, 1)


def random_crop(x: Tensor, size: int, flipped: Tensor, generator: torch.Generator) -> Tensor:
    """A square (B, C, size, size) from a random place of each image (B, C, H, W) of any type, those of `flipped` (B,) bool mirrored."""
    b, _, h, w = x.shape
    top = torch.randint(0, h - size + 1, (b, 1), generator=generator).to(x.device)
    left = torch.randint(0, w - size + 1, (b, 1), generator=generator).to(x.device)
    along = torch.arange(size, device=x.device)
    rows, columns = top + along, left + along  # (B, size)
    columns = torch.where(flipped.to(x.device)[:, None], columns.flip(1), columns)
    picture = torch.arange(b, device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def diff_augment(x: Tensor) -> Tensor:
    """Photos (B, 3, H, W) in [-1, 1] as a discriminator is shown them: other brightness, saturation and contrast, moved by up to an
    eighth, a quarter of the area cut out (Zhao et al., Differentiable augmentation for data-efficient GAN training, arXiv 2006.10738).
    Gradients pass. Random numbers are torch's own."""
    b, _, h, w = x.shape
    bright, saturation, contrast = torch.rand(3, b, 1, 1, 1, device=x.device, dtype=x.dtype)
    x = x + (bright - 0.5)
    x = (x - x.mean(1, keepdim=True)) * (2 * saturation) + x.mean(1, keepdim=True)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (contrast + 0.5) + mean
    dy, dx = (torch.randint(-(n // 8), n // 8 + 1, (b, 1), device=x.device) for n in (h, w))
    rows, columns = (
        torch.arange(h, device=x.device) + dy,
        torch.arange(w, device=x.device) + dx,
    )  # (B, H), (B, W)
    inside = ((rows >= 0) & (rows < h))[:, None, :, None] & ((columns >= 0) & (columns < w))[:, None, None, :]
    picture = torch.arange(b, device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[
        picture, rows.clamp(0, h - 1)[:, :, None], columns.clamp(0, w - 1)[:, None, :]
    ]
    x = moved.permute(0, 3, 1, 2) * inside
    top, left = (torch.randint(0, n + 1, (b, 1), device=x.device) - n // 4 for n in (h, w))
    rows, columns = torch.arange(h, device=x.device), torch.arange(w, device=x.device)
    hole = ((rows >= top) & (rows < top + h // 2))[:, :, None] & (
        (columns >= left) & (columns < left + w // 2)
    )[:, None, :]
    return x * ~hole[:, None]
