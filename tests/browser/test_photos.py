"""A whole visit to Your photos, from the zip to the deletion, and two visitors of whom one sees nothing of the other."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Server, Visitor
from tests.photo_files import zipped

TINTS = {"apple": (1.0, 0.25, 0.2), "orange": (0.2, 0.35, 1.0)}
TRAINING_SECONDS = 400


def fruit(kind: str, seed: int, quality: int = 95) -> bytes:
    """A photo in the color of its class, another one for each seed."""
    gray = np.random.default_rng(seed).integers(40, 230, (8, 8, 1))
    pixels = (gray * np.array(TINTS[kind])).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((64, 64), Image.Resampling.NEAREST).save(out, "JPEG", quality=quality)
    return out.getvalue()


def collection() -> bytes:
    """12 training and 4 test photos of each class; a training apple is there twice, and a test orange is labeled as an apple."""
    files = {
        f"{split}/{kind}/{i}.jpg": fruit(kind, 1000 * k + 100 * s + i)
        for k, kind in enumerate(TINTS)
        for s, (split, count) in enumerate({"train": 12, "test": 4}.items())
        for i in range(count)
    }
    files["train/apple/copy.jpg"] = fruit("apple", 0, quality=80)
    files["test/apple/3.jpg"] = fruit("orange", 5000)
    return zipped(files).getvalue()


def upload(me: Visitor) -> None:
    me.open("photos")
    me.page.get_by_role("button", name="Folder or zip").click()
    me.settle()
    # As a person does it: the button opens only when the box is ready for a file.
    with me.page.expect_file_chooser() as chooser:
        me.page.locator(".st-key-zip-start-0").get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files({"name": "fruit.zip", "mimeType": "application/zip", "buffer": collection()})
    me.sees("33 photos", TRAINING_SECONDS)
    assert "project=" in me.page.url
    me.settle()
    me.page.get_by_role("button", name="Rename", exact=True).click()
    me.page.get_by_label("Name of the project").fill("Our fruit")
    me.page.keyboard.press("Enter")
    me.settle()
    me.page.get_by_role("button", name="Save name").click()
    me.sees("Our fruit")
    me.settle()


def wait_for_result(me: Visitor) -> None:
    figure = me.page.get_by_role("figure", name="Confusion matrix")
    expect(figure.locator(".bars .point")).to_have_count(4, timeout=1000 * TRAINING_SECONDS)
    me.settle()


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_from_a_zip_to_a_model_and_back_to_nothing(
    visitor: Callable[..., Visitor], server: Server, tmp_path: Path
) -> None:
    me, other = visitor(), visitor()
    upload(me)
    page = me.page
    # A duplicate is found, opened and dropped.
    page.get_by_text("1 photo has near-duplicates in its class.").click()
    page.get_by_role("button", name="Drop 1 copy").click()
    me.sees("1 photo is left out.")
    me.settle()
    # Frozen is the default.
    expect(page.get_by_role("radio", name="Frozen")).to_be_checked()
    me.press("Start training")
    other.open("photos")
    assert "Our fruit" not in other.text
    wait_for_result(me)
    other.open("runs")
    assert "Our fruit" not in other.text and "photos-" not in other.text
    # The cell of apples that were taken for oranges opens its photo, which is moved.
    cell = page.get_by_role("figure", name="Confusion matrix").locator(".bars .point").nth(1)
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    me.sees("True apple, predicted orange")
    me.settle()
    page.get_by_role("group", name="Test photos").get_by_role("button").first.click()
    page.get_by_role("button", name="Move to orange").click()
    me.sees("Photos or labels have changed since this run.")
    me.settle()
    me.press("Train again with the changes")
    me.sees("Since the run before", TRAINING_SECONDS)
    me.settle()
    expect(page.get_by_test_id("stMetricValue").filter(has_text="8 / 8")).to_be_visible()
    # A new photo is predicted.
    page.get_by_role("button", name="Upload", exact=True).first.click()
    me.settle()
    page.locator("input[type=file]").last.set_input_files(
        {"name": "new.jpg", "mimeType": "image/jpeg", "buffer": fruit("apple", 9999)}
    )
    expect(page.get_by_role("heading", name="apple")).to_be_visible()
    me.settle()
    # Export and deletion.
    with page.expect_download() as found:
        me.press("Weights (safetensors)")
    found.value.save_as(tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").stat().st_size > 10_000
    project_id = page.url.partition("project=")[2][:32]
    page.get_by_role("button", name="Delete project").click()
    me.press("Delete photos and runs")
    me.sees("Load example")
    assert "project=" not in page.url
    assert not list(server.runs.glob(f"photos-{project_id}*"))
    me.open("photos", project=project_id)
    me.sees("Project not found. It was deleted, or the link is incomplete.")
