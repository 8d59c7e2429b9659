"""Cached reads of the pages: logs of runs, installed data."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core import checkpoints, data
from core.analysis import evaluation_report, export, notes_files
from core.messages import UserError
from core.runs import samples, store
from core.runs.logs import MetricsReader
from core.runs.store import Run
from ui.kit import image_display
from ui.kit.i18n import translate_message


def active_runs() -> list[Run]:
    """Queued runs and those in progress on this machine, newest first, without private ones; refreshed every second."""
    return [run for run in _all_active_runs() if not run.is_private]


def running_runs() -> list[Run]:
    """Runs in progress on this machine, newest first, without private ones."""
    return [run for run in active_runs() if run.status().state == "running"]


def has_private_run() -> bool:
    """Whether a run on a user's own photos is in progress."""
    return any(run.is_private and run.status().state == "running" for run in _all_active_runs())


@st.cache_data(ttl=1, show_spinner=False)
def _all_active_runs() -> list[Run]:
    return store.list_active_runs(private=True)


@st.cache_resource(max_entries=64, show_spinner=False)
def _metrics_reader(path: str) -> tuple[MetricsReader, threading.Lock]:
    return MetricsReader(Path(path)), threading.Lock()


def run_metrics(run: Run) -> pd.DataFrame:
    """Log of a run so far; each call parses only new lines."""
    reader, lock = _metrics_reader(str(run.path / "metrics.csv"))
    with lock:
        return reader.read()


@st.cache_data(ttl=20, show_spinner=False)
def dataset_status(name: str) -> data.DatasetStatus:
    """What is installed of data set `name`; refreshed every 20 seconds."""
    return data.dataset_status(name)


@st.cache_data(ttl=20, show_spinner=False)
def coco_sources() -> list[str]:
    """Names of the COCO annotations in the data roots."""
    from core.coco import sources

    return list(sources.list_local())


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_dataset(name: str, folder: str) -> data.ArrayDataset:
    return data.load_dataset(name, download=False)


@st.cache_resource(show_spinner=False)
def _decoded_keys() -> set[tuple[str, str]]:
    return set()


def load_dataset(name: str) -> data.ArrayDataset:
    """Data set that a run would use, with a progress bar while it is decoded for the first time. Downloads
    nothing.
    """
    folder = str(data.find_dataset(name))
    if (name, folder) not in _decoded_keys():
        bar = st.empty()
        data.load_dataset(
            name,
            download=False,
            progress=lambda words, share: bar.progress(min(1.0, share), translate_message(words)),
        )
        bar.empty()
        _decoded_keys().add((name, folder))
    return _load_dataset(name, folder)


@st.cache_resource(max_entries=2, show_spinner=False)
def _load_unpaired_test(name: str, folder: str) -> data.ArrayDataset:
    return data.load_dataset(name, download=False, train=False)


def load_unpaired_test(name: str) -> data.ArrayDataset:
    """Test photos of two unpaired domains, without the training set, which takes much longer to decode.
    Downloads nothing.
    """
    return _load_unpaired_test(name, str(data.find_dataset(name)))


@st.cache_resource(max_entries=8, show_spinner=False)
def load_test_dataset(path: str, finished: float) -> data.ArrayDataset | None:
    """Data set on which a run was tested, or None. `finished` invalidates the cache entry."""
    return evaluation_report.load_test_dataset(Run(Path(path)))


@st.cache_resource(max_entries=16, show_spinner=False)
def run_evaluation(path: str, finished: float) -> evaluation_report.EvaluationReport | None:
    """Test report of a finished run."""
    return evaluation_report.load_report(Run(Path(path)))


@st.cache_data(max_entries=64, show_spinner=False)
def sample_images(path: str, kind: str) -> list[np.ndarray]:
    """Images of one kind on a sample sheet of a run; sheets never change."""
    return samples.read_images(Path(path), kind)


@st.cache_data(max_entries=32, show_spinner=False)
def run_script(path: str, changed: float, words: str) -> str:
    """Plain PyTorch script of a run, with comments in the language `words`. `changed` invalidates the cache entry."""
    return export.render_script(Run(Path(path)), words)


@st.cache_data(max_entries=32, show_spinner=False)
def run_notebook(path: str, changed: float, words: str) -> str:
    """Notebook of a run; arguments are those of `run_script`."""
    return export.render_notebook(Run(Path(path)), words)


@st.cache_data(max_entries=8, show_spinner=False)
def run_notes_zip(path: str, changed: float) -> bytes:
    """The learning notes' files of a run, in a zip. `changed` invalidates the cache entry."""
    return notes_files.write_notes_zip(Run(Path(path)))


@st.cache_data(ttl=60, show_spinner=False)
def model_card(name: str) -> dict | None:
    """Model card of a pretrained checkpoint, or None if card and weights do not match."""
    try:
        return checkpoints.load_card(name).content
    except UserError:
        return None


@st.cache_data(max_entries=300, show_spinner=False)
def tiles_png(
    images: Sequence[np.ndarray],
    columns: int,
    factor: int,
    *,
    marks: Sequence[bool | None] | None = None,
    captions: Sequence[str] | None = None,
) -> bytes:
    """`image_display.tile_images` as a PNG file, made once: a page that is drawn again after every click shows the same tiles."""
    out = io.BytesIO()
    Image.fromarray(image_display.tile_images(images, columns, factor, marks=marks, captions=captions)).save(
        out, "PNG"
    )
    return out.getvalue()
