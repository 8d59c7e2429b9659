"""Digits drawn with the mouse and by touch are classified by the pretrained model."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, expect

from core.digits import samples
from tests.browser.conftest import Visitor

WAYS = {
    # left, top, width and height on the canvas of 280×280, and the key that sets the brush
    "in the middle": (70, 50, 140, 180, None),
    "in a corner": (12, 12, 86, 112, None),
    "thin": (60, 40, 150, 190, "Home"),
    "large": (22, 20, 236, 240, "End"),
}
DIGITS = {"in the middle": range(10), "in a corner": (0, 3, 6, 9), "thin": (1, 4, 7), "large": (2, 5, 8)}
BRUSH = {None: "20", "Home": "6", "End": "36"}
EMPTY = "Draw a digit from 0 to 9"
SAMPLE = "A sample: draw over it"
UNITS = 280  # of the canvas, whatever its size on the screen
PREDICTED = ".manabi-digit-readout.large .digit"
NOTE = ".manabi-digit-readout.large .note"
NO_DIGIT = "This does not look like a digit."


def canvas_at(visitor: Visitor) -> tuple[float, float, float]:
    """Left and top of the canvas, and pixels for each of its units."""
    canvas = visitor.page.locator(".manabi-digit-canvas canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box["width"] == box["height"]
    return box["x"], box["y"], box["width"] / UNITS


def draw(visitor: Visitor, digit: int, left: float, top: float, width: float, height: float) -> None:
    """Write `digit` with the mouse, stroke by stroke."""
    x0, y0, unit = canvas_at(visitor)
    mouse = visitor.page.mouse
    for stroke in samples.digit_points(digit, left, top, width, height):
        mouse.move(x0 + unit * stroke[0][0], y0 + unit * stroke[0][1])
        mouse.down()
        for x, y in stroke[1:]:
            mouse.move(x0 + unit * x, y0 + unit * y)
        mouse.up()


def set_brush(visitor: Visitor, key: str | None) -> None:
    slider = visitor.page.get_by_role("slider", name="Brush size")
    if key:
        slider.press(key)
    expect(slider).to_have_value(BRUSH[key])


def clear(visitor: Visitor) -> None:
    visitor.press("Clear")
    visitor.sees(EMPTY)
    expect(visitor.page.locator(PREDICTED)).to_have_text("–")


def answers(visitor: Visitor, digit: int) -> None:
    """The page answers `digit`, and stays with it once it has settled."""
    answer = visitor.page.locator(PREDICTED)
    expect(answer).to_have_text(str(digit))
    visitor.settle()
    expect(answer).to_have_text(str(digit))


@pytest.mark.parametrize("way", WAYS)
def test_digits_stroke_by_stroke_with_the_mouse(visitor: Callable[..., Visitor], way: str) -> None:
    *box, key = WAYS[way]
    # Explanations once; without them the other ten digits take half the time.
    me = visitor().open("draw", **({} if way == "in the middle" else {"view": "epochs"}))
    me.sees(SAMPLE)
    set_brush(me, key)
    for digit in DIGITS[way]:
        draw(me, digit, *box)
        answers(me, digit)
        clear(me)


def test_a_dot_and_a_scribble_are_not_digits(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("draw")
    x0, y0, unit = canvas_at(me)
    mouse = me.page.mouse
    mouse.click(x0 + 140 * unit, y0 + 140 * unit)
    expect(me.page.locator(NOTE)).to_have_text(NO_DIGIT)
    clear(me)
    mouse.move(x0 + 20 * unit, y0 + 20 * unit)
    mouse.down()
    for i in range(60):
        mouse.move(x0 + unit * (20 + (i * 97) % 240), y0 + unit * (20 + (i * 61) % 240))
    mouse.up()
    expect(me.page.locator(NOTE)).to_have_text(NO_DIGIT)


def test_undo_and_clear_by_keyboard(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("draw")
    draw(me, 1, *WAYS["in the middle"][:4])
    answers(me, 1)
    draw(me, 7, *WAYS["in the middle"][:4])
    expect(me.page.locator(PREDICTED)).not_to_have_text("1")
    canvas = me.page.locator(".manabi-digit-canvas canvas")
    me.page.mouse.click(5, 5)  # so that Tab begins above
    me.tab_to(canvas)
    canvas.press("Control+z")
    canvas.press("Backspace")
    answers(me, 1)
    canvas.press("Tab")
    me.page.keyboard.press("Enter")  # the button Undo
    me.sees(EMPTY)
    draw(me, 7, *WAYS["in the middle"][:4])
    answers(me, 7)
    canvas.press("Delete")
    me.sees(EMPTY)
    expect(me.page.locator(PREDICTED)).to_have_text("–")
    me.press("Another sample")
    me.sees(SAMPLE)


def touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    session.send(
        "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
    )


def test_by_touch_and_the_page_stays_where_it_is(visitor: Callable[..., Visitor]) -> None:
    me = visitor("ja-JP", width=390, has_touch=True, is_mobile=True).open("draw")
    x0, y0, unit = canvas_at(me)
    assert unit * UNITS > 330  # the canvas takes the width of the phone
    session = me.context.new_cdp_session(me.page)
    before = me.page.get_by_test_id("stMain").evaluate("e => e.scrollTop")
    for stroke in samples.digit_points(7, *WAYS["in the middle"][:4]):
        touch(session, "touchStart", (x0 + unit * stroke[0][0], y0 + unit * stroke[0][1]))
        for x, y in stroke[1:]:
            touch(session, "touchMove", (x0 + unit * x, y0 + unit * y))
        touch(session, "touchEnd")
    line = me.page.locator(".manabi-digit-readout.line")
    expect(line.locator(".digit")).to_have_text("7")
    below = line.bounding_box()["y"] + line.bounding_box()["height"]
    assert 0 <= y0 - below < 20  # the prediction stands directly above the canvas
    assert me.page.get_by_test_id("stMain").evaluate("e => e.scrollTop") == before
    assert canvas_at(me) == (x0, y0, unit)
    assert me.overflow <= 0


def test_what_it_sees_and_why(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("draw")
    draw(me, 4, *WAYS["in the middle"][:4])
    answers(me, 4)
    me.sees("28×28 (model input)")
    for view, seen in {
        "Feature maps": "Brighter means higher activation",
        "Shift test": "would give a flat line",
        "Pixel attribution": "are evidence for 4",
    }.items():
        me.choose(view)
        me.sees(seen)
    me.page.get_by_text("Resize to 20×20").click()
    me.page.wait_for_url("**step-fit=false**")
    me.choose("Feature maps")
    me.page.wait_for_url("**view=maps**")
    me.page.reload()
    me.sees(SAMPLE)  # a drawing is private, so it is not in the URL
    assert "view=maps" in me.page.url


def test_the_forward_pass_plays_pauses_and_steps(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("draw", network="mnist-mlp")
    me.press("Play the forward pass")
    box = me.page.locator(".manabi-forward-pass")
    count = box.locator(".count")
    expect(box.get_by_role("button", name="Pause")).to_be_visible()
    expect(count).to_have_text("5 / 5")  # it has played to its end
    expect(box.get_by_role("button", name="Play")).to_be_visible()
    box.press("Home")
    expect(count).to_have_text("1 / 5")
    box.press("ArrowRight")
    box.press("ArrowRight")
    expect(count).to_have_text("3 / 5")
    box.get_by_role("button", name="Previous stage").press("Enter")
    expect(count).to_have_text("2 / 5")
    expect(box).to_contain_text("Fully connected layer")
    box.press(" ")
    expect(box.get_by_role("button", name="Pause")).to_be_visible()
    box.press(" ")
    expect(box.get_by_role("button", name="Play")).to_be_visible()
    box.press("End")
    draw(me, 7, *WAYS["in the middle"][:4])
    answers(me, 7)
    expect(box.locator(".winner .name")).to_have_text("7")  # the digit that was drawn since


def test_with_reduced_motion_the_forward_pass_waits(visitor: Callable[..., Visitor]) -> None:
    me = visitor(reduced_motion="reduce").open("draw", network="mnist-softmax")
    me.press("Play the forward pass")
    box = me.page.locator(".manabi-forward-pass")
    expect(box.get_by_role("button", name="Play")).to_be_visible()
    expect(box.locator(".count")).to_have_text("1 / 3")
