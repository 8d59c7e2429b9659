"""Points are drawn and learned; two settings advance in lock-step."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from core.lessons.playground.experiments import EXPERIMENTS
from tests.browser.conftest import Visitor


def test_xor_from_drawn_points_is_solved(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("playground", data="own", activation="relu", hidden="8", learning_rate="0.03")
    plane = me.page.locator(".manabi-playground canvas.plane")
    plane.scroll_into_view_if_needed()
    place = plane.bounding_box()
    for label in (0, 1):
        me.page.locator(f".manabi-playground .kind-{label}").click()
        for x, y in ((0.25, 0.25), (0.75, 0.75)) if label else ((0.25, 0.75), (0.75, 0.25)):
            for dx, dy in ((0, 0), (0.08, 0), (0, 0.08), (0.08, 0.08), (-0.08, 0)):
                me.page.mouse.click(
                    place["x"] + (x + dx) * place["width"], place["y"] + (y + dy) * place["height"]
                )
    play = me.page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_enabled()
    play.click()
    expect(me.page.locator(".manabi-playground .accuracy .value")).to_have_text("100%")
    me.press("Pause")
    expect(play).to_be_visible()


def test_two_settings_in_lock_step(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("playground", data="xor", vs="optimizer", vs_value="sgd")
    boxes = me.page.locator(".manabi-playground")
    expect(boxes).to_have_count(2)
    me.press("Play")
    expect(boxes.nth(1)).not_to_have_attribute("data-step", "0")
    me.press("Pause")
    expect(me.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    me.settle()
    steps = boxes.evaluate_all("all => all.map(e => e.dataset.step)")
    assert steps[0] == steps[1] != "0"
    me.sees("Same points, same initial weights, same batches: only this setting differs.")
    me.press("Reset")
    expect(boxes.nth(0)).to_have_attribute("data-step", "0")
    expect(boxes.nth(1)).to_have_attribute("data-step", "0")


def test_the_ten_experiments_are_walked_to_the_end(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("playground")
    box = me.page.locator(".manabi-playground").first
    following = me.page.locator(".st-key-playground-next button")
    for experiment in EXPERIMENTS:
        following.click()
        me.sees(experiment.question)
        expect(me.page).to_have_url(re.compile(f"experiment={experiment.id}"))
        if experiment.settings is not None:
            expect(box).to_have_attribute("data-step", "0")
            me.press("One epoch")
            expect(box).not_to_have_attribute("data-step", "0")
        me.choose(experiment.options[experiment.answer])
        me.sees("Your prediction is right.")
    expect(following).to_be_disabled()
    me.press("Measure now")
    expect(me.page.locator(".js-plotly-plot")).to_be_visible()


def test_layers_and_units_are_added_and_removed_beside_the_network(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("playground")
    network = me.page.locator(".manabi-playground .network canvas")
    for button, units in (
        ("Add a layer", "6, 4, 4"),
        ("Add a unit to layer 1", "7, 4, 4"),
        ("Remove the last layer", "7, 4"),
        ("Remove a unit of layer 2", "7, 3"),
    ):
        me.press(button)
        expect(network).to_have_attribute("aria-label", re.compile(f"of {units} units"))
    expect(me.page).to_have_url(re.compile("hidden=7(,|%2C)3"))
