"""The animations of the README: a digit is drawn and explained, then a run's curves advance; and the forward pass of a digit.

python -m tools.animation [demo|forward]     default: both, as docs/demo.gif and docs/forward.gif
"""

from __future__ import annotations

import io
import sys
import time

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

from tools import browser as tool
from tools.screenshots import demo_server, draw_digit, stroke_by_stroke, wait_until_idle
from tools.server import PROJECT, Server

OUTPUT_FOLDER = PROJECT / "docs"
MAX_BYTES = {"demo": 3_000_000, "forward": 1_500_000}
VIEWPORT = {"width": 1180, "height": 760}
WIDTH = 900  # pixels of the animation
DIGIT = 6  # one stroke: a part of a digit would be rejected
TASK = "mnist-mlp"  # its full recipe takes about ten seconds
MAX_SECONDS = 60.0  # of filming the run
FRAME_SECONDS = 0.5  # between two frames of the run
FORWARD_MODEL, FORWARD_WIDTH = "mnist-lenet5", 720  # few maps, so that each can be seen
FORWARD_STEP = 150  # milliseconds between two frames
FORWARD_COLORS = 64
HIDE_HEADER = "[data-testid=stHeader], [data-testid=stStatusWidget] {visibility: hidden}"


class Film:
    """Frames of a page or of an element, `width` pixels wide, with the milliseconds for which each is shown."""

    def __init__(self, shown: Page | Locator, width: int = WIDTH, colors: int = 256) -> None:
        self.shown, self.width, self.colors = shown, width, colors
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []

    def take(self, milliseconds: int) -> None:
        """Add a frame; one equal to the one before only makes that one longer."""
        png = self.shown.screenshot(animations="disabled", timeout=60_000)
        image = Image.open(io.BytesIO(png)).convert("RGB")
        size = (self.width, self.width * image.height // image.width)
        image = image.resize(size, Image.Resampling.LANCZOS)
        if self.frames and image.tobytes() == self.frames[-1].tobytes():
            self.durations[-1] += milliseconds
        else:
            self.frames.append(image)
            self.durations.append(milliseconds)

    def encode(self) -> bytes:
        """Return the frames as a GIF with one palette, looping."""
        palette = _common_palette(self.frames, self.colors)
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


def _common_palette(frames: list[Image.Image], colors: int) -> Image.Image:
    """Return a palette image for all frames, made from every fourth of them and the last."""
    chosen = [*frames[::4], frames[-1]]
    sheet = Image.new("RGB", (frames[0].width, frames[0].height * len(chosen)))
    for number, frame in enumerate(chosen):
        sheet.paste(frame, (0, number * frames[0].height))
    # Median cut would spend the palette on shades of white, which cover most of a page.
    return sheet.quantize(colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _film_drawing(film: Film, server: Server) -> None:
    page = film.shown
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
    page = film.shown
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


def film_demo(page: Page, server: Server) -> bytes:
    """Film the drawing and the training. Returns the GIF."""
    film = Film(page)
    _film_drawing(film, server)
    _film_training(film, server)
    return film.encode()


def film_forward_pass(page: Page, server: Server) -> bytes:
    """Film the forward pass of a drawn digit, in the time of the page, however long a frame takes. Returns the GIF."""
    page.goto(server.url("draw", network=FORWARD_MODEL))
    wait_until_idle(page)
    draw_digit(page, DIGIT)
    page.get_by_role("button", name="Play the forward pass").click()
    box = page.locator(".manabi-forward-pass")
    box.wait_for()
    wait_until_idle(page)
    box.press("Home")
    page.mouse.move(5, 5)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    box.evaluate("e => { e.blur(); e.querySelector('.play').click() }")
    film = Film(box, FORWARD_WIDTH, FORWARD_COLORS)
    play = box.locator(".play[data-state^=pause]")
    film.take(FORWARD_STEP)
    while play.count():
        page.clock.run_for(FORWARD_STEP)
        film.take(FORWARD_STEP)
    film.take(2500)
    return film.encode()


FILMS = {"demo": film_demo, "forward": film_forward_pass}


def main(names: list[str]) -> int:
    """Write the animations `names`, or all of them. Returns the exit status."""
    if unknown := set(names) - set(FILMS):
        print(f"Not found: {', '.join(sorted(unknown))}. Choose from: {', '.join(FILMS)}.", file=sys.stderr)
        return 2
    path = tool.find_browser()
    if path is None:
        print("No browser was found. Install chromium, or set MANABI_BROWSER.", file=sys.stderr)
        return 1
    fits = True
    with demo_server() as (server, _run), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=tool.LAUNCH_FLAGS)
        for name in names or FILMS:
            context = browser.new_context(locale="en-US", viewport=VIEWPORT, color_scheme="light")
            page = context.new_page()
            page.set_default_timeout(120_000)
            content = FILMS[name](page, server)
            context.close()
            output = OUTPUT_FOLDER / f"{name}.gif"
            output.write_bytes(content)
            print(f"{output}  {len(content) / 1000:.0f} kB", flush=True)
            fits = fits and len(content) <= MAX_BYTES[name]
        browser.close()
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
