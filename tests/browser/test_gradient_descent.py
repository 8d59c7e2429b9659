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


def test_points_come_from_a_file_and_the_line_is_dragged_by_mouse(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("gradient_descent", section="data")
    box = me.page.locator(".manabi-descent").first
    me.page.locator("input[type=file]").set_input_files(
        {"name": "mine.csv", "mimeType": "text/csv", "buffer": b"x;y\n0;0\n1;1\n4;4\n"}
    )
    me.page.wait_for_url("**points=own**")
    box.get_by_role("button", name="Least squares").click()
    expect(box.locator(".status")).to_contain_text("w = 1, b = 0")
    box.get_by_role("button", name="Reset").click()

    # The axes run from -0.6 to 4.6 and from -1.4 to 15.4, with room for their labels; the right handle is at 94% of x, on y = x + 10.
    field = box.locator(".left canvas").bounding_box()
    x, height = field["x"] + 44 + 0.94 * (field["width"] - 56), field["height"] - 46
    place_of = lambda y: field["y"] + 12 + height * (1 - (y + 1.4) / 16.8)  # noqa: E731
    me.page.mouse.move(x, place_of(14.288))
    me.page.mouse.down()
    me.page.mouse.move(x, place_of(10), steps=3)
    me.page.mouse.move(x, place_of(4.288), steps=3)
    me.page.mouse.up()
    me.page.wait_for_url("**w=-1.*")
    [[w, b]] = json.loads(box.get_attribute("data-places"))
    assert [w, b] == pytest.approx([-1.185, 9.37], abs=0.1)


def test_a_race_opens_finished_and_starts_anew(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("gradient_descent", section="race")
    race = me.page.locator(".manabi-descent.race")
    expect(race.locator(".numbers")).to_contain_text("converged at step")
    race.get_by_role("button", name="Step", exact=True).click()
    expect(race).to_have_attribute("data-step", "1")
    assert len(json.loads(race.get_attribute("data-places"))) == 4
