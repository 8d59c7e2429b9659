"""Data sets are decoded in a process of low priority, once per machine."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from core import data, paths
from core.data import cifar10, decode
from core.inference import class_samples
from ui.kit import preload


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty images in the layout of a JPEG copy of CIFAR-10."""
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in cifar10.CLASSES:
            target = tmp_path / "data" / "cifar10" / split / name / "0.jpg"
            target.parent.mkdir(parents=True)
            Image.fromarray(rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)).save(target)
    monkeypatch.setenv("MANABI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


def test_the_process_fills_the_cache(folder: Path) -> None:
    assert not decode.is_decoded("cifar10")
    assert not list((paths.cache()).rglob("*.npy"))  # looking decodes nothing
    command = [sys.executable, "-m", decode.__name__, "cifar10"]
    subprocess.run(command, cwd=paths.PROJECT, check=True, capture_output=True)
    assert decode.is_decoded("cifar10")


def test_a_server_decodes_once_and_reports_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started, may_end = [], threading.Event()

    def run(name: str, entry: preload._Decoding, after: threading.Thread | None) -> None:
        started.append(name)
        entry.share = 0.43
        may_end.wait(60)
        data.load_dataset(name, download=False)

    monkeypatch.setattr(preload, "_decode", run)
    preload.start_decoding("cifar10")
    preload.start_decoding("cifar10")
    assert started == ["cifar10"] and preload.decoding_progress("cifar10") == 0.43
    may_end.set()
    preload._decodings()["cifar10"].thread.join()
    assert preload.decoding_progress("cifar10") is None and started == ["cifar10"]


def test_nothing_happens_without_data_or_when_turned_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preload, "_decode", lambda *_: pytest.fail("decoded"))
    monkeypatch.setenv("MANABI_PREDECODE", "0")
    preload.start_decoding("cifar10")
    assert preload.decoding_progress("cifar10") is None
    monkeypatch.delenv("MANABI_PREDECODE")
    monkeypatch.setenv("MANABI_DATA", str(folder / "nothing"))
    monkeypatch.setenv("MANABI_DOWNLOADS", str(folder / "nothing"))
    preload.start_decoding("cifar10")
    assert preload.decoding_progress("cifar10") is None and not preload._decodings()


def test_bundled_photos_have_a_class_a_credit_and_a_license() -> None:
    samples = class_samples.load_samples()
    assert len({s.label for s in samples} & set(cifar10.CLASSES)) == 6 and samples[-1].label == ""
    for sample in samples:
        assert sample.photo.shape == (192, 192, 3) and sample.credit and sample.url.startswith("https://")
        assert sample.license.startswith(("CC BY", "CC0"))
