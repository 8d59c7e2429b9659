"""Photos, and zips of them, for tests."""

from __future__ import annotations

import io
import zipfile

import numpy as np
from PIL import Image


def photo(seed: int, size: tuple[int, int] = (40, 30), gray: bool = False, **options: object) -> bytes:
    """A JPEG file of noise in large squares, another one for each seed."""
    out = io.BytesIO()
    squares = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = Image.fromarray(squares).resize(size, Image.Resampling.NEAREST)
    (image.convert("L") if gray else image).save(out, "JPEG", quality=95, **options)
    return out.getvalue()


def photos_of(start: int, count: int, folder: str = "", **options: object) -> dict[str, bytes]:
    """`count` photos by name, in a folder if one is given."""
    return {f"{folder}/{i}.jpg".lstrip("/"): photo(start + i, **options) for i in range(count)}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """A zip as an upload."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    out.seek(0)
    return out
