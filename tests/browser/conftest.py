"""A real server, a real browser. As Streamlit's own tests: free port, health poll, log to a file, waits on conditions and never on time.

One server and one browser per module, with a run store, a cache and checkpoints of its own; the embedded stand-in data; no network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tools import browser as tool
from tools.server import Server as Served

SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
KNOWN = re.compile(r"404.*/_stcore/(health|host-config)$|(404|Image source error).*/media/\w+\.(png|jpg)\b")
"""What the console may say. Streamlit asks below a deep link first (`/train/_stcore/health`) and then at the root; an image of a
live panel may have been replaced by the time a busy browser requests it."""
PATIENCE = 120_000  # milliseconds; an expectation returns as soon as it holds, so only a failure ever takes this long
MAX_TABS = 100  # more than any page has stops for the Tab key above what a test reaches
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


class Server(Served):
    """A server in a world of its own, which outlives the process: started again, it finds the same runs."""

    def __init__(self, world: Path) -> None:
        folders = {
            f"MANABI_{n}": str(world / n.lower()) for n in ("RUNS", "CACHE", "HANDWRITING", "DOWNLOADS")
        }
        super().__init__(world / "server.log", {**folders, "MANABI_OFFLINE": "1"})
        for name in [
            n
            for n in self.environment
            if n.startswith(("MANABI_", "STREAMLIT_")) and n not in (*folders, "MANABI_OFFLINE")
        ]:
            del self.environment[name]
        self.runs = world / "runs"

    def stop(self) -> None:
        """End the server and every training that it has started."""
        super().stop()
        for process in self.trainings():
            process.kill()
            process.wait(10)

    def trainings(self) -> list[psutil.Process]:
        """The training processes of this world."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if "core.runs.process" in line and line[-1].startswith(str(self.runs.resolve())):
                found.append(process)
        return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    """A running server; `browser` comes first, so that nothing starts without a browser."""
    running = Server(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def mortal_server(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    """A server that its test may kill."""
    running = Server(tmp_path_factory.mktemp("mortal"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; skips if no browser is installed."""
    path = tool.find_browser()
    if path is None:
        pytest.skip("no browser: `python -m tools.browser --get` installs one, MANABI_BROWSER names one")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=tool.LAUNCH_FLAGS)
        yield running
        running.close()


class Visitor:
    """A page in a browser session of its own. `errors` is what its console complained about, known things left out, unless the test
    says that it `may_complain` (a page whose server is killed does so in many words, some of them late).
    """

    def __init__(self, server: Server, context: BrowserContext) -> None:
        self.server, self.context, self.errors, self.may_complain = server, context, [], False
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on(
            "console", lambda m: self._note(m.text, m.location.get("url", "")) if m.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self._note(str(error), ""))

    def _note(self, text: str, url: str) -> None:
        if not KNOWN.search(f"{text} {url}"):
            self.errors.append(f"{text} {url}")

    def open(self, path: str = "", **parameters: str) -> Visitor:
        self.page.goto(self.server.url(path, **parameters))
        return self.settle()

    def settle(self) -> Visitor:
        """Wait until the script has run, however often it starts again."""
        self.page.wait_for_selector(SETTLED)
        return self

    def sees(self, text: str, seconds: float = PATIENCE / 1000) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=1000 * seconds)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def tab_to(self, target: Locator) -> None:
        """Press Tab until `target` has the focus."""
        for _ in range(MAX_TABS):
            if target.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"{target} cannot be reached with the Tab key")

    def choose(self, name: str) -> None:
        """Choose one of a row of buttons."""
        self.page.get_by_role("radio", name=name, exact=True).click(force=True)

    @property
    def text(self) -> str:
        return self.page.inner_text("body")

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


@pytest.fixture
def visitor(server: Server, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """`visitor("ja-JP", width=390)`: a new visitor. Tracebacks on the page and console errors fail the test at its end."""
    opened: list[Visitor] = []

    def new(locale: str = "en-US", width: int = 1280, at: Server = server, **more: object) -> Visitor:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": 900}, **more)
        opened.append(Visitor(at, context))
        return opened[-1]

    yield new
    texts = [v.text for v in opened if not v.page.is_closed()]
    complaints = [e for v in opened if not v.may_complain for e in v.errors]
    for one in opened:
        one.context.close()
    assert not any("Traceback" in t for t in texts)
    assert not complaints
