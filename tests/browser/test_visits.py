"""What a browser keeps between visits, and addresses: language, unknown pages, a base path."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from core.i18n import get_translator
from tests.browser.conftest import Server, Visitor

SENTENCE = "Learn deep learning by doing"
ENGLISH, JAPANESE = SENTENCE, get_translator("ja")(SENTENCE)


def test_a_choice_of_language_survives_a_reload_and_a_new_tab(visitor: Callable[..., Visitor]) -> None:
    first = visitor().open()
    first.sees(ENGLISH)
    first.choose("日本語")
    first.sees(JAPANESE)
    expect(first.page.locator("html[lang=ja]")).to_have_count(1)
    first.page.wait_for_function("document.cookie.includes('manabi_language=ja')")
    first.page.reload()
    first.sees(JAPANESE)
    tab = first.context.new_page()
    tab.goto(first.server.url("glossary"))
    expect(tab.get_by_text("用語集").first).to_be_visible()
    tab.close()
    visitor().open().sees(ENGLISH)


def test_a_link_may_name_the_language(visitor: Callable[..., Visitor]) -> None:
    visitor().open(lang="ja").sees(JAPANESE)
    visitor("ja-JP").open(lang="en").sees(ENGLISH)


def test_an_unknown_address_is_said(visitor: Callable[..., Visitor]) -> None:
    stray = visitor()
    stray.may_complain = True  # the browser's own line for the address that answers 404
    stray.open("trian").sees("Page “trian” not found.")


class BasedServer(Server):
    """A server whose pages lie below /lab, as behind a proxy."""

    def url(self, path: str = "", **parameters: str) -> str:
        return super().url(f"lab/{path}", **parameters)


@pytest.fixture
def based_server(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    running = BasedServer(tmp_path_factory.mktemp("based"))
    running.environment["STREAMLIT_SERVER_BASE_URL_PATH"] = "lab"
    running.start()
    yield running
    running.stop()


def test_links_in_text_stay_below_the_base_path(
    visitor: Callable[..., Visitor], based_server: Server
) -> None:
    reader = visitor(at=based_server)
    reader.may_complain = True  # Streamlit asks below the page first
    reader.open("glossary", q="dropout")
    reader.page.locator("a[href^='/lab/glossary?term=augmentation']").first.click()
    expect(reader.page.locator("#augmentation.named")).to_be_visible()
    assert reader.page.url.endswith("/lab/glossary?term=augmentation")


def test_no_component_polls_the_page(visitor: Callable[..., Visitor]) -> None:
    me = visitor()
    me.context.add_init_script(
        "window.polls = []; const start = window.setInterval;"
        "window.setInterval = (f, ms, ...more) => { if (ms <= 200) polls.push(new Error().stack); return start(f, ms, ...more) }"
    )
    me.open("draw")
    expect(me.page.locator(".manabi-digit-canvas canvas")).to_be_visible()
    assert not [
        stack for stack in me.page.evaluate("window.polls") if "components" in stack or "blob:" in stack
    ]
