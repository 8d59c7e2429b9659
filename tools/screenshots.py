"""Screenshots of every page into docs/shots: `python -m tools.screenshots [PAGE...]` (or `make shots`).

Both languages, 1280 and 390 pixels wide; `docs/shots/contact-<language>.png` shows them in both themes. A digit is drawn with the
mouse; a few quick runs are trained first, in a temporary run store. The Browse page shows COCO photos that may be redistributed,
credited in `docs/shots/CREDITS.md`. `docs/shots/index.json` records the digest of each page's sources, so that a test can refuse
screenshots that are older than their page. PNGs have at most 256 colors.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from core import paths
from core.digits import samples
from core.files import read_json, write_json
from tools import browser as tool
from tools import contact_sheet, open_photos
from tools.page_sources import page_digest
from tools.server import PROJECT, Server

OUTPUT_FOLDER = PROJECT / "docs" / "shots"
INDEX_PATH = OUTPUT_FOLDER / "index.json"
CREDITS_PATH = OUTPUT_FOLDER / "CREDITS.md"
PAGES: dict[str, dict[str, str]] = {
    "home": {},
    "learning_path": {"done": "DgK"},
    "train": {},
    "runs": {},
    "draw": {},
    "photos": {},
    "compare": {},
    "gradient_descent": {},
    "house_prices": {},
    "architecture": {},
    "playground": {"data": "spirals", "hidden": "8,8"},
    "models": {},
    "glossary": {},
    "translate": {"source": "test"},
    "browse": {},
    "browse-image": {"image": "442450", "split": "train2017"},
}
"""Screenshots, each with the query of its page. "browse-image" is another view of the page "browse"."""
DEMO_RUNS = (
    ("mnist-mlp", "--quick", "--epochs", "3"),
    ("mnist-lenet5", "--quick", "--epochs", "4"),
    ("mnist-cnn", "--quick", "--epochs", "6"),
)
LOCALES = {"ja": "ja-JP", "en": "en-US"}
WIDTHS = (1280, 390)
DARK_SHOTS = (("draw", "en", 1280),)
MAX_HEIGHT = 2600  # pixels; the rest is cut off
MAX_BYTES = 500_000
IDLE_SELECTOR = "[data-testid=stApp][data-test-script-state=notRunning]"


def list_shots() -> list[tuple[str, str, int, bool]]:
    """List all screenshots: name, language, width in pixels, dark theme."""
    light = [(name, language, width, False) for name in PAGES for language in LOCALES for width in WIDTHS]
    return light + [(*shot, True) for shot in DARK_SHOTS]


def shot_path(name: str, language: str, width: int, dark: bool) -> Path:
    """Return the path of a screenshot."""
    return OUTPUT_FOLDER / f"{name}-{language}-{width}{'-dark' if dark else ''}.png"


def sheet_path(language: str) -> Path:
    """Return the path of a contact sheet."""
    return OUTPUT_FOLDER / f"contact-{language}.png"


def main(wanted: list[str]) -> int:
    """Take the screenshots `wanted`, or all of them. Returns the exit status."""
    unknown = set(wanted) - set(PAGES)
    if unknown:
        print(f"Not found: {', '.join(sorted(unknown))}. Choose from: {', '.join(PAGES)}.", file=sys.stderr)
        return 2
    path = tool.find_browser()
    if path is None:
        print("No browser was found. Install chromium, or set MANABI_BROWSER.", file=sys.stderr)
        return 1
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    names = wanted or list(PAGES)
    data = paths.cache() / "open-photos"  # a fixed place, so that what is cached by path is found again
    photos = open_photos.build_data_root(data)
    if not photos:
        print(open_photos.NO_PHOTOS, file=sys.stderr)
        names = [name for name in names if page_name(name) != "browse"]
    elif any(page_name(name) == "browse" for name in names):
        open_photos.write_credits(CREDITS_PATH, photos)
    if names:
        _take_all(path, names, data if photos else None)
    return 0 if photos else 1


def _take_all(path: str, names: list[str], data: Path | None) -> None:
    """Take the screenshots `names` with the browser at `path`, over the data root `data`."""
    with demo_server(data) as (server, run), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=tool.LAUNCH_FLAGS)
        for name in names:
            digest = page_digest(page_name(name))
            for language in LOCALES:
                shots = {}
                for width in WIDTHS:
                    try:
                        both = _take_screenshots(browser, server, run, name, language, width)
                    except PlaywrightError as error:
                        print(f"Once more: {name}: {error.message.splitlines()[0]}", file=sys.stderr)
                        both = _take_screenshots(browser, server, run, name, language, width)
                    shots |= {(width, False): both[0], (width, True): both[1]}
                contact_sheet.update_row(sheet_path(language), list(PAGES), name, shots)
            _record(name, digest)
        browser.close()


def page_name(name: str) -> str:
    """Return the page that the screenshot `name` shows."""
    return name.split("-")[0]


def _record(name: str, digest: str) -> None:
    """Note in the index that the screenshots `name` show sources of this digest."""
    index = read_json(INDEX_PATH) or {}
    write_json(INDEX_PATH, {k: v for k, v in sorted({**index, name: digest}.items()) if k in PAGES})


@contextlib.contextmanager
def demo_server(data: Path | None = None) -> Iterator[tuple[Server, str]]:
    """Serve the app with a temporary run store that holds `DEMO_RUNS`. Yields the server and the id of the last run.

    `data` is the data root; by default that of this process.
    """
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        environment = {"MANABI_RUNS": str(world / "runs"), "MANABI_HANDWRITING": str(world / "handwriting")}
        if data is not None:
            environment |= {"MANABI_DATA": str(data), "MANABI_DOWNLOADS": str(world / "downloads")}
        server = Server(world / "server.log", environment)
        run = ""
        for arguments in DEMO_RUNS:
            command = [sys.executable, "-m", "core", "train", *arguments, "--json"]
            done = subprocess.run(
                command, cwd=PROJECT, env=server.environment, capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
            run = json.loads(done.stdout.splitlines()[-1])["run"]
        server.start()
        try:
            yield server, run
        finally:
            server.stop()


def _take_screenshots(
    browser: Browser, server: Server, run: str, name: str, language: str, width: int
) -> tuple[bytes, bytes]:
    """Photograph a page in the light and in the dark theme. Writes those of `list_shots`; returns both PNGs."""
    pngs = []
    for dark in (False, True):
        context = browser.new_context(
            locale=LOCALES[language],
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
        )
        with contextlib.closing(context):
            page = context.new_page()
            page.set_default_timeout(120_000)
            _open_page(page, server, run, name)
            _fit_viewport(page, width)
            pngs.append(page.screenshot(animations="disabled"))
        if (name, language, width, dark) in list_shots():
            path = shot_path(name, language, width, dark)
            path.write_bytes(_compress_png(pngs[-1]))
            print(f"{path.relative_to(PROJECT)}  {path.stat().st_size / 1000:.0f} kB", flush=True)
    return pngs[0], pngs[1]


def _fit_viewport(page: Page, width: int) -> None:
    """Make the viewport as high as the page: Streamlit scrolls inside its main element."""
    for _attempt in range(3):  # parts that are drawn later make the page higher
        content = page.get_by_test_id("stMainBlockContainer").bounding_box()
        high = int(min(max(900, content["height"]), MAX_HEIGHT))
        if page.viewport_size["height"] == high:
            break
        page.set_viewport_size({"width": width, "height": high})
        wait_until_idle(page)


def _open_page(page: Page, server: Server, run: str, name: str) -> None:
    parameters = {"run": run} if name == "train" else PAGES[name]
    page.goto(server.url("" if name == "home" else page_name(name), **parameters))
    wait_until_idle(page)
    if name == "draw":
        draw_digit(page, 4)
    if name == "browse-image":
        page.locator(".manabi-annotated image").wait_for()
    if name == "train":
        page.locator(".main-svg").first.wait_for()
        wait_until_idle(page)


def draw_digit(page: Page, digit: int) -> None:
    """Draw a digit on the canvas and wait for its prediction."""
    for _stroke in stroke_by_stroke(page, digit):
        pass
    page.locator(".manabi-digit-readout .digit", has_text=str(digit)).first.wait_for(state="attached")
    page.mouse.move(5, 5)
    wait_until_idle(page)


def stroke_by_stroke(page: Page, digit: int, every: int = 0) -> Iterator[None]:
    """Draw a digit on the canvas. Yields after each stroke, and every `every` points within one."""
    canvas = page.locator(".manabi-digit-canvas canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    side = box["width"]
    inside = (box["x"] + side / 4, box["y"] + side * 0.18, side / 2, side * 0.64)
    for stroke in samples.digit_points(digit, *inside):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for number, point in enumerate(stroke[1:], 1):
            page.mouse.move(*point)
            if every and number % every == 0:
                yield
        page.mouse.up()
        yield


def wait_until_idle(page: Page) -> None:
    """Block until the script has run, and images and charts are loaded."""
    page.wait_for_selector(IDLE_SELECTOR)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    # A widget whose code is still on its way is a skeleton, a chart an empty element.
    page.wait_for_function("""() => !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')
        && [...document.querySelectorAll('.js-plotly-plot')].every(chart => chart.querySelector('.main-svg'))""")
    page.wait_for_selector(IDLE_SELECTOR)


def _compress_png(png: bytes) -> bytes:
    """Reduce the image to as many colors as fit into MAX_BYTES: the most frequent ones, which are the page's, exactly, the others
    dithered, so that photos keep theirs.
    """
    image = Image.open(io.BytesIO(png)).convert("RGB")
    packed = np.asarray(image).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    values, counts = np.unique(packed, return_counts=True)
    by_count = values[np.argsort(-counts, kind="stable")]
    for colors in (256, 128, 64, 32):
        exact = by_count[: colors // 4]
        frequent = image.quantize(colors // 2, Image.Quantize.MEDIANCUT).getpalette()
        rare = image.quantize(colors // 4, Image.Quantize.MAXCOVERAGE).getpalette()
        palette = Image.new("P", (1, 1))
        palette.putpalette(
            [*(int(v) >> shift & 255 for v in exact for shift in (16, 8, 0)), *frequent, *rare][: 3 * colors]
        )
        indices = np.array(image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        for index, value in enumerate(exact):
            indices[packed == value] = index
        reduced = Image.fromarray(indices, "P")
        reduced.putpalette(palette.getpalette())
        out = io.BytesIO()
        reduced.save(out, "PNG", optimize=True)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
