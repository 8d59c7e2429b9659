"""Three models on one photo, the gallery of disagreements, and a complete equal-budget comparison."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from safetensors.numpy import load_file, save_file

from tests import factories
from tests.browser.conftest import Server, Visitor


@pytest.fixture(scope="module")
def three(server: Server) -> str:
    """Three runs in the server's store that disagree, as ids for the URL."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANABI_RUNS", str(server.runs))
        patch.setenv("MANABI_OFFLINE", "1")
        patch.setenv("MANABI_DOWNLOADS", str(server.runs / ".none"))
        made = [factories.finished(name) for name in ("cifar10-mlp", "cifar10-cnn", "cifar10-resnet")]
        for place, run in enumerate(made):
            path = run.path / "predictions.safetensors"
            arrays = load_file(path)
            arrays["outputs"][place :: 3 + place] = np.roll(arrays["outputs"][place :: 3 + place], 1, axis=1)
            save_file(arrays, path)
    return ",".join(r.id for r in made)


def photo() -> bytes:
    """A red square on a blue background, in landscape format."""
    out = io.BytesIO()
    image = np.zeros((240, 400, 3), np.uint8)
    image[...] = (40, 70, 160)
    image[60:180, 140:260] = (200, 30, 30)
    Image.fromarray(image).save(out, "JPEG")
    return out.getvalue()


LAYOUT = """() => {
  const box = (e) => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }
  const labels = document.querySelectorAll('.manabi-labeled .labels button')
  const marks = document.querySelectorAll('.manabi-labeled path.point')
  const chart = document.querySelector('.manabi-labeled')
  return { labels: [...labels].map(box), marks: [...marks].map(box), chart: box(chart), plot: box(chart.querySelector('.main-svg')) }
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_names_of_ten_models_stand_in_the_chart_without_overlaps(
    visitor: Callable[..., Visitor], width: int
) -> None:
    me = visitor(width=width).open("compare")
    labels = me.page.locator(".manabi-labeled .labels")
    expect(labels.get_by_role("button")).to_have_count(10)
    expect(labels).to_be_visible()
    found = me.page.evaluate(LAYOUT)
    left, top, right, bottom = found["chart"]
    for i, a in enumerate(found["labels"]):
        assert left <= a[0] < a[2] <= right + 1 and top <= a[1] < a[3] <= bottom + 1
        for b in found["labels"][:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)
    centers = [((m[0] + m[2]) / 2, (m[1] + m[3]) / 2) for m in found["marks"]]
    assert len(centers) == 10
    assert min(math.dist(a, b) for i, a in enumerate(centers) for b in centers[:i]) > 11, "marks hide marks"
    assert me.overflow <= 0
    vgg = labels.get_by_role("button", name="VGG")
    me.tab_to(vgg)
    me.page.keyboard.press("Enter")
    dialog = me.page.get_by_role("dialog")
    expect(dialog.get_by_text("90.69%")).to_be_visible()
    me.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(vgg).to_be_focused()
    labels.get_by_role("button", name="VGG").click()
    expect(dialog.get_by_text("90.69%")).to_be_visible()


def test_the_chart_fits_on_a4_and_is_as_wide_as_before_after_printing(
    visitor: Callable[..., Visitor],
) -> None:
    me = visitor(width=1280).open("compare")
    expect(me.page.locator(".manabi-labeled .labels").get_by_role("button")).to_have_count(10)
    expect(me.page.locator(".manabi-labeled .labels")).to_be_visible()
    width = lambda: me.page.evaluate(LAYOUT)["plot"][2] - me.page.evaluate(LAYOUT)["plot"][0]  # noqa: E731
    before = width()
    me.page.emulate_media(media="print")
    me.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    found = me.page.evaluate(LAYOUT)
    assert width() <= 660 < before
    assert all(label[2] <= found["plot"][2] + 1 for label in found["labels"])
    expect(me.page.get_by_test_id("stSidebar")).to_be_hidden()
    me.page.emulate_media(media="null")
    me.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert width() == before


def test_three_networks_on_an_uploaded_photo(visitor: Callable[..., Visitor], three: str) -> None:
    me = visitor().open("compare", nets=three, view="photo", image_source="photo")
    me.page.locator("input[type=file]").set_input_files(
        {"name": "thing.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    me.sees("model input: 32×32")
    expect(me.page.get_by_text("Grad-CAM for")).to_have_count(2)
    me.sees("Grad-CAM not available: no convolutional layers")
    expect(me.page.locator(".js-plotly-plot")).to_have_count(3)
    me.page.locator("input[type=file]").set_input_files(
        {"name": "evil.jpg", "mimeType": "image/jpeg", "buffer": b"GIF89a no"}
    )
    expect(me.page.get_by_test_id("stAlert").first).to_be_visible()


def test_a_cell_of_the_gallery_opens_with_both_networks_answers(
    visitor: Callable[..., Visitor], three: str
) -> None:
    me = visitor().open("compare", nets=three, view="closely")
    me.sees("Disagreements")
    me.page.get_by_test_id("stHorizontalBlock").get_by_role("button", name="disc", exact=True).first.click()
    me.sees(": disc")
    expect(me.page.locator("[class*=st-key-opened-] .js-plotly-plot .bars")).to_have_count(2)


@pytest.mark.timeout(600)
def test_an_equal_budget_comparison_of_two_quick_tasks_to_its_end(
    visitor: Callable[..., Visitor], server: Server, wait_until: Callable[..., None]
) -> None:
    me = visitor().open(
        "compare", view="budget", models="cifar10-mlp,cifar10-sandbox", **{"quick.epochs": "1"}
    )
    me.press("Start comparison")
    me.page.wait_for_url("**comparison=*")
    me.sees("Comparison started: 2 runs are queued.")
    panel = me.page.locator(".st-key-comparison-panel")
    expect(panel).to_be_in_viewport()
    me.sees("2 of 2 models finished", seconds=400)
    chart = me.page.get_by_role("figure", name="Learning curves of the comparison")
    expect(chart.locator(".scatterlayer .trace")).to_have_count(4)
    link = me.page.url
    other = visitor("ja-JP", width=390)
    other.page.goto(link)
    other.settle()
    expect(other.page.locator(".scatterlayer .trace").first).to_be_visible(timeout=60_000)
    assert other.overflow <= 0
    wait_until(lambda: not server.trainings(), 60, "the end of all trainings")
