"""Images for `st.image`: nearest-neighbor upscaling, attribution overlays, tiles with marks.

Everything is uint8: (H, W) gray or (H, W, 3) color in, (H, W, 3) or, with transparency, (H, W, 4) out.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ui.kit import palette as p

_LABEL_BACKGROUND, _LABEL_COLOR = "#1E222B", "#FFFFFF"


def data_url(content: bytes, kind: str = "jpeg") -> str:
    """Return an image file of MIME subtype `kind` as a data URL."""
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def upscale_image(image: np.ndarray, factor: int) -> np.ndarray:
    """Upscale an image (H, W) or (H, W, 3) to (H * factor, W * factor, 3) by nearest neighbor."""
    color = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    return np.ascontiguousarray(color.repeat(factor, axis=0).repeat(factor, axis=1), dtype=np.uint8)


def attribution_bound(attribution: np.ndarray) -> float:
    """The absolute value of an attribution (H, W) at which its color is strongest.

    The largest percent may saturate: a single outlier should not hide the rest.
    """
    size = np.abs(np.nan_to_num(np.asarray(attribution, dtype=float), posinf=0, neginf=0))
    return float(np.percentile(size, 99) or size.max() or 1.0)


def overlay_attribution(image: np.ndarray, attribution: np.ndarray, factor: int = 8) -> np.ndarray:
    """Overlay a drawing (H, W) uint8, white on black, with its signed attribution (H, W): evidence for the
    class in blue, evidence against it in orange, relative to `attribution_bound`. Returns (H * factor, W *
    factor, 3).
    """
    signed = np.nan_to_num(np.asarray(attribution, dtype=float), posinf=0, neginf=0)
    bound = attribution_bound(attribution)
    strength = (np.abs(signed) / bound).clip(0, 1)[..., None] * 0.85  # (H, W, 1)
    tint = np.where(
        signed[..., None] > 0, np.array(p.to_rgb(p.POSITIVE)), np.array(p.to_rgb(p.NEGATIVE))
    )  # (H, W, 3)
    mixed = image[..., None].astype(float) * (1 - strength) + tint * strength
    return upscale_image(mixed.round().astype(np.uint8), factor)


def tile_images(
    images: Sequence[np.ndarray],
    columns: int,
    factor: int,
    *,
    marks: Sequence[bool | None] | None = None,
    captions: Sequence[str] | None = None,
    gap: int = 8,
) -> np.ndarray:
    """Tile images of equal size in rows of `columns`, each upscaled by `factor`, into one (H, W, 4) image with
    transparent gaps.

    `marks` frame each image: True green with a tick, False vermilion with a cross, None gray without a mark.
    `captions` (Latin letters, digits, →) are drawn on a plate below.
    """
    if not len(images):
        return np.zeros((1, 1, 4), dtype=np.uint8)
    marks = marks if marks is not None else [None] * len(images)
    frame = max(2, factor // 2)
    tiles = [
        _frame_image(upscale_image(np.asarray(image), factor), mark, frame)
        for image, mark in zip(images, marks, strict=True)
    ]
    if captions is not None:
        tiles = [_caption_image(t, caption) for t, caption in zip(tiles, captions, strict=True)]
    height, width = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    out = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), dtype=np.uint8)
    for i, tile in enumerate(tiles):
        y, x = (i // columns) * (height + gap), (i % columns) * (width + gap)
        out[y : y + height, x : x + width, :3] = tile
        out[y : y + height, x : x + width, 3] = 255
    return out


def _frame_image(image: np.ndarray, mark: bool | None, frame: int) -> np.ndarray:
    """Draw a frame `frame` pixels wide around an image (H, W, 3), with the mark in the lower right corner."""
    color = p.to_rgb(p.NEUTRAL if mark is None else p.CORRECT if mark else p.WRONG)
    height, width = image.shape[:2]
    canvas = Image.new("RGB", (width + 2 * frame, height + 2 * frame), color)
    canvas.paste(Image.fromarray(image), (frame, frame))
    if mark is not None:
        # Drawn at four times the size and reduced, for smooth strokes.
        side = max(12, round(0.24 * min(height, width)))
        plate = Image.new("RGB", (4 * side, 4 * side), color)
        strokes = (
            [[(0.18, 0.54), (0.42, 0.78), (0.84, 0.24)]]
            if mark
            else [[(0.22, 0.22), (0.78, 0.78)], [(0.78, 0.22), (0.22, 0.78)]]
        )
        draw = ImageDraw.Draw(plate)
        for stroke in strokes:
            draw.line(
                [(4 * side * x, 4 * side * y) for x, y in stroke],
                fill=_LABEL_COLOR,
                width=max(4, side // 2),
                joint="curve",
            )
        canvas.paste(
            plate.resize((side, side), Image.Resampling.LANCZOS), (canvas.width - side, canvas.height - side)
        )
    return np.asarray(canvas)


def _caption_image(image: np.ndarray, caption: str) -> np.ndarray:
    """Add a plate with the caption below an image, as large as fits; the arrow, missing in the built-in font,
    is drawn.
    """
    width = image.shape[1]
    plate = Image.new("RGB", (width, round(max(11, width // 7) * 1.5)), _LABEL_BACKGROUND)
    draw, parts, size = (
        ImageDraw.Draw(plate),
        [part.strip() for part in caption.split("→")],
        max(11, width // 7),
    )
    while True:
        font, arrow = ImageFont.load_default(size), 1.5 * size
        total = sum(font.getlength(part) for part in parts) + arrow * (len(parts) - 1)
        if total <= width - 4 or size <= 8:
            break
        size -= 1
    x, y = (width - total) / 2, plate.height / 2
    for i, part in enumerate(parts):
        if i:
            left, right, head = x + 0.3 * size, x + 1.2 * size, 0.28 * size
            draw.line([(left, y), (right, y)], fill=_LABEL_COLOR, width=max(1, size // 10))
            draw.line(
                [(right - head, y - head), (right, y), (right - head, y + head)],
                fill=_LABEL_COLOR,
                width=max(1, size // 10),
            )
            x += arrow
        draw.text((x, y), part, fill=_LABEL_COLOR, font=font, anchor="lm")
        x += font.getlength(part)
    return np.concatenate([image, np.asarray(plate)])
