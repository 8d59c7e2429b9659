"""A photo is uploaded, translated, compared with a slider, and downloaded at its original size."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import Server, Visitor


@pytest.fixture(scope="module")
def pair(server: Server) -> str:
    """A pair of generators in the server's store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANABI_RUNS", str(server.runs))
        patch.setenv("MANABI_OFFLINE", "1")
        patch.setenv("MANABI_DOWNLOADS", str(server.runs / ".none"))
        return factories.finished("cyclegan-light").id


def photo() -> bytes:
    out = io.BytesIO()
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (300, 420, 3), dtype=np.uint8)).save(out, "JPEG")
    return out.getvalue()


def test_upload_see_move_and_download(visitor: Callable[..., Visitor], pair: str) -> None:
    me = visitor().open("translate", network=pair, way="a2b", source="upload")
    me.page.locator("input[type=file]").set_input_files(
        {"name": "fruit.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    me.sees("420×300 pixels")
    box = me.page.locator(".manabi-before-after")
    before = box.locator("img.before")
    expect(before).to_have_js_property("complete", True)
    assert before.evaluate("i => i.naturalWidth / i.naturalHeight") == pytest.approx(1.4, rel=0.01)
    handle = box.locator("input[type=range]")
    handle.focus()
    start = before.evaluate("i => i.style.clipPath")
    for _ in range(10):
        handle.press("ArrowLeft")
    assert before.evaluate("i => i.style.clipPath") != start
    assert box.locator(".edge").evaluate("e => parseFloat(e.style.left)") < 50
    with me.page.expect_download() as download:
        me.page.get_by_role("button", name="Download (PNG)").click()
    with Image.open(download.value.path()) as image:
        assert (image.format, image.size) == ("PNG", (420, 300))
