"""What pages read again and again, read once: logs of runs, data on this machine."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core import checkpoints, data, export
from core.messages import UserError
from core.training import report, samples
from core.training.logs import MetricsReader
from core.training.runs import Run
from ui.i18n import tell


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(path: str) -> tuple[MetricsReader, threading.Lock]:
    return MetricsReader(Path(path)), threading.Lock()


def metrics(run: Run) -> pd.DataFrame:
    """The run's log so far; each call parses only what is new."""
    reader, lock = _reader(str(run.path / "metrics.csv"))
    with lock:
        return reader.read()


@st.cache_data(ttl=20, show_spinner=False)
def data_status(name: str) -> data.Status:
    """What is on this machine of data set `name`, looked up again after 20 seconds."""
    return data.status(name)


@st.cache_data(ttl=20, show_spinner=False)
def coco_there() -> list[str]:
    """The names of the COCO annotations in the data roots."""
    from core.coco import sources

    return list(sources.there())


@st.cache_resource(max_entries=4, show_spinner=False)
def _pictures(name: str, folder: str) -> data.DataSet:
    return data.obtain(name, download=False)


@st.cache_resource(show_spinner=False)
def _decoded() -> set[tuple[str, str]]:
    return set()


def pictures(name: str) -> data.DataSet:
    """The data set that a training would take, with a bar while it is decoded for the first time; nothing is downloaded."""
    folder = str(data.find(name))
    if (name, folder) not in _decoded():
        place = st.empty()
        data.obtain(name, download=False, progress=lambda words, share: place.progress(min(1.0, share), tell(words)))
        place.empty()
        _decoded().add((name, folder))
    return _pictures(name, folder)


@st.cache_resource(max_entries=1, show_spinner=False)
def _unpaired_test(folder: str) -> data.DataSet:
    return data.obtain("apple2orange", download=False, train=False)


def unpaired_test() -> data.DataSet:
    """The test photos of apples and oranges, without the training part, which takes much longer to decode; nothing is downloaded."""
    return _unpaired_test(str(data.find("apple2orange")))


@st.cache_resource(max_entries=8, show_spinner=False)
def test_inputs(path: str, finished: float) -> data.DataSet | None:
    """The data set on which a run was tested, or None. `finished` renews the entry."""
    return report.test_inputs(Run(Path(path)))


@st.cache_resource(max_entries=16, show_spinner=False)
def run_report(path: str, finished: float) -> report.Report | None:
    """The test report of a finished run."""
    return report.load(Run(Path(path)))


@st.cache_data(max_entries=64, show_spinner=False)
def sheet(path: str, kind: str) -> list[np.ndarray]:
    """The pictures of one kind on a sheet of a training's photos; a look never changes."""
    return samples.pictures(Path(path), kind)


@st.cache_data(max_entries=32, show_spinner=False)
def script(path: str, changed: float) -> str:
    """The plain-PyTorch script of a run. `changed` renews the entry."""
    return export.script(Run(Path(path)))


@st.cache_data(ttl=60, show_spinner=False)
def card(name: str) -> dict | None:
    """The card of a shipped checkpoint, or None where card and weights do not belong together."""
    try:
        return checkpoints.card(name).content
    except UserError:
        return None
