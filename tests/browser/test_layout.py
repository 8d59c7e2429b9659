"""Every page fits every screen and can be used by everybody, in both languages, and browsers' own buttons work."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from core.i18n import get_translator
from tests import factories
from tests.browser.accessibility import barriers
from tests.browser.conftest import Server, Visitor
from tests.browser.test_drawing import draw
from tests.conftest import DATA

TITLES = {
    "": "Learn deep learning by doing",
    "train": "Train",
    "runs": "Runs",
    "draw": "Draw a digit",
    "compare": "Compare CNNs",
    "architecture": "Architecture",
    "glossary": "Glossary",
}
ALL_TITLES = {
    **TITLES,
    "learning_path": "Learning path",
    "gradient_descent": "Gradient descent",
    "playground": "Playground",
    "models": "Models & data",
    "browse": "Browse COCO",
    "photos": "Your photos",
    "house_prices": "House prices",
    "translate": "Apples to oranges",
}
LONG_NAME = "a name that is rather long, as people write them when they are in a hurry"
CLIPPED = """
() => [...document.querySelectorAll(
    'button, label, [role=tab], [role=radio], [data-testid=stMetric], [data-testid=stWidgetLabel], [data-testid=stPageLink]')]
  .flatMap((part) => [part, ...part.querySelectorAll('*')])
  .filter((e) => e.clientWidth > 1 && e.textContent.trim() && e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.textContent.trim())
"""
"""The texts in controls and metrics that are cut off. What is 1 pixel wide is for screen readers."""
THEMES = {("en", 1280): ("light", "dark"), ("ja", 390): ("light",)}
WITH_DATA = {
    "browse": ".manabi-annotated-grid .tiles button",
    "compare": ".manabi-labeled .labels button",
    "translate": ".manabi-before-after img.before",
    "draw": ".manabi-digit-readout .digit:visible",
    "models": "[data-testid=stDataFrame]",
    "train": ".manabi-live .main-svg",
}
"""Pages that look different with the real data sets, each with what shows that it is complete."""
LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])


@pytest.fixture(scope="module")
def run(server: Server) -> str:
    """A finished run in the server's store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANABI_RUNS", str(server.runs))
        patch.setenv("MANABI_OFFLINE", "1")
        patch.setenv("MANABI_DOWNLOADS", str(server.runs / ".none"))
        factories.finished("boston-mlp")
        return factories.finished(name=LONG_NAME).id


def heading(visitor: Visitor, path: str, language: str) -> None:
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(
        get_translator(language)(ALL_TITLES[path])
    )


def cut_off(visitor: Visitor) -> list[str]:
    """The texts that are cut off, and whether the page is wider than the screen."""
    visitor.settle()
    inner = visitor.page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth")
    too_wide = {f"{visitor.overflow}, {inner} pixels too wide"} if max(visitor.overflow, inner) > 0 else set()
    return sorted({t for t in visitor.page.evaluate(CLIPPED) if LONG_NAME not in t} | too_wide)


@LANGUAGES
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_the_screen_clips_no_label_and_passes_axe(
    visitor: Callable[..., Visitor], run: str, language: str, width: int
) -> None:
    me = visitor(f"{language}-XX", width=width)
    clipped: dict[str, list[str]] = {}
    found: dict[str, list[str]] = {}
    for path in ALL_TITLES:
        me.open(path, **({"run": run} if path == "train" else {}))
        heading(me, path, language)
        if path == "train":
            me.page.locator(".manabi-live .main-svg").first.wait_for()
        if path == "draw":
            draw(me, 7, 60, 50, 150, 180)
            expect(me.page.locator(".manabi-digit-readout .digit").first).to_have_text("7")
        clipped[path] = cut_off(me)
        # Neither language nor width changes a color, so the dark theme once.
        for theme in THEMES.get((language, width), ()):
            found[f"{path} {theme}"] = barriers(me, theme)
    assert {path: texts for path, texts in clipped.items() if texts} == {}
    assert {page: sentences for page, sentences in found.items() if sentences} == {}


@pytest.fixture(scope="module")
def server_with_data(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    """A server that has the real data sets."""
    running = Server(tmp_path_factory.mktemp("with-data"))
    running.environment["MANABI_DATA"] = str(DATA)
    running.start()
    yield running
    running.stop()


@pytest.mark.realdata
@pytest.mark.parametrize(("language", "width"), [("ja", 390), ("en", 1280)])
def test_pages_with_data_fit_the_screen_clip_no_label_and_pass_axe(
    visitor: Callable[..., Visitor], server_with_data: Server, language: str, width: int
) -> None:
    me = visitor(f"{language}-XX", width=width, at=server_with_data)
    clipped: dict[str, list[str]] = {}
    found: dict[str, list[str]] = {}
    for path, shown in WITH_DATA.items():
        me.open(path)
        heading(me, path, language)
        expect(me.page.locator(shown).first).to_be_visible()
        clipped[path], found[path] = cut_off(me), barriers(me)
    assert {path: texts for path, texts in clipped.items() if texts} == {}
    assert {page: sentences for page, sentences in found.items() if sentences} == {}


def test_a_deep_link_opens_its_page_at_once(visitor: Callable[..., Visitor]) -> None:
    for path, language in zip(TITLES, itertools.cycle(("ja", "en"))):
        me = visitor(f"{language}-XX").open(path)
        heading(me, path, language)
        me.context.close()


def test_menu_back_and_forward(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open()
    for path in ("train", "glossary"):
        me.page.get_by_test_id("stSidebar").get_by_role("link", name=TITLES[path], exact=True).click()
        heading(me, path, "en")
    me.page.go_back()
    heading(me, "train", "en")
    me.page.go_back()
    heading(me, "", "en")
    me.page.go_forward()
    heading(me, "train", "en")


def test_the_language_switch_lasts_over_pages(visitor: Callable[..., Visitor]) -> None:
    me = visitor("ja-JP").open()
    heading(me, "", "ja")
    me.choose("English")
    heading(me, "", "en")
    me.page.get_by_test_id("stSidebar").get_by_role("link", name="Glossary").click()
    heading(me, "glossary", "en")
    me.page.go_back()
    heading(me, "", "en")
    me.choose("日本語")
    heading(me, "", "ja")


def test_a_setting_travels_in_the_link_and_survives_a_reload(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("train", task="mnist-softmax", **{"mnist-softmax.epochs": "3"})
    epochs = me.page.get_by_role("spinbutton", name="Epochs")
    expect(epochs).to_have_value("3")
    epochs.fill("5")
    epochs.press("Enter")
    me.page.wait_for_url("**epochs=5**")
    me.page.reload()
    expect(epochs).to_have_value("5")
    other = visitor("ja-JP")
    other.page.goto(me.page.url)
    expect(other.page.get_by_role("spinbutton", name=get_translator("ja")("Epochs"))).to_have_value("5")


def test_the_server_says_nothing_wrong(server: Server, visitor: Callable[..., Visitor]) -> None:
    """After all of the above: no exception in the log, whatever the pages showed."""
    visitor().open()
    assert "Traceback" not in server.log.read_text()
