"""House prices in a browser: a slider moved by hand changes the prediction."""

from __future__ import annotations

from collections.abc import Callable

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
    mass.press("End")
    expect(value).not_to_have_text(before)
    me.page.wait_for_url("**diabetes.bmi=**")
    me.settle()
    changed = value.inner_text()
    me.page.reload()
    expect(value).to_have_text(changed)
