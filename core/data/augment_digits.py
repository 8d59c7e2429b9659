"""Augmentation of handwritten digits: deformations that imitate other hands, on whole batches of tensors.

MNIST's writers came from one country. Elsewhere, the 1 has a flag and a base, the 7 a bar, the 9 a curved tail, and pens are
thinner or thicker.

Shapes: B batch, H W image. Images are float (B, 1, H, W) in [0, 1], ink bright on black. Random numbers come from the `generator`
argument, so that a resumed run draws the same ones.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

_ELASTIC_GRID = 5
"""Control points of the elastic deformation per side; the displacement between them is interpolated smoothly."""
_INK = 0.4


def deform_digits(
    x: Tensor,
    y: Tensor,
    *,
    pen_strokes: float,
    stroke_width: float,
    shear: float,
    elastic: float,
    generator: torch.Generator,
) -> Tensor:
    """Apply the deformations to a random half of the images; the other half stays as its writers wrote it.

    Args:
        x: images (B, 1, H, W) in [0, 1].
        y: labels (B,), the digits 0 to 9.
        pen_strokes: see `add_pen_strokes`.
        stroke_width: see `random_stroke_width`.
        shear: see `random_shear_elastic`.
        elastic: see `random_shear_elastic`.
        generator: source of random numbers.
    """
    if not (pen_strokes or stroke_width or shear or elastic):
        return x
    chosen = (torch.rand(len(x), generator=generator) < 0.5).nonzero().squeeze(1).to(x.device)
    part = add_pen_strokes(x[chosen], y[chosen], pen_strokes, generator)
    part = random_stroke_width(part, stroke_width, generator)
    return x.index_copy(0, chosen, random_shear_elastic(part, shear, elastic, generator))


def random_shear_elastic(x: Tensor, shear: float, elastic: float, generator: torch.Generator) -> Tensor:
    """Slant each image and displace its pixels smoothly, in one interpolation (Simard, Steinkraus, Platt, ICDAR 2003).

    Args:
        x: images (B, 1, H, W).
        shear: maximum slant to the left or right, in degrees.
        elastic: standard deviation of the displacement of the control points, in pixels; the strength is drawn per image.
        generator: source of random numbers.
    """
    if not (shear or elastic):
        return x
    b, _, h, w = x.shape
    slant = torch.tan((torch.rand(b, generator=generator) * 2 - 1) * math.radians(shear))
    theta = torch.eye(2, 3).repeat(b, 1, 1)
    theta[:, 0, 1] = slant * h / w
    grid = F.affine_grid(theta.to(x.device), list(x.shape), align_corners=False)
    if elastic:
        strength = torch.rand(b, 1, 1, 1, generator=generator) * elastic
        control = torch.randn(b, 2, _ELASTIC_GRID, _ELASTIC_GRID, generator=generator) * strength
        field = F.interpolate(control.to(x.device), (h, w), mode="bicubic", align_corners=True)
        grid = grid + field.permute(0, 2, 3, 1) * (2 / torch.tensor([w, h], device=x.device))
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def random_stroke_width(x: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Thicken or thin the strokes: mix each image with its dilation or erosion. The brightest ink stays as bright as it was.

    Args:
        x: images (B, 1, H, W).
        amount: maximum share of the dilated or eroded image, in [0, 1].
        generator: source of random numbers.
    """
    if not amount:
        return x
    share = ((torch.rand(len(x), 1, 1, 1, generator=generator) * 2 - 1) * amount).to(x.device)
    sign = torch.where(share < 0, -1.0, 1.0)
    mixed = x + share.abs() * (sign * _dilate(sign * x) - x)  # an erosion is the dilation of the negative
    return mixed * (x.amax((1, 2, 3), keepdim=True) / mixed.amax((1, 2, 3), keepdim=True).clamp(min=_INK / 2))


def _dilate(x: Tensor) -> Tensor:
    """The maximum of each pixel and its eight neighbors; a pooling layer is many times slower on one channel."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    rows = torch.maximum(torch.maximum(padded[..., :-2, :], padded[..., 1:-1, :]), padded[..., 2:, :])
    return torch.maximum(torch.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def add_pen_strokes(x: Tensor, y: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Add strokes that other hands write: a flag and a base to 1, a bar to 7, a tail to 9.

    Args:
        x: images (B, 1, H, W).
        y: labels (B,).
        probability: of each stroke, in an image that can have it.
        generator: source of random numbers.
    """
    if not probability:
        return x
    b, _, h, w = x.shape
    device, y = x.device, y.to(x.device)
    rand = torch.rand(12, b, generator=generator).to(device)
    wanted = torch.rand(4, b, generator=generator).to(device) < probability
    inked = x[:, 0] > _INK
    filled = inked.any(2)  # (B, H)
    top, bottom = filled.int().argmax(1), h - 1 - filled.flip(1).int().argmax(1)
    height = (bottom - top).float()
    middle = (top + (0.33 + 0.3 * rand[0]) * height).round().long()
    at_top, at_bottom = _ink_column(x, top), _ink_column(x, bottom)
    at_middle = _ink_column(x, middle)
    top, bottom, middle = top.float(), bottom.float(), middle.float()

    flag, flag_angle = (0.2 + 0.55 * rand[1]) * height, torch.deg2rad(22 + 43 * rand[2])
    flag_end = (top + flag * flag_angle.sin(), at_top - flag * flag_angle.cos())
    left, right = (0.12 + 0.35 * rand[3]) * height, (0.12 + 0.35 * rand[4]) * height
    base = ((bottom, at_bottom - left), (bottom, at_bottom + right))
    tilt = torch.deg2rad(-20 + 35 * rand[5])  # the right end is usually higher
    bar_left, bar_right = (0.12 + 0.2 * rand[6]) * height, (0.12 + 0.2 * rand[7]) * height
    bar = (
        (middle - bar_left * tilt.sin(), at_middle - bar_left * tilt.cos()),
        (middle + bar_right * tilt.sin(), at_middle + bar_right * tilt.cos()),
    )
    tail, tail_angle = (0.25 + 0.4 * rand[8]) * height, torch.deg2rad(-10 + 45 * rand[9])
    tail_end = (bottom - tail * tail_angle.sin(), at_bottom - tail * tail_angle.cos())

    width = 1.5 + 1.7 * rand[10]
    for label, use, start, end in (
        (1, wanted[0], (top, at_top), flag_end),
        (1, wanted[1], *base),
        (7, wanted[2], *bar),
        (9, wanted[3], (bottom, at_bottom), tail_end),
    ):
        chosen = (use & (y == label)).nonzero().squeeze(1)
        points = [tuple(v[chosen] for v in point) for point in (start, end)]
        strokes = _draw_segments(*points, width[chosen], h, w)
        x = x.index_copy(0, chosen, torch.maximum(x[chosen], strokes[:, None]))
    return x


def _ink_column(x: Tensor, row: Tensor) -> Tensor:
    """Mean column (B,) of the ink in `row` (B,) of each image; the center if there is none."""
    line = x[torch.arange(len(x), device=x.device), 0, row]  # (B, W)
    columns = torch.arange(x.shape[3], device=x.device, dtype=x.dtype)
    total = line.sum(1)
    return torch.where(total > 0, (line * columns).sum(1) / total.clamp(min=1e-6), (x.shape[3] - 1) / 2)


def _draw_segments(
    start: tuple[Tensor, Tensor], end: tuple[Tensor, Tensor], width: Tensor, h: int, w: int
) -> Tensor:
    """Antialiased line segments with round ends, one per image: (B, h, w) in [0, 1].

    Args:
        start: rows and columns (B,), in pixels.
        end: rows and columns (B,).
        width: of the stroke (B,), in pixels.
        h: height of the image.
        w: width of the image.
    """
    device = width.device
    rows = torch.arange(h, device=device).view(1, h, 1) - start[0].view(-1, 1, 1)
    columns = torch.arange(w, device=device).view(1, 1, w) - start[1].view(-1, 1, 1)
    dy, dx = ((e - s).view(-1, 1, 1) for s, e in zip(start, end, strict=True))
    along = ((rows * dy + columns * dx) / (dy**2 + dx**2).clamp(min=1e-6)).clamp(0, 1)
    distance = torch.hypot(rows - along * dy, columns - along * dx)
    return (width.view(-1, 1, 1) / 2 + 0.5 - distance).clamp(0, 1)
