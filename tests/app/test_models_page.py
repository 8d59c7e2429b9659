"""Models & data: the pretrained models, what is installed, and downloads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core import data, paths
from core.messages import Message, UserError
from tests.unit.test_mnist import idx


def test_models_are_ranked_within_their_dataset_and_lead_to_where_they_can_be_tried(visit: Callable) -> None:
    page = visit("models")
    names = ("mnist", "cifar10", "fruit", "cifar7", "apple2orange", "boston")
    tables = dict(zip(names, (table.value for table in page.at.dataframe), strict=True))
    for name in ("mnist", "cifar10"):
        assert tables[name]["result"].is_monotonic_decreasing
        assert tables[name]["result"].between(50, 100).all()
    assert "/draw?network=mnist-modern" in set(tables["mnist"]["try"])
    assert "/train?task=mnist-modern" in set(tables["mnist"]["train"])
    assert "/compare?nets=cifar10-resnet" in set(tables["cifar10"]["try"])
    assert list(tables["boston"]["result"]) == ["3.567"]
    # Text, not a bar beside accuracies, and it is said what it is.
    assert list(tables["apple2orange"]["result"]) == ["100.00%"] and "it is no accuracy" in page.text
    assert [e.proto.expanded for e in page.at.expander[:3]] == [True, True, False]
    assert "best: RMSE 3.567" in page.at.expander[len(names) - 1].label
    assert "fast CNN, large" in set(tables["cifar10"]["model"])  # the name of the Compare page


def test_installed_data_are_shown_with_examples_and_a_way_to_train_on_them(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        images, labels = np.full((20, 28, 28), 100, np.uint8), np.arange(20, dtype=np.uint8) % 10
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    page = visit("models")
    assert not page.errors and "20 training and 20 test examples" in page.text
    assert len(page.at.image) == 2  # at the models that know the data, and at the data
    assert "**1 of 5 datasets** are installed." in page.text
    assert "Train" in [link.label for link in page.at.get("page_link")]


def test_without_data_it_is_said_where_to_get_them(visit: Callable) -> None:
    page = visit("models", "ja")
    text = page.text
    for name in data.list_source_datasets():
        info = data.dataset_info(name)
        assert info.url in text
        assert info.layout in text
    assert text.count(page.word("Not installed")) == len(data.list_source_datasets()) + 2  # COCO, ResNet-18
    downloads = [b for b in page.at.button if b.key.startswith("download-")]
    assert downloads and all(b.disabled for b in downloads), "MANABI_OFFLINE is set"


def test_a_download_ends_with_the_data_or_with_a_sentence(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MANABI_OFFLINE")
    asked: list[str] = []

    def download(name: str, progress: Callable) -> Path:
        asked.append(name)
        progress(Message("Downloading {title}", {"title": name}), 0.5)
        if len(asked) == 1:
            raise UserError("{title} could not be downloaded", title=name)
        return paths.download_root()

    monkeypatch.setattr(data, "download_dataset", download)
    page = visit("models")
    page.at.button("download-mnist").click()
    page.run()
    assert page.errors == ["mnist could not be downloaded"]
    page.run()
    assert not page.errors
    page.at.button("download-mnist").click()
    page.run()
    assert asked == ["mnist", "mnist"]
    assert not page.errors


def test_a_damaged_model_is_not_listed(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for suffix in ("json", "safetensors"):
        for name in ("mnist-softmax", "mnist-mlp"):
            source = paths.PROJECT / "checkpoints" / f"{name}.{suffix}"
            (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "mnist-mlp.safetensors").write_bytes(b"damaged")
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    [table] = visit("models").at.dataframe
    assert len(table.value) == 1


@pytest.mark.parametrize("name", ["home", "models"])
def test_a_page_needs_no_torch(name: str) -> None:
    """Its first paint would wait seconds for it."""
    code = (
        "import sys, threading; from streamlit.testing.v1 import AppTest; from ui.kit import preload\n"
        "preload._import_thread = threading.Thread\n"
        "at = AppTest.from_file('streamlit_app.py', default_timeout=60)\n"
        f"at.switch_page({'streamlit_app.py' if name == 'home' else f'pages/{name}.py'!r}).run()\n"
        "assert not at.exception and not at.error\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, check=True, timeout=120)
