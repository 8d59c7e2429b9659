"""Augmentation of whole batches as tensors, without Python code per example.

Shapes: B batch, C H W image. Random numbers come from the `generator` argument, so that a resumed run draws
the same ones.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from core.messages import N_, UserError


def random_affine(x: Tensor, shift: float, rotate: float, scale: float, generator: torch.Generator) -> Tensor:
    """Shift, rotate and scale each image at random, with bilinear interpolation (Simard, Steinkraus, Platt,
    ICDAR 2003).

    Args:
        x: images (B, C, H, W), float.
        shift: maximum shift in pixels.
        rotate: maximum angle in degrees.
        scale: maximum change of the scale, as a fraction.
        generator: source of random numbers.

    Returns:
        Images of the same shape; the border is repeated outside the original image.
    """
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
    """Check that images of `in_shape` (C, H, W) can be padded by `reach` pixels: reflection needs more pixels
    than that.

    Raises:
        UserError: if they are too small.
    """
    most = min(in_shape[1:]) - 1
    if reach > most:
        raise UserError(
            N_("crop_padding is {value}, but must be at most {most} for images of {height}×{width} pixels."),
            value=reach,
            height=in_shape[1],
            width=in_shape[2],
            most=most,
        )


def random_crop_flip(x: Tensor, reach: int, flip: Tensor | None, generator: torch.Generator) -> Tensor:
    """Random crops of the reflect-padded images, optionally flipped left to right.

    Both are one gather operation, so that uint8 images can be shifted before they are converted to float.

    Args:
        x: images (B, C, H, W) of any type.
        reach: padding in pixels, less than H and W.
        flip: bool (B,), which images to flip; None flips none.
        generator: source of random numbers.
    """
    if not reach and flip is None:
        return x
    b, _, h, w = x.shape
    device = x.device
    dy, dx = torch.randint(-reach, reach + 1, (2, b, 1), generator=generator).to(device)
    rows = _reflect_indices(torch.arange(h, device=device) + dy, h)  # (B, H)
    columns = _reflect_indices(torch.arange(w, device=device) + dx, w)  # (B, W)
    if flip is not None:
        columns = torch.where(flip.to(device)[:, None], columns.flip(1), columns)
    sample = torch.arange(b, device=device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[sample, rows[:, :, None], columns[:, None, :]]  # (B, H, W, C)
    return moved.permute(0, 3, 1, 2)


def _reflect_indices(index: Tensor, size: int) -> Tensor:
    """Reflect indices outside [0, size) at the border, which is not repeated."""
    return (size - 1) - ((size - 1) - index.abs()).abs()


def flip_mask(
    mode: str, index: Tensor, epoch: int, first: Tensor, generator: torch.Generator
) -> Tensor | None:
    """Which of the examples to flip in `epoch`: bool (B,), or None for "none".

    Args:
        mode: "random" draws anew each time. "alternating" starts from `first` and flips every example in
            every second epoch, so that any two consecutive epochs contain both versions (Jordan, arXiv
            2404.00498). "none" flips nothing.
        index: indices of the examples (B,).
        epoch: number of the epoch.
        first: bool (N,), which examples are flipped in epoch 0.
        generator: source of random numbers.
    """
    match mode:
        case "random":
            return torch.rand(len(index), generator=generator) < 0.5
        case "alternating":
            return first[index] ^ bool(epoch % 2)
        case "none":
            return None
    raise ValueError(f"unknown flip: {mode}")


def cutout(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Set a square of `size` pixels, centered anywhere, to 0 in each standardized image (B, C, H, W), 0 being
    the mean of the training set (DeVries and Taylor, arXiv 1708.04552).
    """
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


def random_vertical_flip(x: Tensor, generator: torch.Generator) -> Tensor:
    """Turn half of the images (B, C, H, W) of any type upside down."""
    flipped = (torch.rand(len(x), generator=generator) < 0.5).to(x.device)
    return torch.where(flipped[:, None, None, None], x.flip(2), x)


def random_resized_crop(x: Tensor, smallest: float, generator: torch.Generator) -> Tensor:
    """Resize a random part of each image to the size of the whole, with bilinear interpolation (Szegedy et al., arXiv
    1409.4842).

    Args:
        x: images (B, C, H, W), float.
        smallest: smallest share of the area; 1 returns the images unchanged. The aspect ratio is from 3:4 to 4:3, as far as the
            image allows.
        generator: source of random numbers.
    """
    if smallest >= 1:
        return x
    area, ratio, dx, dy = torch.rand(4, len(x), generator=generator)  # each (B,), in [0, 1)
    area, ratio = smallest + (1 - smallest) * area, (4 / 3) ** (2 * ratio - 1)
    width, height = (
        (area * ratio).sqrt().clamp(max=1),
        (area / ratio).sqrt().clamp(max=1),
    )  # shares of the sides
    zero = torch.zeros_like(area)
    left, top = (2 * dx - 1) * (1 - width), (2 * dy - 1) * (1 - height)  # of the centers, in [-1, 1]
    theta = torch.stack([width, zero, left, zero, height, top], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(theta.to(x.device), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def random_erasing(x: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Set a rectangle of some standardized images (B, C, H, W) to 0, the mean of the training set (Zhong et al., arXiv 1708.04896).

    Args:
        x: standardized images.
        probability: share of the images that are changed.
        generator: source of random numbers. A rectangle has 2% to 33% of the area and an aspect ratio from 0.3 to 3.3.
    """
    if not probability:
        return x
    b, _, h, w = x.shape
    chosen, area, ratio, down, right = torch.rand(5, b, 1, generator=generator)  # each (B, 1), in [0, 1)
    area, ratio = 0.02 + (0.33 - 0.02) * area, torch.exp((2 * ratio - 1) * math.log(10 / 3))
    height = (h * (area * ratio).sqrt()).round().clamp(1, h)
    width = (w * (area / ratio).sqrt()).round().clamp(1, w)
    top, left = (down * (h - height + 1)).floor(), (right * (w - width + 1)).floor()
    rows, columns = torch.arange(h), torch.arange(w)
    inside_rows = (rows >= top) & (rows < top + height) & (chosen < probability)  # (B, H)
    inside_columns = (columns >= left) & (columns < left + width)  # (B, W)
    hole = inside_rows[:, :, None] & inside_columns[:, None, :]
    return x.masked_fill(hole[:, None].to(x.device), 0.0)


def color_jitter(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change brightness, contrast and saturation of each standardized color image (B, C, H, W) by up to the
    fraction `strength`.

    Brightness is added, contrast scales around the image's mean, saturation around its gray values.
    """
    if not strength:
        return x
    amounts = (torch.rand(3, len(x), 1, 1, 1, generator=generator) * 2 - 1) * strength
    brightness, contrast, saturation = amounts.to(x.device, x.dtype)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * (1 + contrast) + brightness
    gray = x.mean(1, keepdim=True)
    return gray + (x - gray) * (1 + saturation)


def random_hue_grayscale(x: Tensor, hue: float, gray: float, generator: torch.Generator) -> Tensor:
    """Rotate the hue of each image at random, and remove the color of some. Brightness (Y of YIQ) stays.

    Args:
        x: color images (B, 3, H, W) in [0, 1].
        hue: maximum rotation, as a fraction of the half circle.
        gray: probability of removing the color.
        generator: source of random numbers.
    """
    if not (hue or gray):
        return x
    b = len(x)
    to_yiq = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    angle = (torch.rand(b, generator=generator) * 2 - 1) * math.pi * hue
    strength = (torch.rand(b, generator=generator) >= gray).float()
    turn = torch.zeros(b, 3, 3)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = torch.cos(angle) * strength
    turn[:, 1, 2], turn[:, 2, 1] = -torch.sin(angle) * strength, torch.sin(angle) * strength
    matrix = (torch.linalg.inv(to_yiq) @ turn @ to_yiq).to(x.device, x.dtype)  # (B, 3, 3)
    return (matrix @ x.flatten(2)).view_as(x).clamp(0, 1)


def random_crop(x: Tensor, size: int, flip: Tensor, generator: torch.Generator) -> Tensor:
    """A random square (B, C, size, size) of each image (B, C, H, W) of any type, flipped where `flip` (B,) is
    true.
    """
    b, _, h, w = x.shape
    top = torch.randint(0, h - size + 1, (b, 1), generator=generator).to(x.device)
    left = torch.randint(0, w - size + 1, (b, 1), generator=generator).to(x.device)
    along = torch.arange(size, device=x.device)
    rows, columns = top + along, left + along  # (B, size)
    columns = torch.where(flip.to(x.device)[:, None], columns.flip(1), columns)
    sample = torch.arange(b, device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[sample, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def diff_augment(x: Tensor) -> Tensor:
    """Differentiable augmentation of discriminator inputs (Zhao et al., arXiv 2006.10738).

    Changes brightness, saturation and contrast, shifts by up to an eighth, and cuts out a quarter of the
    area. Random numbers are torch's own.

    Args:
        x: photos (B, 3, H, W) in [-1, 1].
    """
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
    sample = torch.arange(b, device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[
        sample, rows.clamp(0, h - 1)[:, :, None], columns.clamp(0, w - 1)[:, None, :]
    ]
    x = moved.permute(0, 3, 1, 2) * inside
    top, left = (torch.randint(0, n + 1, (b, 1), device=x.device) - n // 4 for n in (h, w))
    rows, columns = torch.arange(h, device=x.device), torch.arange(w, device=x.device)
    hole = ((rows >= top) & (rows < top + h // 2))[:, :, None] & (
        (columns >= left) & (columns < left + w // 2)
    )[:, None, :]
    return x * ~hole[:, None]
