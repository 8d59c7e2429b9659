"""Import torch in a thread after the first page is served; pages that need it wait here."""

from __future__ import annotations

import gc
import importlib
import threading

import streamlit as st

from core.messages import N_
from ui.kit.i18n import _


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
    return timer


def start_import() -> None:
    """Start importing torch, once per server."""
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
