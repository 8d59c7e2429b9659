"""Import extension modules that register kinds, data sets, models, tasks and panels.

`MANABI_PLUGINS` holds comma-separated module names. They are imported once per process: by the pages, by the command line and by the
process of every run, so that what they register exists everywhere. A plugin must not import torch or streamlit at its top level.
"""

from __future__ import annotations

import importlib
import os

_loaded: set[str] = set()


def load() -> None:
    """Import the modules named in `MANABI_PLUGINS` that are not imported yet. Raises ImportError if one cannot be imported."""
    for name in filter(None, (word.strip() for word in os.environ.get("MANABI_PLUGINS", "").split(","))):
        if name not in _loaded:
            _loaded.add(name)  # first, because a plugin imports modules that load plugins
            importlib.import_module(name)
