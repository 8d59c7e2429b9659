"""Ticks of the learning path last in the browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from core.learning_path.ticks import encode_ticks
from tests.browser.conftest import Visitor


def test_ticks_survive_a_reload_and_a_new_visit(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("learning_path")
    station = me.page.locator("#path-linear-regression")
    station.locator(".head").click()
    station.locator(".tick").click()
    expect(station).to_have_attribute("data-state", "done")
    expect(me.page.locator("#path-loss")).to_have_attribute("data-state", "next")
    expect(me.page.get_by_role("heading", name="Loss function").first).to_be_visible()
    me.page.wait_for_function(f"location.search.includes('done={encode_ticks(['linear-regression'])}')")
    me.page.wait_for_function("document.cookie.includes('manabi_path=')")
    me.page.reload()
    expect(station).to_have_attribute("data-state", "done")
    me.open("learning_path")
    expect(station).to_have_attribute("data-state", "done")
