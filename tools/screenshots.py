"""Screenshots of every page into docs/shots: `python -m tools.screenshots [PAGE...]` (or `make shots`).

Both languages, 1280 and 390 pixels wide, the draw page in the dark as well. A digit is drawn with the mouse, and the newest finished
run, where there is one, is attached. The files are written as PNGs of at most 256 colours.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from core.runs import store
from tools import browser as tool
from tools import strokes
from tools.server import PROJECT, Server

OUTPUT_FOLDER = PROJECT / "docs" / "shots"
PAGES = {
    "home": {},
    "train": {},
    "runs": {},
    "draw": {},
    "compare": {},
    "architecture": {},
    "glossary": {},
    "translate": {"source": "test"},
    "browse": {"folder": "synthetic scenes"},
    "browse-image": {
        "folder": "synthetic scenes",
        "image": "12",
        "show": "masks,boxes,labels,keypoints,crowds",
    },
}
LOCALES = {"ja": "ja-JP", "en": "en-US"}
WIDTHS = (1280, 390)
DARK_SHOTS = (("draw", "en", 1280),)
MAX_HEIGHT = 2600  # pixels; what is below is left out
MAX_BYTES = 250_000
IDLE_SELECTOR = "[data-testid=stApp][data-test-script-state=notRunning]"


def main(wanted: list[str]) -> int:
    """Take the screenshots of the pages `wanted` (all of them where none is named). Returns the exit status."""
    unknown = set(wanted) - set(PAGES)
    if unknown:
        print(
            f"There is no page {', '.join(sorted(unknown))}. There are: {', '.join(PAGES)}.", file=sys.stderr
        )
        return 2
    path = tool.find_browser()
    if path is None:
        print("No browser was found. Install chromium, or name one in MANABI_BROWSER.", file=sys.stderr)
        return 1
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "server.log", {}).start()
        try:
            browser = playwright.chromium.launch(executable_path=path, args=tool.LAUNCH_FLAGS)
            for name in wanted or PAGES:
                for language in LOCALES:
                    for width in WIDTHS:
                        _take_screenshot(browser, server, name, language, width, dark=False)
            for name, language, width in DARK_SHOTS:
                if name in (wanted or PAGES):
                    _take_screenshot(browser, server, name, language, width, dark=True)
            browser.close()
        finally:
            server.stop()
    return 0


def _take_screenshot(
    browser: Browser, server: Server, name: str, language: str, width: int, dark: bool
) -> None:
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        locale=LOCALES[language], viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    run = _make_finished_run() if name == "train" else None
    parameters = {"run": run} if run else PAGES[name]
    page.goto(server.url("" if name == "home" else name.split("-")[0], **parameters))
    _wait_until_idle(page)
    if name == "draw":
        _draw_digit(page, 4)
    if run:
        page.locator(".manabi-live .main-svg").first.wait_for()
        _wait_until_idle(page)
    # Streamlit scrolls inside its main part, so the screen grows instead.
    content = page.get_by_test_id("stMainBlockContainer").bounding_box()
    page.set_viewport_size({"width": width, "height": int(min(max(900, content["height"]), MAX_HEIGHT))})
    _wait_until_idle(page)
    path = OUTPUT_FOLDER / f"{name}-{language}-{width}{'-dark' if dark else ''}.png"
    path.write_bytes(_compress_png(page.screenshot(animations="disabled")))
    print(f"{path.relative_to(PROJECT)}  {path.stat().st_size / 1000:.0f} kB", flush=True)
    context.close()


def _make_finished_run() -> str | None:
    return next((r.id for r in store.list_runs() if r.status().state == "finished"), None)


def _draw_digit(page: Page, digit: int) -> None:
    """Write a digit on the canvas and wait for its answer."""
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for stroke in strokes.digit_points(digit, box["x"] + 70, box["y"] + 50, 140, 180):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point)
        page.mouse.up()
    page.get_by_test_id("stMetric").first.wait_for()
    page.mouse.move(5, 5)
    _wait_until_idle(page)


def _wait_until_idle(page: Page) -> None:
    """Wait until the script has ended and pictures and charts are there."""
    page.wait_for_selector(IDLE_SELECTOR)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.wait_for_selector(IDLE_SELECTOR)


def _compress_png(png: bytes) -> bytes:
    """The picture with as many colours as fit into MOST_BYTES."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
