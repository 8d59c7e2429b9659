"""Stories on the translate page, with an untrained pair of generators: what it answers is noise, how it is shown is real."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from core import checkpoints, data, pair_tasks, tasks
from core.data import photo_pairs
from core.data.photo_pairs import PhotoPair
from core.files import write_json
from core.i18n import get_translator
from core.messages import UserError
from core.runs.store import Run
from core.translation import pair_store, sample_photos, translator
from tests import factories
from tests.app.conftest import Page
from tests.unit.test_photo_pairs import folders, zipped


def photo(size: tuple[int, int] = (90, 70)) -> bytes:
    """A drawn apple, wider than high."""
    out = io.BytesIO()
    apple = data.load_dataset("fruit", download=False).train_x[0].transpose(1, 2, 0)
    Image.fromarray(np.asarray(apple)).resize(size).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def pair() -> Run:
    """A finished training of a pair of generators."""
    return factories.finished("cyclegan-light")


@pytest.fixture
def none_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        translator, "list_translators", lambda: [c for c in translators() if c.run is not None]
    )


translators = translator.list_translators


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_any_network_it_says_what_to_do(visit: Callable, none_shipped: None, language: str) -> None:
    page = visit("translate", language)
    assert page.says(
        "No translation model found: there is no pretrained model and no CycleGAN run yet. Train one: on "
        "two CPU cores, apples turn orange within 15 minutes."
    )
    assert not page.errors


UNSURE = "If a KID interval contains 0, the sets are too small for KID to distinguish them."
UNTOLD = (
    "Here, KID does not separate even real photos of the two fruits. A low value is weak evidence of "
    "translation quality."
)


@pytest.mark.parametrize(
    ("kind", "ends", "said"),
    [
        ("", (0.0004, 0.0006), []),
        ("", (-0.0001, 0.0006), [UNSURE]),
        ("untranslated_", (-0.0001, 0.0006), [UNSURE, UNTOLD]),
    ],
)
def test_the_distance_is_no_more_than_it_is(
    visit: Callable, pair: Run, kind: str, ends: tuple[float, float], said: list[str]
) -> None:
    """KID on other features than Inception's is called so, and an interval that contains 0 is read aloud."""
    summary = pair.summary
    summary["metrics"] |= {
        f"kid_{kind}b2a": 0.0005,
        f"kid_{kind}b2a_low": ends[0],
        f"kid_{kind}b2a_high": ends[1],
    }
    write_json(pair.path / "summary.json", summary)
    page = visit("translate", "en", network=pair.id)
    [table] = [e.value for e in page.at.dataframe]
    assert table["metric"].str.contains("(cifar10-fast features, ×10⁻³)", regex=False).sum() == 2
    assert not page.errors and "not comparable with published KID values" in page.text
    assert [sentence for sentence in (UNSURE, UNTOLD) if page.says(sentence)] == said


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_photo_is_translated(visit: Callable, pair: Run, language: str) -> None:
    page = visit("translate", language, network=pair.id, source="upload")
    page.set("photos", [("apple.png", photo(), "image/png")])
    assert not page.errors
    assert page.says(
        "{width}×{height} pixels. Translated at {working} pixels; the change was upsampled and applied to the original photo."
    )
    assert page.says(
        "Mean difference from the photo (MAE): {error}% for the reconstruction, {change}% for the translation."
    )
    assert "90×70" in page.text


def test_the_direction_is_the_visitors_or_the_classifiers(
    visit: Callable, pair: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("translate", network=pair.id, way="b2a", source="upload")
    page.set("photos", [("apple.png", photo(), "image/png")])
    assert "orange → apple" in page.text
    st.cache_data.clear()
    monkeypatch.setattr(
        translator, "predict_domains", lambda photos: [translator.DomainPrediction(0.97, "b")]
    )
    page = visit("translate", network=pair.id, source="upload")
    page.set("photos", [("apple.png", photo(), "image/png")])
    assert page.says(
        "Classifier prediction: {likely} ({percent}%). Direction: {way}.",
        likely="orange",
        percent="97",
        way="orange → apple",
    )


def test_a_slider_does_not_run_the_classifier_again(
    visit: Callable, pair: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(
        translator,
        "predict_domains",
        lambda photos: calls.append(photos) or [translator.DomainPrediction(0.97, "b")],
    )
    page = visit("translate", network=pair.id, source="upload")
    page.set("photos", [("apple.png", photo(), "image/png")])
    [strength] = [s for s in page.at.slider if s.label == "Strength"]
    page.set(strength.key, 0.5)
    page.set(strength.key, 1.5)
    assert len(calls) == 1 and "orange (97%)" in page.text


def strips(page: Page) -> dict[str, list[dict]]:
    """The tiles of the film strips on a page, by their accessible name."""
    mounted = [json.loads(e.proto.json) for e in page.at.get("bidi_component") if "tiles" in e.proto.json]
    return {m["alt"]: m["tiles"] for m in mounted}


def test_several_uploads_are_chosen_from_a_strip_and_kept(visit: Callable, pair: Run) -> None:
    page = visit("translate", network=pair.id, source="upload")
    files = {"one.png": photo(), "evil.png": b"GIF89a no", "two.png": photo((60, 60))}
    page.set("photos", [(name, content, "image/png") for name, content in files.items()])
    assert len(page.errors) == 1
    assert [t["label"] for t in strips(page)["Uploaded photos"]] == ["one.png", "two.png"]
    assert "90×70" in page.text and "60×60" not in page.text
    page.at.session_state["_translate-upload"] = 1
    assert "60×60" in page.run().text
    page.at.session_state["source"] = "test"
    assert "256×256" in page.run().text
    page.at.session_state["source"] = "upload"
    assert "60×60" in page.run().text


def test_the_strip_shows_eight_photos_of_both_kinds_and_turns_its_pages(visit: Callable, pair: Run) -> None:
    page = visit("translate", network=pair.id)
    tiles = strips(page)["Photos"]
    assert [t["icon"] for t in tiles[:2]] == ["upload", "camera"] and len(tiles) == 10
    assert [t["label"].split()[0] for t in tiles[2:]] == 4 * ["apple", "orange"]
    assert [t["selected"] for t in tiles] == [False, False, True, *7 * [False]]
    linked = visit("translate", network=pair.id, photo="15")
    tiles = strips(linked)["Photos"]
    assert [t["label"] for t in tiles if t["selected"]] == ["orange 15"]
    assert tiles[2:] != strips(page)["Photos"][2:]


def test_what_is_neither_is_translated_after_saying_so(
    visit: Callable, pair: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        translator, "predict_domains", lambda photos: [translator.DomainPrediction(0.6, None)]
    )
    page = visit("translate", network=pair.id, source="upload")
    page.set("photos", [("car.png", photo(), "image/png")])
    assert len(page.warnings) >= 1 and any("not confident in apple or orange" in w for w in page.warnings)
    assert any(t.label == "Keep background" for t in page.at.toggle)


def test_keeping_the_background_has_a_threshold(visit: Callable, pair: Run) -> None:
    page = visit("translate", network=pair.id, source="upload")
    page.set("photos", [("apple.png", photo(), "image/png")])
    assert "Threshold" not in {one.label for one in page.at.slider}
    [toggle] = [t for t in page.at.toggle if t.label == "Keep background"]
    page.set(toggle.key, True)
    assert "Threshold" in {one.label for one in page.at.slider} and not page.errors


def test_the_stages_of_a_training(visit: Callable, pair: Run) -> None:
    page = visit("translate", network=pair.id, source="upload")
    page.set("photos", [("apple.png", photo(), "image/png")])
    with Image.open(io.BytesIO(photo())) as image:
        pixels = np.asarray(image.convert("RGB"))
    key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:12]
    assert "training epochs" not in str([e.proto for e in page.at.get("image")])
    page.at.session_state[f"film-{key}"] = True
    page.run()
    assert "training epochs" in str([e.proto for e in page.at.get("image")])
    assert not page.errors
    assert [epoch for epoch, _ in translator.saved_epochs(pair)] == [1, 4]


def test_weights_of_another_width_are_a_sentence(visit: Callable, pair: Run) -> None:
    network, spec = checkpoints.load_weights(pair.best_weights_path)
    wrong = checkpoints.Spec(**{**vars(spec), "options": {**spec.options, "width": 8}})
    checkpoints.save_weights(pair.best_weights_path, network, wrong)
    page = visit("translate", network=pair.id, source="upload")
    assert "do not match the architecture of cyclegan" in page.errors[0]


def test_without_the_data_real_sample_photos_are_shown_and_the_download_offered(
    visit: Callable, pair: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("translate", network=pair.id)
    assert page.says(
        "These {count} real test photos come with the project. All photos, also for training, are a download of "
        "{size} MB from {url} to `{folder}`. To install them manually, place them there as {layout}."
    )
    x, y = sample_photos.load_sample_photos()
    assert x.shape == (16, 3, 256, 256) and y.tolist() == [0] * 8 + [1] * 8
    [button] = [b for b in page.at.button if b.key == "photo-download"]
    assert button.disabled and page.says("Downloads are disabled on this server (MANABI_OFFLINE).")
    monkeypatch.delenv("MANABI_OFFLINE")
    asked = []

    def fail(name: str, progress: Callable) -> None:
        asked.append(name)
        raise UserError("{title} could not be downloaded", title="The zip")

    monkeypatch.setattr(data, "download_dataset", fail)
    page.run()
    [button] = [b for b in page.at.button if b.key == "photo-download"]
    button.click()
    page.run()
    assert asked == ["fruit"] and page.errors == ["The zip could not be downloaded"]


def test_the_difference_has_a_scale(visit: Callable, pair: Run) -> None:
    page = visit("translate", network=pair.id)
    [row] = [
        json.loads(e.proto.json)["figures"]
        for e in page.at.get("bidi_component")
        if "figures" in e.proto.json
    ]
    assert [f["title"] for f in row] == ["Reconstruction: apple → orange → apple", "Difference map"]
    assert row[0]["bar"] is None and row[1]["bar"]["ticks"][0] == "0%"
    assert all(f["alt"] for f in row)


def test_the_former_address_of_the_toy_gan_leads_to_it(visit: Callable) -> None:
    page = visit("translate", view="toy")
    assert page.metrics["Steps"] == "0" and not page.errors


@pytest.fixture
def own_pair() -> Iterator[PhotoPair]:
    """Horses and zebras, uploaded."""
    pair, _skipped = pair_store.add_pair(zipped(folders(horse=10, zebra=9)), "mine.zip", ("", ""))
    yield pair
    if pair.path.exists():
        photo_pairs.remove_pair(pair)
    tasks.refresh_pairs()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_own_photos_are_uploaded_and_what_is_no_pair_is_a_sentence(visit: Callable, language: str) -> None:
    page = visit("translate", language, view="own")
    assert page.says("Train on your own photos") and not page.errors
    page.set("pair-zip", ("mine.zip", b"no zip", "application/zip"))
    page.press("Add photos")
    assert len(page.errors) == 1 and "mine.zip" in page.errors[0] and photo_pairs.list_pairs() == []
    page.set("pair-zip", ("mine.zip", zipped({**folders(a=9, b=8), "a/x.txt": b"x"}), "application/zip"))
    page.set("pair-name-a", "horse")
    page.press("Add photos")
    assert not page.errors and [p.names for p in photo_pairs.list_pairs()] == [("horse", "b")]
    [pair] = photo_pairs.list_pairs()
    assert page.says("training: {train}, test: {test}", train=7, test=2)
    one = get_translator(language)(
        "{count} file was skipped because it is not a readable image.",
        "{count} files were skipped because they are not readable images.",
        1,
    )
    assert [i.value for i in page.at.info] == [one.format(count=1)]
    photo_pairs.remove_pair(pair)
    tasks.refresh_pairs()


def test_a_pair_of_domains_is_trained_used_and_deleted(
    visit: Callable, own_pair: PhotoPair, launched: list[Run]
) -> None:
    page = visit("translate", view="own")
    assert page.metrics["Estimated time"] and page.says("All settings")
    page.press("Start training")
    [run] = launched
    task = tasks.get_task(pair_tasks.task_name(own_pair))
    assert run.task == task and run.recipe.image_size == task.quick_recipe().image_size == 64
    page.press("Delete photos and runs")
    assert page.errors == ["horse ↔ zebra is being trained on. Stop its run before deleting it."]
    factories.status(run, "stopped")
    shutil.copy(factories.finished("cyclegan-light").best_weights_path, run.best_weights_path)
    network, spec = checkpoints.load_weights(run.best_weights_path)
    checkpoints.save_weights(
        run.best_weights_path, network, dataclasses.replace(spec, classes=("horse", "zebra"))
    )
    used = visit("translate", network=run.id)
    assert not used.errors and {t["label"] for t in strips(used)["Photos"][2:]} == {
        "horse 0",
        "horse 1",
        "zebra 2",
        "zebra 3",
    }
    page.press("Delete photos and runs")
    assert not page.errors and page.says("Train on your own photos")
    assert photo_pairs.list_pairs() == [] and not run.path.exists()


def test_the_train_page_lists_an_uploaded_pair(visit: Callable, own_pair: PhotoPair) -> None:
    page = visit("train", task=pair_tasks.task_name(own_pair))
    assert not page.errors and page.says(
        "CycleGAN between two domains of uploaded photos, with the recipe for two CPU cores."
    )
