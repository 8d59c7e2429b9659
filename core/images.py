"""Decode and validate uploaded images.

Uploads are not trusted: a file name is never used as a path, the format is detected from the content, sizes
are read from the header before anything is decoded, and only the decoders of `FORMATS` are used.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from core.messages import Message, N_, UserError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "HEIF")
"""Pillow's names of the decoders."""
FORMAT_NAMES = (*FORMATS[:-1], "HEIC")
"""The same for messages; phones call HEIF with HEVC inside HEIC."""
SUFFIXES = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif")
"""Suffixes that a file chooser should offer."""
MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
MAX_SIDE = 2048
_MAX_NAME_LENGTH = 60
_ORIENTATION = 0x0112  # EXIF tag
_QUARTER_TURNS = (5, 6, 7, 8)  # its values that exchange width and height


NO_RESIZE = 1_000_000  # pixels a side, more than any image: `decode_image` with this never downscales


def safe_name(name: str) -> str:
    """A file name that is safe to show: the last part of the path, without characters that have a meaning in
    HTML, Markdown, paths or terminals, at most 60 characters with the suffix kept. May be empty. Never use it
    as a path.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = re.sub(r"[^\w .()+,-]", "", last).strip(" .")
    if len(clean) <= _MAX_NAME_LENGTH:
        return clean
    stem, dot, ending = clean.rpartition(".")
    ending = dot + ending if stem and len(ending) <= 5 else ""
    return clean[: _MAX_NAME_LENGTH - 1 - len(ending)] + "…" + ending


def decode_image(
    content: bytes, name: str = "", side: int = MAX_SIDE, stored: tuple[int, int] | None = None
) -> Image.Image:
    """Decode an image to 8 bits per channel: RGBA if any pixel is transparent, else RGB.

    The EXIF orientation is applied and all other metadata are dropped. Of animations and multi-page files the
    first image is used. 16-bit grayscale is scaled to 8 bits, 32-bit and floating-point values are stretched
    from minimum to maximum, CMYK is converted.

    Args:
        content: the file.
        name: for messages only.
        side: larger images are downscaled to at most this many pixels a side.
        stored: (width, height) from an annotation file. If they are the size before an EXIF rotation by 90°,
            the image is not rotated.

    Raises:
        UserError: if `content` is empty, larger than 20 MB or 40 megapixels (checked before decoding), of
            another format than `FORMATS`, truncated or corrupted.
    """
    label: object = safe_name(name) or Message(N_("The file"))
    if not content:
        raise UserError(N_("{file} is empty. Choose a file that contains an image."), file=label)
    if len(content) > MAX_BYTES:
        raise UserError(
            N_(
                "{file} is too large ({have} MB). The limit is {most} MB. Resize the image or save it "
                "as JPEG."
            ),
            file=label,
            have=f"{len(content) / 1e6:.1f}",
            most=f"{MAX_BYTES / 1e6:.0f}",
        )
    try:
        return _decode_image(content, label, side, stored)
    except UserError:
        raise
    except Image.UnidentifiedImageError:
        raise _unsupported_error(content, label) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels_error(label) from None
    # Decoders raise nearly anything for corrupted files: OSError, SyntaxError, ValueError, struct.error, IndexError, MemoryError.
    except Exception as error:
        raise _corrupted_error(label) from error


@dataclass(frozen=True)
class ImageHeader:
    """Width and height of an upright image in pixels, and whether its EXIF orientation turns or mirrors it."""

    width: int
    height: int
    rotated: bool


def read_header(content: bytes) -> ImageHeader:
    """The header of an image that `decode_image` accepts, without decoding it."""
    with open_image(content) as image:
        width, height = image.size
        orientation = 1
        with contextlib.suppress(Exception):  # broken EXIF data
            orientation = image.getexif().get(_ORIENTATION, 1)
    if orientation in _QUARTER_TURNS:
        width, height = height, width
    return ImageHeader(width, height, orientation in range(2, 9))


def open_image(content: bytes) -> Image.Image:
    """Read the header of an image of one of `FORMATS`. Raises what Pillow raises."""
    _register_heif()
    return Image.open(io.BytesIO(content), formats=FORMATS)


@functools.cache
def _register_heif() -> None:
    import pi_heif

    pi_heif.register_heif_opener()


def flatten_alpha(image: Image.Image, background: str = "white") -> Image.Image:
    """Convert to RGB; transparent pixels are blended with `background`."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    below = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(below, image).convert("RGB")


def center_crop(image: Image.Image, size: int) -> Image.Image:
    """The centered square of an opaque image, resized to `size`×`size` (bicubic, antialiased), as models
    expect images in training and prediction.
    """
    side = min(image.size)  # crop first: a resized image of one pixel's width would be very tall
    left, top = (image.width - side) // 2, (image.height - side) // 2
    if image.size == (size, size):
        return image
    return image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BICUBIC)


def _decode_image(content: bytes, label: object, side: int, stored: tuple[int, int] | None) -> Image.Image:
    with open_image(content) as source:  # reads the header only
        if source.width * source.height > MAX_PIXELS:
            raise _too_many_pixels_error(label, source.size)
        size = source.size
        source.draft(None, (side, side))  # a large JPEG is decoded at a half, quarter or eighth of its size
        source.load()
        image = _to_eight_bit(source)
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        # An image with broken EXIF data is still usable.
        with contextlib.suppress(Exception):
            quarter = source.getexif().get(_ORIENTATION, 1) in _QUARTER_TURNS
            if not (quarter and stored == size and size[0] != size[1]):
                image = _apply_orientation(image, source)
    # A copy without the info dictionary: drops comments, profiles and GPS positions.
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    return clean


def _apply_orientation(image: Image.Image, source: Image.Image) -> Image.Image:
    turned = image.copy()
    turned.getexif()[_ORIENTATION] = source.getexif().get(_ORIENTATION, 1)
    return ImageOps.exif_transpose(turned)


def _to_eight_bit(image: Image.Image) -> Image.Image:
    """Convert to RGB, or to RGBA if at least one pixel is not opaque."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image).astype(np.uint16) // 257).astype(np.uint8))
    elif image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image).astype(np.float32))
        low, high = float(values.min()), float(values.max())
        image = Image.fromarray(np.rint((values - low) / max(high - low, 1e-12) * 255).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return image if image.getchannel("A").getextrema()[0] < 255 else image.convert("RGB")


def _too_many_pixels_error(label: object, size: tuple[int, int] | None = None) -> UserError:
    most = MAX_PIXELS // 1_000_000
    if size is None:
        return UserError(
            N_("{file} is far above the limit of {most} megapixels. Save it at a smaller size."),
            file=label,
            most=most,
        )
    return UserError(
        N_("{file} has {width}×{height} pixels. The limit is {most} megapixels. Save it at a smaller size."),
        file=label,
        width=f"{size[0]:,}",
        height=f"{size[1]:,}",
        most=most,
    )


def _corrupted_error(label: object) -> UserError:
    return UserError(N_("{file} is truncated or corrupted. Save or download it again."), file=label)


def _unsupported_error(content: bytes, label: object) -> UserError:
    """The error for content that no decoder accepts; names the format if it is recognized."""
    head = content[:4096].lower()
    kind = ""
    if b"<svg" in head or head.startswith(b"\x1f\x8b"):
        kind = "SVG" if b"<svg" in head else "gzip"
    elif head[4:8] == b"ftyp":
        if head[8:12] in (b"heic", b"heix", b"mif1"):
            return _corrupted_error(label)
        kind = "AVIF" if head[8:12] == b"avif" else "MP4"
    elif head.startswith(b"%pdf"):
        kind = "PDF"
    formats = ", ".join(FORMAT_NAMES)
    if kind:
        return UserError(
            N_("{file} has an unsupported format ({kind}). Save the image as one of {formats}."),
            file=label,
            kind=kind,
            formats=formats,
        )
    return UserError(
        N_("{file} is not a supported image file. Choose one of {formats}."), file=label, formats=formats
    )
