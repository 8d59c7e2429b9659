"""Uploads as a hostile stranger would make them. Every file is made here."""

from __future__ import annotations

import base64
import contextlib
import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from core import images
from core.messages import UserError

# 64×48 pixels: red grows to the right, green downwards.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAJMAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    "AAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5j"
    "bHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBp"
    "eGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAJttZGF0AAAAjygBrwngPg6bnk4QdLDGLT7Bfo0eRrgROeRkF7zE"
    "EF8FD7N4ndy7Ou25gCnXxHiUShwNrBvSxYt9LuY/l0kvGu4AUzXK07nPAtIMm0gaMtaD9zKd1hpg9qOBKpm6o4qixOlvoKOk0+xy"
    "TCjhNF2GYHfDfczXwrMsAfkiwgO4+qXNsOMpfdHcsYlXgrpWsXHg"
)


def encoded(image: Image.Image, fmt: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def gradient(width: int = 40, height: int = 30) -> Image.Image:
    x = np.linspace(0, 255, width, dtype=np.uint8)
    return Image.fromarray(np.stack([np.tile(x, (height, 1))] * 3, axis=-1))


def png_with_header(width: int, height: int, mode: bytes = b"\x01\x00") -> bytes:
    """A PNG that says it is `width` x `height`, and holds a few bytes of data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">II", width, height) + mode + b"\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(5000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("fmt", images.FORMATS[:-1])  # Pillow does not write HEIC
def test_every_format_of_the_list(fmt: str) -> None:
    image = images.decode_image(encoded(gradient(), fmt), f"x.{fmt.lower()}")
    assert image.mode == "RGB" and image.size == (40, 30)
    assert abs(np.asarray(image).astype(int) - np.asarray(gradient())).max() < 20


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no image at all",
        bytes(1000),
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>",
        b"%PDF-1.7 and so on",
        b"\x00\x00\x00\x18ftypheic and so on",
        b"PK\x03\x04 a zip",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"II*\x00\xff\xff\xff\xff",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        png_with_header(50_000, 50_000),
        png_with_header(8_000, 8_000),
        png_with_header(2**31 - 1, 2**31 - 1),
        png_with_header(0, 10),
        png_with_header(1000, 1000),
        bytes(images.MAX_BYTES + 1),
    ],
    ids=[
        "empty",
        "text",
        "zeros",
        "svg",
        "pdf",
        "heic",
        "zip",
        "png-signature",
        "gif-signature",
        "jpeg-signature",
        "tiff-signature",
        "webp-signature",
        "eps",
        "png-50000",
        "png-8000",
        "png-max",
        "png-width-0",
        "png-no-data",
        "too-many-bytes",
    ],
)
def test_refused_with_one_sentence(content: bytes) -> None:
    with pytest.raises(UserError) as caught:
        images.decode_image(content, "x.png")
    sentence = str(caught.value)
    assert (
        sentence.startswith("x.png ")
        and sentence.endswith(".")
        and "{" not in sentence
        and "\n" not in sentence
    )


def test_heic_photos_of_phones_are_read() -> None:
    image = images.decode_image(HEIC, "IMG_0001.HEIC")
    assert image.size == (64, 48)
    assert np.abs(np.array(image.getpixel((60, 40))) - (240, 200, 40)).max() < 12
    header = images.read_header(HEIC)
    assert (header.width, header.height) == (64, 48)
    with pytest.raises(UserError, match="truncated or corrupted"):
        images.decode_image(HEIC[:300], "IMG_0001.HEIC")


def test_the_sentence_for_svg_names_the_formats() -> None:
    with pytest.raises(UserError, match=r"SVG.*PNG, JPEG"):
        images.decode_image(b"\xef\xbb\xbf\n <svg onload='alert(1)'/>", "drawing.svg")


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow says what it thinks of the metadata
@pytest.mark.parametrize("fmt", images.FORMATS[:-1])  # Pillow does not write HEIC
def test_truncated_and_damaged_files_never_crash(fmt: str) -> None:
    content = encoded(
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)), fmt
    )
    with pytest.raises(UserError):
        images.decode_image(content[: len(content) // 2], "half")
    rng = np.random.default_rng(1)
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(0, min(len(damaged), 200), 4):
            damaged[place] = rng.integers(256)
        with contextlib.suppress(UserError):
            assert images.decode_image(bytes(damaged), "damaged").mode in ("RGB", "RGBA")


def test_bomb_is_refused_from_its_header_in_bounded_memory() -> None:
    program = """
import io, resource, sys
from core import images
from core.messages import UserError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    images.decode_image(sys.stdin.buffer.read(), "bomb.png")
except UserError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    for bomb in (
        png_with_header(50_000, 50_000),
        png_with_header(50_000, 50_000, b"\x08\x06"),
        png_with_header(12_000, 9_000),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program], input=bomb, capture_output=True, check=True, timeout=60
        )
        assert int(done.stdout) < 20_000, "kilobytes more than before"


@pytest.mark.slow
def test_large_webp_is_refused() -> None:
    content = encoded(Image.new("RGB", (7000, 6000)), "WEBP")
    with pytest.raises(UserError, match="40 megapixels"):
        images.decode_image(content)


def test_animated_gif_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (20, 20), c) for c in ("red", "lime", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert images.decode_image(content).getpixel((5, 5)) == (255, 0, 0)


def test_cmyk() -> None:
    content = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    red, green, blue = images.decode_image(content).getpixel((8, 8))
    assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("fmt", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(fmt: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (8, 1))
    image = np.asarray(images.decode_image(encoded(Image.fromarray(ramp), fmt)))
    assert abs(image[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_float_tiff_is_stretched() -> None:
    ramp = np.tile(np.linspace(-3, 9, 50).astype(np.float32), (8, 1))
    image = np.asarray(images.decode_image(encoded(Image.fromarray(ramp), "TIFF")))
    assert image.min() == 0 and image.max() == 255


def test_palette_with_transparency() -> None:
    image = Image.new("P", (10, 10), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((3, 3), 1)
    image = images.decode_image(encoded(image, "PNG", transparency=0))
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] == 0 and image.getpixel((3, 3)) == (0, 0, 255, 255)
    assert images.flatten_alpha(image).getpixel((0, 0)) == (255, 255, 255)
    assert images.flatten_alpha(image, "black").getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize(("mode", "color"), [("LA", (90, 40)), ("RGBA", (90, 90, 90, 40))])
def test_alpha_is_kept_where_it_is_used(mode: str, color: tuple[int, ...]) -> None:
    image = images.decode_image(encoded(Image.new(mode, (10, 10), color), "PNG"))
    assert image.mode == "RGBA" and image.getpixel((1, 1)) == (90, 90, 90, 40)
    solid = images.decode_image(encoded(Image.new(mode, (10, 10), (*color[:-1], 255)), "PNG"))
    assert solid.mode == "RGB"


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (29, 19)), (6, (19, 0)), (8, (0, 29))])
@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_rotation(fmt: str, orientation: int, corner: tuple[int, int]) -> None:
    image = Image.new("RGB", (30, 20), "black")
    image.paste("white", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = images.decode_image(encoded(image, fmt, exif=exif))
    assert image.size == ((30, 20) if orientation in (1, 3) else (20, 30))
    assert image.getpixel(corner)[0] > 200
    assert not image.info


def test_large_images_come_back_smaller() -> None:
    assert images.decode_image(encoded(gradient(5000, 1000), "PNG")).size == (2048, 410)
    assert images.decode_image(encoded(gradient(5000, 1000), "JPEG"), side=256).size == (256, 51)
    assert min(images.decode_image(encoded(gradient(20_000, 1), "PNG")).size) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("<img src=x onerror=alert(1)>.png", "img srcx onerroralert(1).png"),
        ("[a](javascript:1).png", "a(javascript1).png"),
        ("七 (1).jpg", "七 (1).jpg"),
        ("a\x00b\n\u202egnp.png", "abgnp.png"),
        ("..", ""),
        ("", ""),
        ("x" * 300 + ".jpeg", "x" * 54 + "….jpeg"),
    ],
)
def test_names_are_only_shown_and_shown_harmlessly(name: str, shown: str) -> None:
    assert images.safe_name(name) == shown
    with pytest.raises(UserError) as caught:
        images.decode_image(b"", name)
    assert str(caught.value).startswith(shown or "The file")
