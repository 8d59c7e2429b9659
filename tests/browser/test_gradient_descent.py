"""Gradient descent in a browser: its steps are those of core, the line is dragged, the minimum is reached."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.lessons import gradient_descent as gd
from tests.browser.conftest import Visitor


def test_a_line_is_stepped_run_and_dragged(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("gradient_descent", optimizer="adam", section="own")
    box = me.page.locator(".manabi-descent").first
    expect(box.locator(".cards li")).to_have_count(4)
    for count in range(1, 4):
        box.get_by_role("button", name="Step", exact=True).click()
        expect(box).to_have_attribute("data-step", str(count))
    x, y = gd.make_points("notes")
    *_, last = gd.Descent(x, y, optimizer="adam", rate=0.5).run(3)
    [place] = json.loads(box.get_attribute("data-places"))
    assert place == pytest.approx([last.next_w, last.next_b], rel=1e-9)

    box.locator("select").select_option("60")
    box.get_by_role("button", name="Play").click()
    expect(box.locator(".status")).to_contain_text("Converged")

    canvas = box.locator(".left canvas")
    field = canvas.bounding_box()
    canvas.focus()
    canvas.press("ArrowUp")
    expect(box).to_have_attribute("data-step", "0")
    me.page.wait_for_url("**b=*")
    assert field["width"] > 200 and me.settle().overflow <= 0

    wrong = me.page.get_by_label("∂L/∂w", exact=True)
    wrong.fill("2 * mean((w*x + b - y) * x)")
    wrong.press("Enter")
    me.sees("∂L/∂w is correct")
