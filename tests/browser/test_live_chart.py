"""A live chart is drawn while it is seen, and up to date when it comes into sight."""

from __future__ import annotations

from playwright.sync_api import Browser

from benchmarks import live_charts
from benchmarks.serving import run_server

_LAST_STEP = "document.querySelector('.manabi-live')._fullLayout.xaxis.range[1]"


def test_a_chart_below_the_screen_waits_until_it_is_seen(browser: Browser) -> None:
    with run_server(live_charts.PAGE) as running:
        running.wait_until_healthy()
        page = browser.new_page()
        page.goto(f"{running.url}/?kind=unseen")
        page.wait_for_function("document.querySelector('.manabi-live')?.data")
        tick, drawn = live_charts.current_tick(page), page.evaluate(_LAST_STEP)
        page.get_by_text(f"tick {tick + 2}", exact=True).wait_for()
        assert page.evaluate(_LAST_STEP) == drawn
        page.locator(".manabi-live").scroll_into_view_if_needed()
        page.wait_for_function(f"{_LAST_STEP} > {drawn}")
        page.close()
