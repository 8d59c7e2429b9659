"""Import extension modules that register kinds, data sets, models, tasks and panels.

`MANABI_PLUGINS` holds comma-separated module names. They are imported once per process: by the pages, by the command line and by the
process of every run, so that what they register exists everywhere. A plugin must not import torch or streamlit at its top level.
"""

from __future__ import annotations

import importlib
import os
import threading

_loaded: set[str] = set()
_lock = threading.RLock()  # a second thread waits until what the first one imports is registered


def load() -> None:
    """Import the modules named in `MANABI_PLUGINS` that are not imported yet. Raises ImportError if one cannot be imported."""
    with _lock:
        for name in filter(None, (word.strip() for word in os.environ.get("MANABI_PLUGINS", "").split(","))):
            if name not in _loaded:
                _loaded.add(name)  # first, because a plugin imports modules that load plugins
                try:
                    importlib.import_module(name)
                except BaseException:
                    _loaded.discard(
                        name
                    )  # the next call fails as well, instead of running without the plugin
                    raise
