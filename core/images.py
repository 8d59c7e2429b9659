"""The only door for pictures that somebody hands in. Whatever comes through it is a plain 8-bit picture of bounded size.

An upload is hostile until proven otherwise: its name is never used as a path, its format is told from its bytes and never from
its name, its size is read from its header before anything is decoded, and only the few decoders below are ever tried.
"""

from __future__ import annotations

import contextlib
import io
import re
import unicodedata

import numpy as np
from PIL import Image, ImageOps

from core.messages import Message, N_, UserError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
SUFFIXES = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff")
"""What a file chooser should offer."""
MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
MAX_SIDE = 2048
_MAX_NAME_LENGTH = 60


NO_RESIZE = 1_000_000  # pixels of a side that no picture has: `decode` with this reduces none


def safe_name(name: str) -> str:
    """`name` fit to be shown on a page: its last part, without anything that HTML, Markdown, a path or a terminal could read as
    more than text; at most 60 characters, the ending kept; "" where nothing is left. For showing only, never for a path."""
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
    """The picture in `content`: mode RGBA where some of it is transparent, else RGB; upright (EXIF rotation applied, all other
    metadata dropped); reduced to at most `side` pixels a side, so that nobody holds 40 megapixels.

    Of an animation or of several pages the first is taken. 16-bit grey is scaled to 8 bits, not clipped; 32-bit and
    floating-point pictures are stretched from their smallest to their largest value; CMYK is converted.

    `stored` is the width and height that somebody has written down for it: where they are those of the file before its EXIF rotation by
    a quarter, it is not turned.

    `name` is only shown. Raises UserError, one sentence, where `content` is empty, too large (20 MB, 40 megapixels, both told
    without decoding), of another format than `FORMATS`, cut short or damaged.
    """
    shown: object = safe_name(name) or Message(N_("The file"))
    if not content:
        raise UserError(N_("{file} is empty. Choose a file that contains an image."), file=shown)
    if len(content) > MAX_BYTES:
        raise UserError(
            N_(
                "{file} is too large ({have} MB). The limit is {most} MB. Resize the image or save it "
                "as JPEG."
            ),
            file=shown,
            have=f"{len(content) / 1e6:.1f}",
            most=f"{MAX_BYTES / 1e6:.0f}",
        )
    try:
        return _decode_image(content, shown, side, stored)
    except UserError:
        raise
    except Image.UnidentifiedImageError:
        raise _unsupported_error(content, shown) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels_error(shown) from None
    # Decoders of damaged files raise nearly anything: OSError, SyntaxError, ValueError, struct.error, IndexError, MemoryError.
    except Exception as error:
        raise UserError(
            N_("{file} is truncated or corrupted. Save or download it again."), file=shown
        ) from error


def flatten_alpha(image: Image.Image, background: str = "white") -> Image.Image:
    """`image` in mode RGB, what is transparent laid on `background`."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    below = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(below, image).convert("RGB")


def center_crop(image: Image.Image, size: int) -> Image.Image:
    """The middle square of an opaque picture, resized to `size` x `size` (bicubic, every pixel under it weighed): how pictures of any
    shape come to a network, in training and afterwards."""
    side = min(image.size)  # the square alone is resized: a picture of one pixel's width would become a tower
    left, top = (image.width - side) // 2, (image.height - side) // 2
    if image.size == (size, size):
        return image
    return image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BICUBIC)


def _decode_image(content: bytes, shown: object, side: int, stored: tuple[int, int] | None) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:  # reads the header only
        if opened.width * opened.height > MAX_PIXELS:
            raise _too_many_pixels_error(shown, opened.size)
        size = opened.size
        opened.draft(None, (side, side))  # a large JPEG is decoded at a half, quarter or eighth of its size
        opened.load()
        picture = _to_eight_bit(opened)
        picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        # Broken EXIF is no reason to refuse the picture that it comes with.
        with contextlib.suppress(Exception):
            quarter = opened.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            if not (quarter and stored == size and size[0] != size[1]):
                picture = _apply_orientation(picture, opened)
    # A copy without the info dictionary: comments, profiles and GPS positions end here.
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    return clean


def _apply_orientation(picture: Image.Image, opened: Image.Image) -> Image.Image:
    turned = picture.copy()
    turned.getexif()[0x0112] = opened.getexif().get(0x0112, 1)
    return ImageOps.exif_transpose(turned)


def _to_eight_bit(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where at least one pixel is not opaque."""
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


def _too_many_pixels_error(shown: object, size: tuple[int, int] | None = None) -> UserError:
    most = MAX_PIXELS // 1_000_000
    if size is None:
        return UserError(
            N_("{file} is far above the limit of {most} megapixels. Save it at a smaller size."),
            file=shown,
            most=most,
        )
    return UserError(
        N_("{file} has {width}×{height} pixels. The limit is {most} megapixels. Save it at a smaller size."),
        file=shown,
        width=f"{size[0]:,}",
        height=f"{size[1]:,}",
        most=most,
    )


def _unsupported_error(content: bytes, shown: object) -> UserError:
    """The sentence for content that none of the decoders knows, with the name of what it is where that is easily told."""
    head = content[:4096].lower()
    kind = ""
    if b"<svg" in head or head.startswith(b"\x1f\x8b"):
        kind = "SVG" if b"<svg" in head else "gzip"
    elif head[4:8] == b"ftyp":
        kind = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"avif": "AVIF"}.get(head[8:12], "MP4")
    elif head.startswith(b"%pdf"):
        kind = "PDF"
    formats = ", ".join(FORMATS)
    if kind:
        return UserError(
            N_("{file} has an unsupported format ({kind}). Save the image as one of {formats}."),
            file=shown,
            kind=kind,
            formats=formats,
        )
    return UserError(
        N_("{file} is not a supported image file. Choose one of {formats}."), file=shown, formats=formats
    )
