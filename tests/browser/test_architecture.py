"""The block drawing with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Visitor


def test_a_block_opens_by_mouse_and_keyboard_and_a_change_leaves_outlines(
    visitor: Callable[..., Visitor],
) -> None:
    me = visitor(width=390).open("architecture", net="mnist-cnn")
    block = me.page.get_by_role("button", name="conv.0")
    me.tab_to(me.page.locator(".manabi-blocks .block").first)
    block.hover()
    tip = me.page.get_by_role("tooltip")
    expect(tip).to_contain_text("Parameters: 896")
    expect(tip).to_contain_text("Receptive field: 5×5 px")
    block.click()
    tiles = me.page.locator(".manabi-blocks figure img")
    expect(tiles).to_have_count(12)
    me.page.wait_for_url("**block=conv.0**")
    assert tiles.first.evaluate("e => getComputedStyle(e).imageRendering") == "pixelated"
    block.focus()
    block.press("ArrowRight")
    head = me.page.locator(".manabi-blocks .block:focus")
    head.press("ArrowRight")
    head.press("Enter")
    expect(me.page.locator(".manabi-blocks .values i")).to_have_count(5)
    expect(tiles).to_have_count(0)
    expect(head).to_have_attribute("data-name", "head")

    width = me.page.get_by_role("spinbutton", name="Width")
    width.fill("128")
    width.press("Enter")
    expect(me.page.locator(".manabi-blocks .ghost")).to_have_count(2)
    expect(me.page.get_by_test_id("stMetricDelta").first).to_contain_text("%")
    assert me.settle().overflow <= 0


def test_a_drawing_wider_than_a_phone_has_buttons_to_its_ends(visitor: Callable[..., Visitor]) -> None:
    me = visitor(width=390).open("architecture", net="cifar10-sandbox")
    right = me.page.get_by_role("button", name="Scroll right")
    left = me.page.get_by_role("button", name="Scroll left")
    expect(right).to_be_visible()
    expect(left).to_be_hidden()
    right.click()
    expect(left).to_be_visible()
    me.page.locator(".manabi-blocks .scroll").evaluate(
        "e => e.scrollTo({left: e.scrollWidth, behavior: 'instant'})"
    )
    expect(right).to_be_hidden()
    assert me.overflow <= 0
    wide = visitor(width=1280).open("architecture", net="cifar10-sandbox")
    expect(wide.page.locator(".manabi-blocks svg")).to_be_visible()
    expect(wide.page.get_by_role("button", name="Scroll right")).to_be_hidden()
