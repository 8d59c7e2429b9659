"""A photo is uploaded, translated, compared with a slider, and downloaded at its original size."""

from __future__ import annotations

import io
import re
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
    me.tab_to(handle)
    start = before.evaluate("i => i.style.clipPath")
    for _ in range(10):
        handle.press("ArrowLeft")
    assert before.evaluate("i => i.style.clipPath") != start
    assert box.locator(".edge").evaluate("e => parseFloat(e.style.left)") < 50
    assert handle.get_attribute("aria-valuetext") == "45% photo, 55% apple → orange"
    place = box.bounding_box()
    me.page.mouse.click(place["x"] + 0.2 * place["width"], place["y"] + 0.3 * place["height"])
    expect(handle).to_be_focused()
    assert float(handle.input_value()) == pytest.approx(20, abs=1)
    with me.page.expect_download() as download:
        me.page.get_by_role("button", name="Download (PNG)").click()
    with Image.open(download.value.path()) as image:
        assert (image.format, image.size) == ("PNG", (420, 300))


def test_a_finger_moves_the_edge_and_the_strip_chooses_a_photo(
    visitor: Callable[..., Visitor], pair: str
) -> None:
    me = visitor(width=390, has_touch=True).open("translate", network=pair)
    expect(me.page.locator(".manabi-before-after img.before")).to_have_js_property("complete", True)
    box = me.page.locator(".manabi-before-after")
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    assert place["width"] > 340 and me.overflow == 0
    me.page.touchscreen.tap(place["x"] + 0.8 * place["width"], place["y"] + 0.5 * place["height"])
    expect(box.locator("input[type=range]")).to_have_value(re.compile(r"^(79|80|81)"))
    before = box.locator("img.before").get_attribute("src")
    strip = me.page.get_by_role("group", name="Photos")
    strip.get_by_role("button", name="orange 8").click()
    expect(strip.get_by_role("button", name="orange 8")).to_have_attribute("aria-pressed", "true")
    expect(box.locator("img.before")).not_to_have_attribute("src", before)
    me.page.get_by_role("button", name="More photos").click()
    expect(strip.get_by_role("button", name="orange 15")).to_be_visible()
