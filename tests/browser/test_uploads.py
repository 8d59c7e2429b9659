"""Uploads on the Draw page: a prediction or one sentence, never a traceback, with bounded server memory."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect

from tests.browser.conftest import Server, Visitor

MAX_GROWTH = 250_000_000  # bytes of server memory


def seven() -> Image.Image:
    """A 7, dark on light."""
    image = Image.new("L", (200, 240), 235)
    ImageDraw.Draw(image).text((100, 120), "7", fill=20, font=ImageFont.load_default(200), anchor="mm")
    return image


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def bomb(side: int = 50_000) -> bytes:
    """A PNG whose header promises side x side pixels, and that ends soon after."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><text>7</text></svg>'
ANSWERED: dict[str, Callable[[], bytes]] = {
    "animated.gif": lambda: saved(
        seven(), "GIF", save_all=True, append_images=[Image.new("L", (200, 240), 0)] * 3
    ),
    "cmyk.jpg": lambda: saved(seven().convert("CMYK"), "JPEG"),
    "sixteen.png": lambda: saved(Image.fromarray(np.asarray(seven()).astype(np.uint16) * 257), "PNG"),
    "palette.png": lambda: saved(seven().convert("RGB").quantize(4), "PNG"),
    "<b>bold</b>.png": lambda: saved(seven(), "PNG"),
    "../../../etc/passwd.png": lambda: saved(seven(), "PNG"),
    "jpeg called.png": lambda: saved(seven(), "JPEG"),
}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "text.png": (lambda: b"this is no image", "text.png is not a supported image file"),
    "truncated.png": (lambda: saved(seven(), "PNG")[:300], "truncated.png is truncated or corrupted"),
    "bomb.png": (bomb, "bomb.png is far above the limit of 40 megapixels"),
    "svg.png": (lambda: SVG, "svg.png has an unsupported format (SVG)"),
    "real.svg": (lambda: SVG, "real.svg"),
    "<img src=x onerror=alert(1)>.png": (lambda: b"no", "is not a supported image file"),
    "../../up.png": (lambda: b"no", "up.png is not a supported image file"),
    "large.png": (lambda: b"\x89PNG" + b"\0" * 21_000_000, "20"),
}


def upload(visitor: Visitor, name: str, content: bytes) -> None:
    """Open the page and select a file."""
    visitor.open("draw", source="photo")
    select(visitor, name, content)


def select(visitor: Visitor, name: str, content: bytes) -> None:
    """Select a file on the page that is open."""
    chooser = visitor.page.locator("input[type=file]")
    chooser.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def test_images_of_every_kind_are_classified(visitor: Callable[..., Visitor], server: Server) -> None:
    me = visitor()
    for name, make in ANSWERED.items():
        upload(me, name, make())
        answer = me.page.locator(".manabi-digit-readout.large .digit")
        expect(answer, name).to_have_text("7")


def test_what_is_no_image_is_one_sentence(visitor: Callable[..., Visitor], server: Server) -> None:
    me = visitor()
    me.page.on("dialog", lambda dialog: pytest.fail("a script of the upload ran"))
    me.open("draw", source="photo")
    for name, (make, sentence) in REFUSED.items():
        before = server.memory_usage()
        select(me, name, make())
        me.sees(sentence)
        me.settle()
        expect(me.page.locator(".manabi-digit-readout.large .digit"), name).to_have_text("–")
        assert me.page.locator("img[onerror]").count() == 0, name
        assert server.healthy(), name
        assert server.memory_usage() - before < MAX_GROWTH, name
    me.errors = [e for e in me.errors if "413" not in e]  # Streamlit's own refusal of what is too large


def test_an_empty_file(visitor: Callable[..., Visitor], server: Server) -> None:
    me = visitor()
    upload(me, "empty.png", b"")
    me.sees("empty.png is empty.")
    assert server.healthy()
