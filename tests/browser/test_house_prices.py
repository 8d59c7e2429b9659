"""House prices in a browser: a slider moved by hand changes the prediction."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Visitor


def test_a_what_if_slider_changes_the_prediction(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("house_prices")
    value = me.page.get_by_test_id("stMetricValue").first
    chart = me.page.locator(".manabi-live .main-svg").first
    expect(chart).to_be_visible()
    before = value.inner_text()
    mass = me.page.get_by_role("slider", name="Body mass index")
    mass.focus()
    for _ in range(30):
        mass.press("ArrowRight")
    expect(value).not_to_have_text(before)
    # Only when the address has the slider's last value, the number belongs to it.
    final = mass.get_attribute("aria-valuenow")
    me.page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("diabetes.bmi") == [final])
    me.settle()
    changed = value.inner_text()
    me.page.reload()
    expect(value).to_have_text(changed)
