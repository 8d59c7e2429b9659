"""Load models from weights files, once per server: the one loader of the pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import checkpoints, paths
from ui.kit import preload

if TYPE_CHECKING:
    from core.inference.predictor import Predictor
    from core.translation.translator import Translator


def load_predictor(path: Path) -> Predictor:
    """Load the predictor of a weights file, in evaluation mode, cached until the file changes.

    Waits until torch is imported. Raises UserError if the file cannot be used, or is a pretrained checkpoint that does not
    match its model card.
    """
    preload.wait_until_ready()
    from core.inference.predictor import Predictor

    return _load_cached(str(path), _modified_at(path), Predictor)


def load_translator(path: Path) -> Translator:
    """Load the generators of a weights file. Caches, waits and raises UserError as `load_predictor`."""
    preload.wait_until_ready()
    from core.translation.translator import Translator

    return _load_cached(str(path), _modified_at(path), Translator)


def _modified_at(path: Path) -> tuple[int, int]:
    """Modification times of the weights and of their model card, in nanoseconds; 0 if a file is missing."""
    return tuple(p.stat().st_mtime_ns if p.exists() else 0 for p in (path, path.with_suffix(".json")))


@st.cache_resource(max_entries=24, show_spinner=False)
def _load_cached(path: str, modified_at: tuple[int, int], loader: type) -> Any:
    weights = Path(path)
    if weights.parent == paths.checkpoints():
        weights = checkpoints.load_card(weights.stem).weights
    return loader.load(weights)
