"""Pictures for `st.image`: small images enlarged without smoothing, attribution over a drawing, mosaics with marks.

Everything is uint8: (H, W) grey or (H, W, 3) colour in, (H, W, 3) or, where something must stay see-through, (H, W, 4) out.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ui.kit import palette as p

_LABEL_BACKGROUND, _LABEL_COLOR = "#1E222B", "#FFFFFF"


def data_url(content: bytes, kind: str = "jpeg") -> str:
    """An image file of the type `kind` as a URL that holds it."""
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def upscale_image(image: np.ndarray, factor: int) -> np.ndarray:
    """`image` (H, W) or (H, W, 3) as (H * factor, W * factor, 3), every pixel a square."""
    colour = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    return np.ascontiguousarray(colour.repeat(factor, axis=0).repeat(factor, axis=1), dtype=np.uint8)


def overlay_attribution(image: np.ndarray, attribution: np.ndarray, factor: int = 8) -> np.ndarray:
    """A drawing (H, W) uint8, white on black, under its signed attribution (H, W): what speaks for the answer in blue, what speaks
    against it in orange, as strong as its share of the largest; (H * factor, W * factor, 3)."""
    signed = np.nan_to_num(np.asarray(attribution, dtype=float), posinf=0, neginf=0)
    # The largest one percent may saturate: a single pixel should not turn the rest off.
    bound = np.percentile(np.abs(signed), 99) or np.abs(signed).max() or 1.0
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
    """Equal images in rows of `columns`, each enlarged by `factor`, as one (H, W, 4) mosaic that is see-through between them.

    `marks` frames each: True green with a tick, False vermillion with a cross, None grey without a mark. `captions` (Latin letters,
    digits, →) stand on a plate below.
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
    for i, one in enumerate(tiles):
        y, x = (i // columns) * (height + gap), (i % columns) * (width + gap)
        out[y : y + height, x : x + width, :3] = one
        out[y : y + height, x : x + width, 3] = 255
    return out


def _frame_image(image: np.ndarray, mark: bool | None, frame: int) -> np.ndarray:
    """The image (H, W, 3) in a frame `frame` pixels wide; the mark sits on a plate in the lower right corner."""
    colour = p.to_rgb(p.NEUTRAL if mark is None else p.CORRECT if mark else p.WRONG)
    height, width = image.shape[:2]
    canvas = Image.new("RGB", (width + 2 * frame, height + 2 * frame), colour)
    canvas.paste(Image.fromarray(image), (frame, frame))
    if mark is not None:
        # Drawn four times as large and shrunk: smooth strokes at any size.
        side = max(12, round(0.24 * min(height, width)))
        plate = Image.new("RGB", (4 * side, 4 * side), colour)
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
    """The image over a plate with the caption, as large as fits; an arrow, which the built-in font lacks, is drawn."""
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
