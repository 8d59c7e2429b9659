"""The animation of the README: a digit is drawn and explained, then a run's curves advance.

python -m tools.animation [FILE]     default: docs/demo.gif
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tools import browser as tool
from tools.screenshots import demo_server, stroke_by_stroke, wait_until_idle
from tools.server import PROJECT, Server

OUTPUT_PATH = PROJECT / "docs" / "demo.gif"
VIEWPORT = {"width": 1180, "height": 760}
WIDTH = 900  # pixels of the animation
MAX_BYTES = 3_000_000
DIGIT = 6  # one stroke: a part of a digit would be rejected
TASK = "mnist-mlp"  # its full recipe takes about ten seconds
MAX_SECONDS = 60.0  # of filming the run
FRAME_SECONDS = 0.5  # between two frames of the run
HIDE_HEADER = "[data-testid=stHeader], [data-testid=stStatusWidget] {visibility: hidden}"


class Film:
    """Frames with the milliseconds for which each is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []

    def take(self, milliseconds: int) -> None:
        """Add the page as a frame; a frame equal to the one before only makes that one longer."""
        png = self.page.screenshot(animations="disabled", timeout=60_000)
        image = Image.open(io.BytesIO(png)).convert("RGB")
        image = image.resize((WIDTH, WIDTH * image.height // image.width), Image.Resampling.LANCZOS)
        if self.frames and image.tobytes() == self.frames[-1].tobytes():
            self.durations[-1] += milliseconds
        else:
            self.frames.append(image)
            self.durations.append(milliseconds)

    def encode(self) -> bytes:
        """Return the frames as a GIF with one palette, looping."""
        palette = _common_palette(self.frames)
        frames = [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in self.frames]
        out = io.BytesIO()
        frames[0].save(
            out,
            "GIF",
            save_all=True,
            append_images=frames[1:],
            duration=self.durations,
            loop=0,
            optimize=False,
        )
        return out.getvalue()


def _common_palette(frames: list[Image.Image]) -> Image.Image:
    """Return a palette image for all frames, made from every fourth of them and the last."""
    chosen = [*frames[::4], frames[-1]]
    sheet = Image.new("RGB", (frames[0].width, frames[0].height * len(chosen)))
    for number, frame in enumerate(chosen):
        sheet.paste(frame, (0, number * frames[0].height))
    # Median cut would spend the palette on shades of white, which cover most of a page.
    return sheet.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _film_drawing(film: Film, server: Server) -> None:
    page = film.page
    page.goto(server.url("draw"))
    wait_until_idle(page)
    page.add_style_tag(content=HIDE_HEADER)
    film.take(900)
    for _points in stroke_by_stroke(page, DIGIT, every=4):
        film.take(120)
    page.locator(".manabi-digit-readout .digit", has_text=str(DIGIT)).first.wait_for(state="attached")
    page.mouse.move(5, 5)
    wait_until_idle(page)
    page.wait_for_timeout(1500)  # the chart moves to its new values
    film.take(2200)
    for selector in (
        "[data-testid=stImage]",
        "[data-testid=stSegmentedControl], [data-testid=stButtonGroup]",
    ):
        page.locator(selector).last.scroll_into_view_if_needed()
        wait_until_idle(page)
        film.take(2200)


def _film_training(film: Film, server: Server) -> None:
    page = film.page
    page.goto(server.url("train", task=TASK))
    wait_until_idle(page)
    page.add_style_tag(content=HIDE_HEADER)
    film.take(1200)
    page.get_by_role("button", name="Start training").click()
    page.mouse.move(5, 5)  # hides the tooltip
    page.get_by_test_id("stPlotlyChart").or_(page.locator(".js-plotly-plot")).first.wait_for()
    until = time.monotonic() + MAX_SECONDS
    while time.monotonic() < until and not page.get_by_text("Test results").count():
        began = time.monotonic()
        film.take(250)
        page.wait_for_timeout(max(0, 1000 * (FRAME_SECONDS - (time.monotonic() - began))))
    wait_until_idle(page)
    film.take(3000)


def make_animation(browser: Browser, server: Server) -> bytes:
    """Film both scenes in English. Returns the GIF."""
    context = browser.new_context(locale="en-US", viewport=VIEWPORT, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(120_000)
    film = Film(page)
    _film_drawing(film, server)
    _film_training(film, server)
    context.close()
    return film.encode()


def main(arguments: list[str]) -> int:
    """Write the animation. Returns the exit status."""
    path = tool.find_browser()
    if path is None:
        print("No browser was found. Install chromium, or set MANABI_BROWSER.", file=sys.stderr)
        return 1
    with demo_server() as (server, _run), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=tool.LAUNCH_FLAGS)
        content = make_animation(browser, server)
        browser.close()
    output = Path(arguments[0]) if arguments else OUTPUT_PATH
    output.write_bytes(content)
    print(f"{output}  {len(content) / 1000:.0f} kB", flush=True)
    return 0 if len(content) <= MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
