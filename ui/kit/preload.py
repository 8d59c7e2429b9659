"""Work after the first page is served: import torch in a thread, then decode the test images in a process."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass

import streamlit as st

from core import data, paths
from core.data import decode
from core.messages import N_, UserError
from ui.kit.i18n import _

logger = logging.getLogger("manabi.preload")
DECODED_DATASETS = ("cifar10",)
"""Data sets of the pages that need their test images at once; decoding them takes a minute on a small machine."""
_DECODE_SWITCH = "MANABI_PREDECODE"  # "0": pages decode the images when they need them


@st.cache_resource(show_spinner=False)
def _import_thread() -> threading.Thread:
    def load() -> None:
        for name in ("torch", "torchvision", "core.evaluation", "core.inference.predictor"):
            importlib.import_module(name)
        # A drawing takes one thread milliseconds; two would wait for each other while a run occupies the cores.
        importlib.import_module("torch").set_num_threads(1)
        # Streamlit collects garbage after every rerun. Traversing the objects of these modules each time takes a quarter of a second,
        # and a third of a run's speed while a live page is open.
        gc.collect()
        gc.freeze()

    # The delay lets the first page be served before the import holds the interpreter.
    timer = threading.Timer(0.5, load)
    timer.daemon = True
    timer.start()
    for name in DECODED_DATASETS:
        start_decoding(name, after=timer)
    return timer


def start_import() -> None:
    """Start importing torch, and after that decoding the test images, once per server."""
    _import_thread()


def is_ready() -> bool:
    """Return whether torch is imported; start the import if it has not been started."""
    return not _import_thread().is_alive()


def wait_until_ready() -> None:
    """Block until torch is imported; show a message if that takes long."""
    place = (
        st.empty()
    )  # also where there is nothing to wait for: what moves down, such as a canvas, would begin anew
    if not is_ready():
        with place, st.spinner(_(N_("Loading PyTorch (once per server start)…"))):
            _import_thread().join()


@dataclass
class _Decoding:
    """A data set that is being decoded, the fraction done, and the thread that follows the decoding process."""

    source: str
    share: float = 0.0
    thread: threading.Thread | None = None


@st.cache_resource(show_spinner=False)
def _decodings() -> dict[str, _Decoding]:
    return {}


def start_decoding(name: str, after: threading.Thread | None = None) -> None:
    """Decode data set `name` into the array cache in a process of low priority, once per server; nothing if it is not installed.

    The process starts when the thread `after` has ended.
    """
    if os.environ.get(_DECODE_SWITCH) == "0":
        return
    source = data.find_dataset(name)
    if source is None or (name in _decodings() and _decodings()[name].source == str(source)):
        return
    entry = _decodings()[name] = _Decoding(str(source))
    entry.thread = threading.Thread(target=_decode, args=(name, entry, after), daemon=True)
    entry.thread.start()


def decoding_progress(name: str) -> float | None:
    """Fraction of data set `name` that is decoded; None if it is decoded, not installed, or cannot be decoded."""
    if os.environ.get(_DECODE_SWITCH) == "0" or data.find_dataset(name) is None or decode.is_decoded(name):
        return None
    start_decoding(name)  # data that were installed after the server
    entry = _decodings()[name]
    return entry.share if entry.thread.is_alive() else None


def _decode(name: str, entry: _Decoding, after: threading.Thread | None) -> None:
    if after is not None:
        after.join()
    try:
        if decode.is_decoded(name):
            return
    except UserError as error:  # the page that needs the images says so, when it reads them itself
        logger.warning("%s cannot be decoded: %s", name, error)
        return
    # A process, because a thread of low priority could be suspended while it holds the interpreter.
    command = [sys.executable, "-m", decode.__name__, name]
    with subprocess.Popen(command, cwd=paths.PROJECT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            entry.share = float(line)
    if process.returncode:
        logger.warning("%s was not decoded: exit status %d", name, process.returncode)
