"""Memory allocator settings (glibc) for processes that run networks.

By default, glibc returns every large block to the system as soon as it is freed, so that each layer's output is mapped, and its
pages zeroed, anew. Runs get these settings from their environment (`core.runs.queue.WORKER_ENV`); other processes ask for them when
they load weights.
"""

from __future__ import annotations

import ctypes
import functools
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # names of mallopt(3)
_KEPT_BYTES = 1 << 28  # freed memory that stays with the process
_PAD_BYTES = 1 << 26


@functools.cache
def keep_freed_memory() -> bool:
    """Let this process reuse up to 256 MiB of freed memory; return whether the C library can do that (glibc on Linux)."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: _KEPT_BYTES, _M_TOP_PAD: _PAD_BYTES}
    accepted = [mallopt(name, value) for name, value in settings.items()]
    return all(accepted)
