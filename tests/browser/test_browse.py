"""The browse page in a browser, on the drawn scenes: filter, open, switch, hover, choose, follow a permalink, export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from core.coco import scenes
from tests.browser.conftest import Visitor

TILES, SHAPES = ".manabi-annotated-grid .tiles button", ".manabi-annotated path.shape"
EXAMPLES = ".manabi-image-grid button"  # of annotation issues


Box = dict[str, float]


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes of the page share more than half a pixel."""
    return all(
        one[at] + one[size] > other[at] + 0.5 and other[at] + other[size] > one[at] + 0.5
        for at, size in (("x", "width"), ("y", "height"))
    )


def is_inside(one: Box, frame: Box) -> bool:
    """Whether a box lies in a frame, half a pixel tolerated."""
    return all(
        frame[at] - 0.5 <= one[at] and one[at] + one[size] <= frame[at] + frame[size] + 0.5
        for at, size in (("x", "width"), ("y", "height"))
    )


def filter_by(me: Visitor, text: str) -> None:
    """Type a filter."""
    field = me.page.get_by_role("textbox", name="Filter")
    field.fill(text)
    field.press("Enter")


def test_from_the_filter_to_one_instance_and_back(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("browse")
    expect(me.page.locator(TILES)).to_have_count(24)
    filter_by(me, "person>=2 and crowd=yes")
    expect(me.page.locator(TILES)).not_to_have_count(24)
    me.page.keyboard.press("Escape")
    assert "where=person" in me.page.url
    me.page.locator(TILES).first.click()
    expect(me.page.locator(SHAPES).first).to_be_visible()
    assert "image=" in me.page.url
    shapes, keypoints = me.page.locator(SHAPES), me.page.locator(".manabi-annotated circle")
    assert shapes.count() >= 3 and keypoints.count() >= 10
    expect(me.page.locator(".manabi-annotated pattern")).to_have_count(
        1
    )  # the crowd, and nothing else, is hatched

    for switch, there in (("Keypoints", keypoints), ("Masks", shapes)):
        me.page.get_by_test_id("stButtonGroup").get_by_role("button", name=switch, exact=True).click()
        expect(there).to_have_count(0)
        me.page.get_by_test_id("stButtonGroup").get_by_role("button", name=switch, exact=True).click()
        expect(there).not_to_have_count(0)

    frame = me.page.locator(".manabi-annotated").bounding_box()
    plates = [plate.bounding_box() for plate in me.page.locator(".manabi-annotated svg > rect").all()]
    assert len(plates) >= 3
    for number, one in enumerate(plates):
        assert is_inside(one, frame) and not any(overlap(one, other) for other in plates[:number])

    for arrow in me.page.locator(".manabi-annotated-row .step").all():
        assert not overlap(arrow.bounding_box(), frame)

    me.page.locator(".manabi-annotated-legend button").first.click()
    expect(me.page.locator(".manabi-annotated .instance.faint")).not_to_have_count(0)
    me.page.locator(".manabi-annotated-legend button").first.click()
    expect(me.page.locator(".manabi-annotated .faint")).to_have_count(0)
    address = me.page.url
    following = me.page.locator(".manabi-annotated-row .next")
    me.tab_to(following)
    me.page.keyboard.press("Enter")
    expect(me.page).not_to_have_url(address)
    expect(me.page.locator(".manabi-annotated .faint")).to_have_count(0)
    # The one before is removed when the page is complete; until then there are two.
    expect(me.page.locator(".manabi-annotated-row .next:focus")).to_have_count(1)
    expect(following).to_have_count(1)
    expect(following).to_be_focused()
    me.page.get_by_role("button", name="Previous image").click()
    expect(me.page).to_have_url(address)
    me.settle()
    me.page.keyboard.press("ArrowRight")
    expect(me.page).not_to_have_url(address)
    me.settle()
    me.page.keyboard.press("ArrowLeft")
    expect(me.page).to_have_url(address)
    me.settle()

    last = me.page.locator(".manabi-annotated .instance").last
    last.locator(".shape").dispatch_event("mousemove")
    tip = me.page.locator(".manabi-annotated .tip")
    expect(tip).to_be_visible()
    assert "px²" in tip.inner_text()
    last.locator(".shape").dispatch_event("click")
    me.sees("Instance details")
    me.sees("column-wise runs")
    expect(me.page.locator(".manabi-annotated .instance.selected")).to_have_count(1)
    assert "instance=" in me.page.url

    friend = visitor("ja-JP")
    friend.page.goto(me.page.url)
    friend.settle()
    expect(friend.page.locator(".manabi-annotated .instance.selected")).to_have_count(1)

    me.page.get_by_role("button", name="Back to grid").click()
    expect(me.page.get_by_role("textbox", name="Filter")).to_have_value("person>=2 and crowd=yes")


def test_a_name_is_found_in_the_grid_and_masks_fade(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("browse")
    expect(me.page.locator(TILES)).to_have_count(24)
    marked = me.page.locator(".manabi-annotated-grid path.marked")
    name = me.page.locator(".manabi-annotated-grid .names button", has_text="tree")
    name.press("Enter")
    expect(name).to_have_attribute("aria-pressed", "true")
    category = marked.first.get_attribute("data-category")
    shapes = me.page.locator(f".manabi-annotated-grid path[data-category='{category}']")
    expect(marked).to_have_count(shapes.count())
    name.press("Enter")
    expect(marked).to_have_count(0)
    shapes.first.dispatch_event("mousemove", {"bubbles": True})
    expect(me.page.locator(".manabi-annotated-grid .tip")).to_have_text("tree")
    opacity = me.page.get_by_role("slider", name="Mask opacity")
    opacity.press("Home")
    expect(shapes.first).to_have_css("stroke-opacity", "0")
    row = "getComputedStyle(document.querySelector('.manabi-annotated-grid .tiles')).gridTemplateColumns.split(' ').length"
    before = me.page.evaluate(row)
    me.page.get_by_role("slider", name="Image size").press("End")
    assert me.page.evaluate(row) < before


def test_chips_filter_and_light_up(visitor: Callable[..., Visitor]) -> None:
    me = visitor("ja-JP").open("browse")
    expect(me.page.locator(TILES)).to_have_count(24)
    chip = me.page.get_by_test_id("stButtonGroup").get_by_role("button", name="箱")
    count = int(chip.inner_text().split()[-1])
    chip.click()
    me.sees(f"枚中 {count} 枚")
    assert "where=" in me.page.url
    me.page.reload()
    me.sees(f"枚中 {count} 枚")
    expect(me.page.locator("[data-testid=stButtonGroup] [aria-pressed=true]")).to_have_text(f"箱 {count}")
    me.page.get_by_role("button", name="条件を解除").click()
    expect(me.page.locator("[data-testid=stButtonGroup] [aria-pressed=true]")).to_have_count(0)


def saved_file(me: Visitor, button: str) -> str:
    """Click a button and return the text of the file that the browser saves."""
    with me.page.expect_download() as waiting:
        me.page.get_by_role("button", name=button).click()
    return Path(waiting.value.path()).read_text()


def test_every_click_exports_the_filtered_subset(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("browse", where="crowd=yes")
    expect(me.page.locator(TILES)).to_have_count(scenes.NUM_IMAGES // 12)
    for _ in range(5):
        content = json.loads(saved_file(me, "Export COCO JSON"))
        assert len(content["images"]) == scenes.NUM_IMAGES // 12
        assert any(a["iscrowd"] for a in content["annotations"])
    assert len(saved_file(me, "Export image list").splitlines()) == scenes.NUM_IMAGES // 12
    # A click right after another filter meets a page that is running: with a URL per run, the file was gone when it was fetched.
    for number in range(10):
        filter_by(me, f"instances>={number % 3} and id<={number + 20}")
        me.page.keyboard.press("Escape")
        content = json.loads(saved_file(me, "Export COCO JSON"))
        assert content["images"] and {"annotations", "categories"} <= content.keys()


def test_one_press_of_back_leads_from_an_image_to_its_page_of_the_grid(
    visitor: Callable[..., Visitor],
) -> None:
    me = visitor().open("browse")
    selected = me.page.locator("[data-testid=stPagination] [aria-current=page]")
    expect(me.page.locator(TILES)).to_have_count(24)
    me.tab_to(me.page.get_by_role("button", name="Page 2").first)
    me.page.keyboard.press("Enter")
    expect(selected).to_have_text(["2", "2"])
    me.settle()
    for leave in (me.page.go_back, me.page.get_by_role("button", name="Back to grid").click, me.page.go_back):
        me.tab_to(me.page.locator(TILES).first)
        me.page.keyboard.press("Enter")
        expect(me.page.locator(SHAPES).first).to_be_visible()
        leave()
        expect(me.page.locator(TILES)).to_have_count(24)
        expect(selected).to_have_text(["2", "2"])
        assert "image=" not in me.page.url and "page=2" in me.page.url


def test_a_pair_of_categories_and_an_oddity_lead_to_images(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("browse", view="statistics")
    cells = me.page.locator(".manabi-live").last
    cells.locator(".heatmaplayer image").wait_for()
    cells.scroll_into_view_if_needed()
    frame = cells.locator(".nsewdrag").bounding_box()
    me.page.mouse.click(frame["x"] + 0.12 * frame["width"], frame["y"] + 0.4 * frame["height"])
    me.sees("Show these images")
    me.page.get_by_role("button", name="Show these images").click()
    expect(me.page.get_by_role("textbox", name="Filter")).to_have_value("ball>=1 and person>=1")
    assert "where=ball" in me.page.url
    me.open("browse", view="statistics")
    cells.locator(".heatmaplayer image").wait_for()
    me.tab_to(cells)
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):  # the first marks the first cell
        me.page.keyboard.press(key)
    expect(me.page.locator(".st-key-coco-pair")).to_contain_text(" with ")
    me.open("browse", view="oddities")
    expect(me.page.locator(EXAMPLES).first).to_be_visible(timeout=60_000)
    me.page.locator(EXAMPLES).first.click()
    expect(me.page.locator(".manabi-annotated .instance.selected")).to_have_count(1)


def test_annotations_of_ones_own_on_a_phone(visitor: Callable[..., Visitor]) -> None:
    me = visitor(width=390).open("browse")
    expect(me.page.locator(TILES)).to_have_count(24)
    assert me.overflow <= 0
    me.page.locator("summary", has_text="Upload annotations").press("Enter")
    mine = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}],
        "annotations": [
            {
                "image_id": 1,
                "category_id": 1,
                "bbox": [5, 5, 20, 20],
                "segmentation": [[5, 5, 25, 5, 25, 25, 5, 25]],
            }
        ],
        "categories": [{"id": 1, "name": "<script>alert(1)</script>"}],
    }
    files = me.page.locator("input[type=file]")
    files.first.set_input_files({"name": "mine.json", "mimeType": "application/json", "buffer": b"{"})
    # By key: the tiles above may still move what is under the mouse.
    show = me.page.get_by_role("button", name="Show annotations")
    show.wait_for()
    me.settle()
    show.press("Enter")
    me.sees("mine.json is not valid JSON")
    files.first.set_input_files(
        {"name": "mine.json", "mimeType": "application/json", "buffer": json.dumps(mine).encode()}
    )
    expect(me.page.get_by_text("mine.json is not valid JSON")).to_have_count(0)
    me.settle()
    show.press("Enter")
    expect(me.page.locator(TILES)).to_have_count(1)
    me.page.locator(TILES).first.click()
    expect(me.page.locator(".manabi-annotated text")).to_have_text("<script>alert(1)</script>")
    assert me.overflow <= 0
