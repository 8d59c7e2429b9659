"""The one loader of weights in the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from core import paths
from core.messages import UserError
from tests import factories
from ui.kit import weights


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def _set_modified(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))


@pytest.mark.slow
def test_a_predictor_is_loaded_once_until_its_file_changes() -> None:
    path = factories.finished("mnist-softmax").best_weights_path
    _set_modified(path, 1_000)
    first = weights.load_predictor(path)
    assert weights.load_predictor(path) is first
    _set_modified(path, 2_000)
    assert weights.load_predictor(path) is not first


@pytest.mark.slow
def test_weights_of_generators_load_as_a_translator() -> None:
    path = factories.finished("cyclegan-light").best_weights_path
    assert weights.load_translator(path).spec.kind == "translation"
    with pytest.raises(UserError, match="does not contain an image translation model"):
        weights.load_translator(factories.finished("mnist-softmax").best_weights_path)


def test_a_pretrained_checkpoint_must_match_its_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for suffix in ("safetensors", "json"):
        shutil.copy(paths.checkpoints() / f"mnist-softmax.{suffix}", tmp_path)
    monkeypatch.setattr(paths, "checkpoints", lambda: tmp_path)
    path, card = tmp_path / "mnist-softmax.safetensors", tmp_path / "mnist-softmax.json"
    assert weights.load_predictor(path).spec.task == "mnist-softmax"
    card.write_text(card.read_text().replace('"sha256": "', '"sha256": "0'))
    _set_modified(card, 1_000)
    with pytest.raises(UserError, match="SHA-256"):
        weights.load_predictor(path)


def test_missing_weights_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not found"):
        weights.load_predictor(tmp_path / "nothing.safetensors")
